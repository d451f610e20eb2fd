package condensat.analysis;

/** The backslash escapes that stock definitions use in mappings and type tables. */
final class Escapes {
    private Escapes() {}

    /** Resolves \\ \n \t \r \b \f and four-digit \\u escapes; another escaped character stands for itself. */
    static String resolve(String text) {
        StringBuilder out = new StringBuilder(text.length());
        int at = 0;
        while (at < text.length()) {
            char c = text.charAt(at++);
            if (c != '\\') {
                out.append(c);
                continue;
            }
            if (at == text.length()) {
                throw new IllegalArgumentException("[" + text + "] ends in a lone backslash");
            }
            char escaped = text.charAt(at++);
            switch (escaped) {
                case 'n' -> out.append('\n');
                case 't' -> out.append('\t');
                case 'r' -> out.append('\r');
                case 'b' -> out.append('\b');
                case 'f' -> out.append('\f');
                case 'u' -> {
                    if (at + 4 > text.length()) {
                        throw new IllegalArgumentException("[" + text + "] has an unfinished \\u escape");
                    }
                    out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
                    at += 4;
                }
                default -> out.append(escaped);
            }
        }
        return out.toString();
    }

    /** Splits "left => right" and resolves both sides; ASCII blanks around them do not count, other white space does. */
    static String[] rule(String line) {
        int arrow = line.lastIndexOf("=>");
        if (arrow < 0) {
            throw new IllegalArgumentException("[" + line + "] is not of the form [key => value]");
        }
        return new String[] {resolve(line.substring(0, arrow).trim()), resolve(line.substring(arrow + 2).trim())};
    }
}

package condensat.analysis;

import java.util.Map;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterGraphFilter;
import org.apache.lucene.analysis.miscellaneous.WordDelimiterIterator;

/** The two word delimiter filters, which share all but two of their options. */
final class WordDelimiters {
    private WordDelimiters() {}

    static UnaryOperator<TokenStream> graph(Options o) {
        int flags = flags(o) | bit(o, "ignore_keywords", false, WordDelimiterGraphFilter.IGNORE_KEYWORDS);
        boolean adjustOffsets = o.flag("adjust_offsets", true);
        byte[] types = types(o);
        CharArraySet protectedWords = protectedWords(o);
        return in -> new WordDelimiterGraphFilter(in, adjustOffsets, types, flags, protectedWords);
    }

    @SuppressWarnings("deprecation") // stock has it still
    static UnaryOperator<TokenStream> plain(Options o) {
        int flags = flags(o);
        byte[] types = types(o);
        CharArraySet protectedWords = protectedWords(o);
        return in -> new WordDelimiterFilter(in, types, flags, protectedWords);
    }

    private static int flags(Options o) {
        return bit(o, "generate_word_parts", true, WordDelimiterGraphFilter.GENERATE_WORD_PARTS)
            | bit(o, "generate_number_parts", true, WordDelimiterGraphFilter.GENERATE_NUMBER_PARTS)
            | bit(o, "catenate_words", false, WordDelimiterGraphFilter.CATENATE_WORDS)
            | bit(o, "catenate_numbers", false, WordDelimiterGraphFilter.CATENATE_NUMBERS)
            | bit(o, "catenate_all", false, WordDelimiterGraphFilter.CATENATE_ALL)
            | bit(o, "preserve_original", false, WordDelimiterGraphFilter.PRESERVE_ORIGINAL)
            | bit(o, "split_on_case_change", true, WordDelimiterGraphFilter.SPLIT_ON_CASE_CHANGE)
            | bit(o, "split_on_numerics", true, WordDelimiterGraphFilter.SPLIT_ON_NUMERICS)
            | bit(o, "stem_english_possessive", true, WordDelimiterGraphFilter.STEM_ENGLISH_POSSESSIVE);
    }

    private static int bit(Options o, String option, boolean otherwise, int bit) {
        return o.flag(option, otherwise) ? bit : 0;
    }

    private static CharArraySet protectedWords(Options o) {
        return o.has("protected_words") ? new CharArraySet(o.list("protected_words"), false) : null;
    }

    /** The type of each character up to the highest that [type_table] names; characters above have Lucene's types. */
    private static byte[] types(Options o) {
        Map<Character, Byte> named = new TreeMap<>();
        for (String line : o.list("type_table")) {
            String[] rule = Escapes.rule(line);
            if (rule[0].length() != 1) {
                throw o.refusal("requires one character before the arrow in [" + line + "]");
            }
            named.put(rule[0].charAt(0), type(o, rule[1]));
        }
        if (named.isEmpty()) {
            return WordDelimiterIterator.DEFAULT_WORD_DELIM_TABLE;
        }
        int highest = Math.max(((TreeMap<Character, Byte>) named).lastKey(), WordDelimiterIterator.DEFAULT_WORD_DELIM_TABLE.length - 1);
        byte[] types = new byte[highest + 1];
        for (int c = 0; c <= highest; c++) {
            types[c] = named.getOrDefault((char) c, WordDelimiterIterator.getType(c));
        }
        return types;
    }

    private static byte type(Options o, String name) {
        return (byte) switch (name) {
            case "LOWER" -> 0x01;
            case "UPPER" -> 0x02;
            case "ALPHA" -> 0x03;
            case "DIGIT" -> 0x04;
            case "ALPHANUM" -> 0x07;
            case "SUBWORD_DELIM" -> 0x08;
            default -> throw o.refusal("does not know the type [" + name + "] in [type_table]");
        };
    }
}

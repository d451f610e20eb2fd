package condensat.analysis;

import java.io.IOException;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.tokenattributes.CharTermAttribute;
import org.apache.lucene.analysis.tokenattributes.OffsetAttribute;

/** Runs of letters, in lower case, cut at 255 characters: Lucene has the letter tokenizer alone. */
final class LowercaseLetterTokenizer extends Tokenizer {
    private static final int LONGEST = 255;

    private final CharTermAttribute term = addAttribute(CharTermAttribute.class);
    private final OffsetAttribute offsets = addAttribute(OffsetAttribute.class);
    private int at;
    private int pushedBack = -1;

    @Override
    public boolean incrementToken() throws IOException {
        clearAttributes();
        int start = at;
        for (int c = next(); c >= 0; c = next()) {
            at += Character.charCount(c);
            if (Character.isLetter(c)) {
                term.append(Character.toString(Character.toLowerCase(c)));
                if (at - start >= LONGEST) { // a letter beyond the basic plane may end one past it, as in Lucene
                    return found(start, at);
                }
            } else if (term.length() > 0) {
                return found(start, at - Character.charCount(c));
            } else {
                start = at;
            }
        }
        return found(start, at);
    }

    private boolean found(int start, int end) {
        offsets.setOffset(correctOffset(start), correctOffset(end));
        return term.length() > 0;
    }

    /** The next code point, or -1 at the end; a lone surrogate stands for itself. */
    private int next() throws IOException {
        int high = pushedBack >= 0 ? pushedBack : input.read();
        pushedBack = -1;
        if (high < 0 || !Character.isHighSurrogate((char) high)) {
            return high;
        }
        int low = input.read();
        if (low >= 0 && Character.isLowSurrogate((char) low)) {
            return Character.toCodePoint((char) high, (char) low);
        }
        pushedBack = low;
        return high;
    }

    @Override
    public void end() throws IOException {
        super.end();
        offsets.setOffset(correctOffset(at), correctOffset(at));
    }

    @Override
    public void reset() throws IOException {
        super.reset();
        at = 0;
        pushedBack = -1;
    }
}

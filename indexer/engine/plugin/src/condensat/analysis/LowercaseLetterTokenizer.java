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
        int length = 0;
        for (int c = next(); c >= 0; c = next()) {
            int width = Character.charCount(c);
            if (!Character.isLetter(c)) {
                at += width;
                if (length > 0) {
                    offsets.setOffset(correctOffset(start), correctOffset(start + length));
                    return true;
                }
                start = at;
                continue;
            }
            if (length + width > LONGEST) {
                pushedBack = c;
                break;
            }
            at += width;
            length += width;
            term.append(Character.toString(Character.toLowerCase(c)));
        }
        offsets.setOffset(correctOffset(start), correctOffset(start + length));
        return length > 0;
    }

    /** The next code point, or -1 at the end; a lone surrogate stands for itself. */
    private int next() throws IOException {
        if (pushedBack >= 0) {
            int c = pushedBack;
            pushedBack = -1;
            return c;
        }
        int high = input.read();
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

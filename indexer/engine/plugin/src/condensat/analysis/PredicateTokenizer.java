package condensat.analysis;

import java.util.function.IntPredicate;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.util.CharTokenizer;

/** Tokens are the longest runs of characters that a predicate accepts, cut at a length. */
final class PredicateTokenizer extends CharTokenizer {
    private final IntPredicate accepted;

    PredicateTokenizer(IntPredicate accepted, int longest) {
        super(Tokenizer.DEFAULT_TOKEN_ATTRIBUTE_FACTORY, longest);
        this.accepted = accepted;
    }

    @Override
    protected boolean isTokenChar(int c) {
        return accepted.test(c);
    }
}

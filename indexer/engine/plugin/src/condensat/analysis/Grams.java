package condensat.analysis;

import org.elasticsearch.index.IndexSettings;

/** The stock limit on how many lengths of grams one definition may produce. */
final class Grams {
    private Grams() {}

    static void check(Options o, IndexSettings index, int shortest, int longest) {
        int allowed = index.getMaxNgramDiff();
        if (longest - shortest > allowed) {
            throw o.refusal(
                "has a difference between max_gram and min_gram of " + (longest - shortest) + ", and at most " + allowed
                    + " is allowed: raise the index setting [index.max_ngram_diff]"
            );
        }
    }
}

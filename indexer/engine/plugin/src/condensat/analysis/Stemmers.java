package condensat.analysis;

import java.util.Locale;
import java.util.function.UnaryOperator;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.en.EnglishMinimalStemFilter;
import org.apache.lucene.analysis.en.EnglishPossessiveFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.fr.FrenchLightStemFilter;
import org.apache.lucene.analysis.fr.FrenchMinimalStemFilter;
import org.apache.lucene.analysis.snowball.SnowballFilter;
import org.tartarus.snowball.ext.EnglishStemmer;
import org.tartarus.snowball.ext.FrenchStemmer;

/** Stemming for English and French; another language is refused by its name. */
final class Stemmers {
    private Stemmers() {}

    static UnaryOperator<TokenStream> byName(Options o) {
        String language = o.text("language", o.text("name", "porter"));
        return switch (language.toLowerCase(Locale.ROOT)) {
            case "english", "porter" -> PorterStemFilter::new;
            case "light_english", "lightenglish", "kstem" -> KStemFilter::new;
            case "minimal_english", "minimalenglish" -> EnglishMinimalStemFilter::new;
            case "possessive_english", "possessiveenglish" -> EnglishPossessiveFilter::new;
            case "porter2" -> in -> new SnowballFilter(in, new EnglishStemmer());
            case "french" -> in -> new SnowballFilter(in, new FrenchStemmer());
            case "light_french", "lightfrench" -> FrenchLightStemFilter::new;
            case "minimal_french", "minimalfrench" -> FrenchMinimalStemFilter::new;
            default -> throw o.refusal("does not support the language [" + language + "]");
        };
    }

    /** Any language that Lucene's Snowball has, under its class name: English, French, German … */
    static UnaryOperator<TokenStream> snowball(Options o) {
        String language = o.text("language", "English");
        UnaryOperator<TokenStream> filter = in -> new SnowballFilter(in, language);
        try {
            filter.apply(new KeywordTokenizer()); // now, not when the first text is analysed
        } catch (IllegalArgumentException e) {
            throw o.refusal("does not support the language [" + language + "]");
        }
        return filter;
    }
}

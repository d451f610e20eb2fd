package condensat.analysis;

import java.util.HashMap;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.Analyzer;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.StopFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.core.KeywordAnalyzer;
import org.apache.lucene.analysis.core.SimpleAnalyzer;
import org.apache.lucene.analysis.core.StopAnalyzer;
import org.apache.lucene.analysis.core.WhitespaceAnalyzer;
import org.apache.lucene.analysis.en.EnglishAnalyzer;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.FingerprintFilter;
import org.apache.lucene.analysis.pattern.PatternTokenizer;
import org.apache.lucene.analysis.standard.StandardTokenizer;
import org.elasticsearch.env.Environment;
import org.elasticsearch.index.analysis.AbstractIndexAnalyzerProvider;
import org.elasticsearch.index.analysis.Analysis;
import org.elasticsearch.index.analysis.AnalyzerProvider;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;

/** The stock analyzers that can be configured, as far as English and French articles need them. */
final class Analyzers {
    private final Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> all = new HashMap<>();

    static Map<String, AnalysisProvider<AnalyzerProvider<? extends Analyzer>>> all() {
        return new Analyzers().all;
    }

    private Analyzers() {
        add("keyword", (o, environment) -> new KeywordAnalyzer());
        add("simple", (o, environment) -> new SimpleAnalyzer());
        add("whitespace", (o, environment) -> new WhitespaceAnalyzer());
        add("stop", (o, environment) -> new StopAnalyzer(stopWords(o, environment, EnglishAnalyzer.ENGLISH_STOP_WORDS_SET)));
        add("english", (o, environment) -> new EnglishAnalyzer(
            stopWords(o, environment, EnglishAnalyzer.getDefaultStopSet()),
            Analysis.parseStemExclusion(o.settings("stem_exclusion"), CharArraySet.EMPTY_SET)
        ));
        add("french", (o, environment) -> new FrenchAnalyzer(
            stopWords(o, environment, FrenchAnalyzer.getDefaultStopSet()),
            Analysis.parseStemExclusion(o.settings("stem_exclusion"), CharArraySet.EMPTY_SET)
        ));
        add("fingerprint", (o, environment) -> {
            char separator = o.character("separator", FingerprintFilter.DEFAULT_SEPARATOR);
            int longest = o.positive("max_output_size", 255);
            CharArraySet stopWords = stopWords(o, environment, CharArraySet.EMPTY_SET);
            return new Chain(StandardTokenizer::new, in -> new FingerprintFilter(
                new StopFilter(new ASCIIFoldingFilter(new LowerCaseFilter(in)), stopWords), longest, separator
            ), in -> in);
        });
        add("pattern", (o, environment) -> {
            Pattern pattern = o.pattern("\\W+");
            boolean lowercase = o.flag("lowercase", true);
            CharArraySet stopWords = stopWords(o, environment, CharArraySet.EMPTY_SET);
            UnaryOperator<TokenStream> letters = lowercase ? LowerCaseFilter::new : in -> in;
            return new Chain(
                () -> new PatternTokenizer(pattern, -1), in -> new StopFilter(letters.apply(in), stopWords), letters
            );
        });
    }

    private void add(String type, BiFunction<Options, Environment, Analyzer> builder) {
        all.put(type, (index, environment, name, settings) -> {
            Analyzer analyzer = Options.read(type + " analyzer", name, settings, o -> builder.apply(o, environment));
            return new AbstractIndexAnalyzerProvider<Analyzer>(name) {
                @Override
                public Analyzer get() {
                    return analyzer;
                }
            };
        });
    }

    private static CharArraySet stopWords(Options o, Environment environment, CharArraySet otherwise) {
        return Analysis.parseStopWords(environment, o.settings("stopwords"), otherwise);
    }

    private static final class Chain extends Analyzer {
        private final Supplier<Tokenizer> tokenizer;
        private final UnaryOperator<TokenStream> filters;
        private final UnaryOperator<TokenStream> normalizer;

        Chain(Supplier<Tokenizer> tokenizer, UnaryOperator<TokenStream> filters, UnaryOperator<TokenStream> normalizer) {
            this.tokenizer = tokenizer;
            this.filters = filters;
            this.normalizer = normalizer;
        }

        @Override
        protected TokenStreamComponents createComponents(String field) {
            Tokenizer source = tokenizer.get();
            return new TokenStreamComponents(source, filters.apply(source));
        }

        @Override
        protected TokenStream normalize(String field, TokenStream in) {
            return normalizer.apply(in);
        }
    }
}

package condensat.analysis;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.CharArraySet;
import org.apache.lucene.analysis.LowerCaseFilter;
import org.apache.lucene.analysis.TokenStream;
import org.apache.lucene.analysis.cjk.CJKBigramFilter;
import org.apache.lucene.analysis.cjk.CJKWidthFilter;
import org.apache.lucene.analysis.classic.ClassicFilter;
import org.apache.lucene.analysis.core.DecimalDigitFilter;
import org.apache.lucene.analysis.core.FlattenGraphFilter;
import org.apache.lucene.analysis.core.TypeTokenFilter;
import org.apache.lucene.analysis.core.UpperCaseFilter;
import org.apache.lucene.analysis.el.GreekLowerCaseFilter;
import org.apache.lucene.analysis.en.KStemFilter;
import org.apache.lucene.analysis.en.PorterStemFilter;
import org.apache.lucene.analysis.fr.FrenchAnalyzer;
import org.apache.lucene.analysis.ga.IrishLowerCaseFilter;
import org.apache.lucene.analysis.minhash.MinHashFilter;
import org.apache.lucene.analysis.miscellaneous.ASCIIFoldingFilter;
import org.apache.lucene.analysis.miscellaneous.FingerprintFilter;
import org.apache.lucene.analysis.miscellaneous.KeepWordFilter;
import org.apache.lucene.analysis.miscellaneous.KeywordRepeatFilter;
import org.apache.lucene.analysis.miscellaneous.LengthFilter;
import org.apache.lucene.analysis.miscellaneous.LimitTokenCountFilter;
import org.apache.lucene.analysis.miscellaneous.PatternKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.RemoveDuplicatesTokenFilter;
import org.apache.lucene.analysis.miscellaneous.SetKeywordMarkerFilter;
import org.apache.lucene.analysis.miscellaneous.TrimFilter;
import org.apache.lucene.analysis.miscellaneous.TruncateTokenFilter;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenFilter;
import org.apache.lucene.analysis.ngram.NGramTokenFilter;
import org.apache.lucene.analysis.pattern.PatternCaptureGroupTokenFilter;
import org.apache.lucene.analysis.pattern.PatternReplaceFilter;
import org.apache.lucene.analysis.reverse.ReverseStringFilter;
import org.apache.lucene.analysis.tr.ApostropheFilter;
import org.apache.lucene.analysis.tr.TurkishLowerCaseFilter;
import org.apache.lucene.analysis.util.ElisionFilter;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.AbstractTokenFilterFactory;
import org.elasticsearch.index.analysis.NormalizingTokenFilterFactory;
import org.elasticsearch.index.analysis.PreConfiguredTokenFilter;
import org.elasticsearch.index.analysis.TokenFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;

/** The stock token filters that the bare server lacks; it has stop, shingle and hunspell. */
final class TokenFilters {
    private final Map<String, AnalysisProvider<TokenFilterFactory>> all = new HashMap<>();

    static Map<String, AnalysisProvider<TokenFilterFactory>> all() {
        return new TokenFilters().all;
    }

    private TokenFilters() {
        normalizing();
        markingAndDropping();
        changing();
        grams();
    }

    /** Those that change single characters, which normalizers may use too. */
    private void normalizing() {
        all.put("asciifolding", (index, environment, name, settings) -> {
            boolean both = Options.read("asciifolding filter", name, settings, o -> o.flag("preserve_original", false));
            return new Normalizing(name, in -> new ASCIIFoldingFilter(in, both), ASCIIFoldingFilter::new);
        });
        normalizing("cjk_width", o -> CJKWidthFilter::new);
        normalizing("decimal_digit", o -> DecimalDigitFilter::new);
        normalizing("lowercase", TokenFilters::lowercase);
        normalizing("trim", o -> TrimFilter::new);
        normalizing("uppercase", o -> UpperCaseFilter::new);
        all.put(
            "elision",
            AnalysisPlugin.requiresAnalysisSettings(normalizer("elision", o -> {
                CharArraySet articles = new CharArraySet(o.requiredList("articles"), o.flag("articles_case", false));
                return in -> new ElisionFilter(in, articles);
            }))
        );
        all.put("pattern_replace", AnalysisPlugin.requiresAnalysisSettings(normalizer("pattern_replace", o -> {
            Pattern pattern = o.pattern(null);
            String replacement = o.text("replacement", "");
            boolean everywhere = o.flag("all", true);
            return in -> new PatternReplaceFilter(in, pattern, replacement, everywhere);
        })));
    }

    private void markingAndDropping() {
        add("flatten_graph", o -> FlattenGraphFilter::new);
        required("keep", o -> {
            CharArraySet words = new CharArraySet(o.requiredList("keep_words"), o.flag("keep_words_case", false));
            return in -> new KeepWordFilter(in, words);
        });
        required("keep_types", o -> {
            Set<String> types = new HashSet<>(o.requiredList("types"));
            boolean keep = switch (o.text("mode", "include").toLowerCase(Locale.ROOT)) {
                case "include" -> true;
                case "exclude" -> false;
                default -> throw o.refusal("requires [include] or [exclude] as [mode]");
            };
            return in -> new TypeTokenFilter(in, types, keep);
        });
        required("keyword_marker", TokenFilters::keywordMarker);
        add("keyword_repeat", o -> KeywordRepeatFilter::new);
        add("length", o -> {
            int shortest = o.integer("min", 0);
            int longest = o.integer("max", Integer.MAX_VALUE);
            return in -> new LengthFilter(in, shortest, longest);
        });
        add("limit", o -> {
            int most = o.positive("max_token_count", 1);
            boolean consume = o.flag("consume_all_tokens", false);
            return in -> new LimitTokenCountFilter(in, most, consume);
        });
        add("remove_duplicates", o -> RemoveDuplicatesTokenFilter::new);
        add("unique", o -> {
            boolean samePositionOnly = o.flag("only_on_same_position", false);
            return in -> new UniqueFilter(in, samePositionOnly);
        });
    }

    private void changing() {
        add("apostrophe", o -> ApostropheFilter::new);
        add("classic", o -> ClassicFilter::new);
        add("fingerprint", o -> {
            char separator = o.character("separator", FingerprintFilter.DEFAULT_SEPARATOR);
            int longest = o.positive("max_output_size", 255);
            return in -> new FingerprintFilter(in, longest, separator);
        });
        add("kstem", o -> KStemFilter::new);
        add("porter_stem", o -> PorterStemFilter::new);
        add("reverse", o -> ReverseStringFilter::new);
        add("snowball", Stemmers::snowball);
        add("stemmer", Stemmers::byName);
        required("truncate", o -> {
            int longest = o.positive("length", -1);
            return in -> TruncateTokenFilter.truncateAfterChars(in, longest);
        });
        add("word_delimiter", WordDelimiters::plain);
        add("word_delimiter_graph", WordDelimiters::graph);
        required("pattern_capture", o -> {
            Pattern[] patterns = o.requiredList("patterns").stream().map(Pattern::compile).toArray(Pattern[]::new);
            boolean original = o.flag("preserve_original", true);
            return in -> new PatternCaptureGroupTokenFilter(in, original, patterns);
        });
    }

    private void grams() {
        add("cjk_bigram", TokenFilters::cjkBigram);
        add("min_hash", o -> {
            int hashes = o.positive("hash_count", MinHashFilter.DEFAULT_HASH_COUNT);
            int buckets = o.positive("bucket_count", MinHashFilter.DEFAULT_BUCKET_COUNT);
            int kept = o.positive("hash_set_size", MinHashFilter.DEFAULT_HASH_SET_SIZE);
            boolean rotation = o.flag("with_rotation", buckets > 1);
            return in -> new MinHashFilter(in, hashes, buckets, kept, rotation);
        });
        add("edge_ngram", TokenFilters::edgeNgram);
        all.put("ngram", (index, environment, name, settings) -> new Plain(
            name,
            Options.read("ngram filter", name, settings, o -> ngram(o, index))
        ));
    }

    private void add(String type, Function<Options, UnaryOperator<TokenStream>> builder) {
        all.put(type, provider(type, builder));
    }

    /** Adds one that means nothing without options, so that it cannot be named without a definition. */
    private void required(String type, Function<Options, UnaryOperator<TokenStream>> builder) {
        all.put(type, AnalysisPlugin.requiresAnalysisSettings(provider(type, builder)));
    }

    private void normalizing(String type, Function<Options, UnaryOperator<TokenStream>> builder) {
        all.put(type, normalizer(type, builder));
    }

    private static AnalysisProvider<TokenFilterFactory> provider(
        String type,
        Function<Options, UnaryOperator<TokenStream>> builder
    ) {
        return (index, environment, name, settings) -> new Plain(
            name,
            Options.read(type + " filter", name, settings, builder)
        );
    }

    private static AnalysisProvider<TokenFilterFactory> normalizer(
        String type,
        Function<Options, UnaryOperator<TokenStream>> builder
    ) {
        return (index, environment, name, settings) -> {
            UnaryOperator<TokenStream> filter = Options.read(type + " filter", name, settings, builder);
            return new Normalizing(name, filter, filter);
        };
    }

    /** Those that mean something else when they are named without a definition than an empty definition means. */
    static List<PreConfiguredTokenFilter> withoutDefinition() {
        return List.of(
            PreConfiguredTokenFilter.singleton("edge_ngram", false, false, in -> new EdgeNGramTokenFilter(in, 1)),
            PreConfiguredTokenFilter.singleton("elision", true, in -> new ElisionFilter(in, FrenchAnalyzer.DEFAULT_ARTICLES)),
            PreConfiguredTokenFilter.singleton("truncate", false, in -> TruncateTokenFilter.truncateAfterChars(in, 10))
        );
    }

    private static UnaryOperator<TokenStream> lowercase(Options o) {
        String language = o.text("language", "");
        return switch (language) {
            case "" -> LowerCaseFilter::new;
            case "greek" -> GreekLowerCaseFilter::new;
            case "irish" -> IrishLowerCaseFilter::new;
            case "turkish" -> TurkishLowerCaseFilter::new;
            default -> throw o.refusal("does not support the language [" + language + "]");
        };
    }

    private static UnaryOperator<TokenStream> keywordMarker(Options o) {
        boolean ignoreCase = o.flag("ignore_case", false);
        String pattern = o.text("keywords_pattern", null);
        if (pattern != null) {
            if (o.has("keywords")) {
                throw o.refusal("takes [keywords] or [keywords_pattern], not both");
            }
            Pattern compiled = Pattern.compile(pattern);
            return in -> new PatternKeywordMarkerFilter(in, compiled);
        }
        CharArraySet words = new CharArraySet(o.requiredList("keywords"), ignoreCase);
        return in -> new SetKeywordMarkerFilter(in, words);
    }

    private static UnaryOperator<TokenStream> cjkBigram(Options o) {
        int scripts = CJKBigramFilter.HAN | CJKBigramFilter.HIRAGANA | CJKBigramFilter.KATAKANA | CJKBigramFilter.HANGUL;
        for (String script : o.list("ignored_scripts")) {
            scripts &= ~switch (script) {
                case "han" -> CJKBigramFilter.HAN;
                case "hiragana" -> CJKBigramFilter.HIRAGANA;
                case "katakana" -> CJKBigramFilter.KATAKANA;
                case "hangul" -> CJKBigramFilter.HANGUL;
                default -> throw o.refusal("does not know the script [" + script + "]");
            };
        }
        int paired = scripts;
        boolean unigrams = o.flag("output_unigrams", false);
        return in -> new CJKBigramFilter(in, paired, unigrams);
    }

    private static UnaryOperator<TokenStream> edgeNgram(Options o) {
        int shortest = o.positive("min_gram", 1);
        int longest = o.positive("max_gram", 2);
        boolean original = o.flag("preserve_original", false);
        return switch (o.text("side", "front")) {
            case "front" -> in -> new EdgeNGramTokenFilter(in, shortest, longest, original);
            case "back" -> in -> new ReverseStringFilter(
                new EdgeNGramTokenFilter(new ReverseStringFilter(in), shortest, longest, original)
            );
            default -> throw o.refusal("requires [front] or [back] as [side]");
        };
    }

    private static UnaryOperator<TokenStream> ngram(Options o, IndexSettings index) {
        int shortest = o.positive("min_gram", 1);
        int longest = o.positive("max_gram", 2);
        Grams.check(o, index, shortest, longest);
        boolean original = o.flag("preserve_original", false);
        return in -> new NGramTokenFilter(in, shortest, longest, original);
    }

    private static final class Plain extends AbstractTokenFilterFactory {
        private final UnaryOperator<TokenStream> filter;

        Plain(String name, UnaryOperator<TokenStream> filter) {
            super(name);
            this.filter = filter;
        }

        @Override
        public TokenStream create(TokenStream in) {
            return filter.apply(in);
        }
    }

    /** One that normalizers may use too, there possibly in a form that gives one token for one. */
    private static final class Normalizing extends AbstractTokenFilterFactory implements NormalizingTokenFilterFactory {
        private final UnaryOperator<TokenStream> filter;
        private final UnaryOperator<TokenStream> normalizer;

        Normalizing(String name, UnaryOperator<TokenStream> filter, UnaryOperator<TokenStream> normalizer) {
            super(name);
            this.filter = filter;
            this.normalizer = normalizer;
        }

        @Override
        public TokenStream create(TokenStream in) {
            return filter.apply(in);
        }

        @Override
        public TokenStream normalize(TokenStream in) {
            return normalizer.apply(in);
        }
    }
}

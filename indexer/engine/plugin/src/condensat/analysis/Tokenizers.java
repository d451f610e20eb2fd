package condensat.analysis;

import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.Tokenizer;
import org.apache.lucene.analysis.classic.ClassicTokenizer;
import org.apache.lucene.analysis.core.KeywordTokenizer;
import org.apache.lucene.analysis.core.LetterTokenizer;
import org.apache.lucene.analysis.core.WhitespaceTokenizer;
import org.apache.lucene.analysis.email.UAX29URLEmailTokenizer;
import org.apache.lucene.analysis.ngram.EdgeNGramTokenizer;
import org.apache.lucene.analysis.ngram.NGramTokenizer;
import org.apache.lucene.analysis.path.PathHierarchyTokenizer;
import org.apache.lucene.analysis.path.ReversePathHierarchyTokenizer;
import org.apache.lucene.analysis.pattern.PatternTokenizer;
import org.apache.lucene.analysis.pattern.SimplePatternSplitTokenizer;
import org.apache.lucene.analysis.pattern.SimplePatternTokenizer;
import org.elasticsearch.index.IndexSettings;
import org.elasticsearch.index.analysis.TokenizerFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;

/** The stock tokenizers that the bare server lacks. */
final class Tokenizers {
    private static final int MAX_TOKEN_LENGTH = 255;

    private final Map<String, AnalysisProvider<TokenizerFactory>> all = new HashMap<>();

    static Map<String, AnalysisProvider<TokenizerFactory>> all() {
        return new Tokenizers().all;
    }

    private Tokenizers() {
        add("keyword", o -> {
            int buffer = o.positive("buffer_size", KeywordTokenizer.DEFAULT_BUFFER_SIZE);
            return () -> new KeywordTokenizer(buffer);
        });
        add("whitespace", o -> {
            int longest = o.positive("max_token_length", MAX_TOKEN_LENGTH);
            return () -> new WhitespaceTokenizer(Tokenizer.DEFAULT_TOKEN_ATTRIBUTE_FACTORY, longest);
        });
        add("letter", o -> LetterTokenizer::new);
        add("lowercase", o -> LowercaseLetterTokenizer::new);
        add("uax_url_email", o -> {
            int longest = o.positive("max_token_length", MAX_TOKEN_LENGTH);
            return () -> {
                UAX29URLEmailTokenizer tokenizer = new UAX29URLEmailTokenizer();
                tokenizer.setMaxTokenLength(longest);
                return tokenizer;
            };
        });
        add("classic", o -> {
            int longest = o.positive("max_token_length", MAX_TOKEN_LENGTH);
            return () -> {
                ClassicTokenizer tokenizer = new ClassicTokenizer();
                tokenizer.setMaxTokenLength(longest);
                return tokenizer;
            };
        });
        add("pattern", o -> {
            Pattern pattern = o.pattern("\\W+");
            int group = o.integer("group", -1);
            return () -> new PatternTokenizer(pattern, group);
        });
        add("simple_pattern", o -> {
            String pattern = o.text("pattern", "");
            return () -> new SimplePatternTokenizer(pattern);
        });
        add("simple_pattern_split", o -> {
            String pattern = o.text("pattern", "");
            return () -> new SimplePatternSplitTokenizer(pattern);
        });
        all.put("char_group", AnalysisPlugin.requiresAnalysisSettings(provider("char_group", Tokenizers::charGroup)));
        add("path_hierarchy", Tokenizers::pathHierarchy);
        all.put("ngram", (index, environment, name, settings) -> TokenizerFactory.newFactory(
            name,
            Options.read("ngram tokenizer", name, settings, o -> ngram(o, index))
        ));
        add("edge_ngram", Tokenizers::edgeNgram);
    }

    private void add(String type, Function<Options, Supplier<Tokenizer>> builder) {
        all.put(type, provider(type, builder));
    }

    private static AnalysisProvider<TokenizerFactory> provider(String type, Function<Options, Supplier<Tokenizer>> builder) {
        return (index, environment, name, settings) -> TokenizerFactory.newFactory(
            name,
            Options.read(type + " tokenizer", name, settings, builder)
        );
    }

    private static Supplier<Tokenizer> charGroup(Options o) {
        Set<Integer> characters = new HashSet<>();
        IntPredicate classes = c -> false;
        for (String entry : o.requiredList("tokenize_on_chars")) {
            String single = entry.startsWith("\\") && entry.length() > 1 ? Escapes.resolve(entry) : entry;
            if (single.length() == 1) { // a character beyond the basic plane is refused, as stock does
                characters.add((int) single.charAt(0));
            } else {
                classes = classes.or(characterClass(o, "tokenize_on_chars", entry));
            }
        }
        int longest = o.positive("max_token_length", MAX_TOKEN_LENGTH);
        IntPredicate separator = classes;
        return () -> new PredicateTokenizer(c -> !characters.contains(c) && !separator.test(c), longest);
    }

    /** A named class of characters, as in [tokenize_on_chars] and [token_chars]. */
    private static IntPredicate characterClass(Options o, String option, String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "letter" -> Character::isLetter;
            case "digit" -> Character::isDigit;
            case "whitespace" -> Character::isWhitespace;
            case "punctuation" -> c -> switch (Character.getType(c)) {
                case Character.CONNECTOR_PUNCTUATION, Character.DASH_PUNCTUATION, Character.START_PUNCTUATION,
                    Character.END_PUNCTUATION, Character.INITIAL_QUOTE_PUNCTUATION, Character.FINAL_QUOTE_PUNCTUATION,
                    Character.OTHER_PUNCTUATION -> true;
                default -> false;
            };
            case "symbol" -> c -> switch (Character.getType(c)) {
                case Character.CURRENCY_SYMBOL, Character.MATH_SYMBOL, Character.MODIFIER_SYMBOL, Character.OTHER_SYMBOL -> true;
                default -> false;
            };
            default -> throw o.refusal("does not know [" + name + "] in [" + option + "]");
        };
    }

    private static Supplier<Tokenizer> pathHierarchy(Options o) {
        int buffer = o.positive("buffer_size", 1024);
        char delimiter = o.character("delimiter", PathHierarchyTokenizer.DEFAULT_DELIMITER);
        char replacement = o.character("replacement", delimiter);
        int skip = o.integer("skip", PathHierarchyTokenizer.DEFAULT_SKIP);
        return o.flag("reverse", false)
            ? () -> new ReversePathHierarchyTokenizer(buffer, delimiter, replacement, skip)
            : () -> new PathHierarchyTokenizer(buffer, delimiter, replacement, skip);
    }

    /** Which characters belong to grams: all when [token_chars] is empty. */
    private static IntPredicate tokenCharacters(Options o) {
        List<String> names = o.list("token_chars");
        String custom = o.text("custom_token_chars", "");
        if (names.isEmpty()) {
            return c -> true;
        }
        IntPredicate wanted = c -> false;
        for (String name : names) {
            wanted = wanted.or(name.equals("custom") ? c -> custom.indexOf(c) >= 0 : characterClass(o, "token_chars", name));
        }
        return wanted;
    }

    private static Supplier<Tokenizer> ngram(Options o, IndexSettings index) {
        int shortest = o.positive("min_gram", NGramTokenizer.DEFAULT_MIN_NGRAM_SIZE);
        int longest = o.positive("max_gram", NGramTokenizer.DEFAULT_MAX_NGRAM_SIZE);
        Grams.check(o, index, shortest, longest);
        IntPredicate wanted = tokenCharacters(o);
        return () -> new NGramTokenizer(shortest, longest) {
            @Override
            protected boolean isTokenChar(int c) {
                return wanted.test(c);
            }
        };
    }

    private static Supplier<Tokenizer> edgeNgram(Options o) {
        int shortest = o.positive("min_gram", EdgeNGramTokenizer.DEFAULT_MIN_GRAM_SIZE);
        int longest = o.positive("max_gram", NGramTokenizer.DEFAULT_MAX_NGRAM_SIZE);
        IntPredicate wanted = tokenCharacters(o);
        return () -> new EdgeNGramTokenizer(shortest, longest) {
            @Override
            protected boolean isTokenChar(int c) {
                return wanted.test(c);
            }
        };
    }
}

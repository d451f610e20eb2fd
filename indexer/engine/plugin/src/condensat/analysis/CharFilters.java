package condensat.analysis;

import java.io.Reader;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.apache.lucene.analysis.charfilter.HTMLStripCharFilter;
import org.apache.lucene.analysis.charfilter.MappingCharFilter;
import org.apache.lucene.analysis.charfilter.NormalizeCharMap;
import org.apache.lucene.analysis.pattern.PatternReplaceCharFilter;
import org.elasticsearch.index.analysis.AbstractCharFilterFactory;
import org.elasticsearch.index.analysis.CharFilterFactory;
import org.elasticsearch.index.analysis.NormalizingCharFilterFactory;
import org.elasticsearch.indices.analysis.AnalysisModule.AnalysisProvider;
import org.elasticsearch.plugins.AnalysisPlugin;

/** The stock character filters. */
final class CharFilters {
    private CharFilters() {}

    static Map<String, AnalysisProvider<CharFilterFactory>> all() {
        Map<String, AnalysisProvider<CharFilterFactory>> all = new HashMap<>();
        all.put("html_strip", provider("html_strip", false, CharFilters::htmlStrip));
        all.put("mapping", AnalysisPlugin.requiresAnalysisSettings(provider("mapping", true, CharFilters::mapping)));
        all.put(
            "pattern_replace",
            AnalysisPlugin.requiresAnalysisSettings(provider("pattern_replace", true, CharFilters::patternReplace))
        );
        return all;
    }

    private static UnaryOperator<Reader> htmlStrip(Options o) {
        Set<String> escaped = new HashSet<>(o.list("escaped_tags"));
        return reader -> new HTMLStripCharFilter(reader, escaped);
    }

    private static UnaryOperator<Reader> mapping(Options o) {
        NormalizeCharMap.Builder builder = new NormalizeCharMap.Builder();
        Set<String> keys = new HashSet<>();
        for (String line : o.requiredList("mappings")) {
            String[] rule = Escapes.rule(line);
            if (rule[0].isEmpty() || !keys.add(rule[0])) {
                throw o.refusal("has an empty or repeated key in [" + line + "]");
            }
            builder.add(rule[0], rule[1]);
        }
        NormalizeCharMap map = builder.build();
        return reader -> new MappingCharFilter(map, reader);
    }

    private static UnaryOperator<Reader> patternReplace(Options o) {
        Pattern pattern = o.pattern(null);
        String replacement = o.text("replacement", "");
        return reader -> new PatternReplaceCharFilter(pattern, replacement, reader);
    }

    private static AnalysisProvider<CharFilterFactory> provider(
        String type,
        boolean normalizing,
        Function<Options, UnaryOperator<Reader>> builder
    ) {
        return (index, environment, name, settings) -> {
            UnaryOperator<Reader> filter = Options.read(type + " char_filter", name, settings, builder);
            return normalizing ? new Normalizing(name, filter) : new Plain(name, filter);
        };
    }

    private static class Plain extends AbstractCharFilterFactory {
        private final UnaryOperator<Reader> filter;

        Plain(String name, UnaryOperator<Reader> filter) {
            super(name);
            this.filter = filter;
        }

        @Override
        public Reader create(Reader reader) {
            return filter.apply(reader);
        }
    }

    /** One that normalizers may use too. */
    private static final class Normalizing extends Plain implements NormalizingCharFilterFactory {
        Normalizing(String name, UnaryOperator<Reader> filter) {
            super(name, filter);
        }
    }
}

package condensat.analysis;

import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.elasticsearch.common.regex.Regex;
import org.elasticsearch.common.settings.Settings;

/**
 * The options of one component as its definition gives them. What nobody asked for when the component is built
 * is not supported, and is refused: an option that is ignored would give other tokens than the official image.
 */
final class Options {
    private static final Set<String> OF_EVERY_COMPONENT = Set.of("type", "version");

    private final String component;
    private final Settings settings;
    private final Set<String> asked = new HashSet<>();

    Options(String component, Settings settings) {
        this.component = component;
        this.settings = settings;
    }

    /** Builds something from options, then refuses the definition if it has options that the builder did not ask for. */
    static <T> T read(String kind, String name, Settings settings, Function<Options, T> builder) {
        Options options = new Options("[" + name + "] (" + kind + ")", settings);
        T built = builder.apply(options);
        Set<String> unknown = new TreeSet<>();
        for (String key : settings.keySet()) {
            // A list may be flattened to NAME.0, NAME.1; index settings reach definitions that are written in a request.
            String option = key.replaceFirst("\\.\\d+$", "");
            if (!options.asked.contains(option) && !OF_EVERY_COMPONENT.contains(option) && !option.startsWith("index.")) {
                unknown.add(option);
            }
        }
        if (!unknown.isEmpty()) {
            throw options.refusal("does not support " + unknown);
        }
        return built;
    }

    IllegalArgumentException refusal(String why) {
        return new IllegalArgumentException(component + " " + why);
    }

    /** Marks an option as supported and gives the settings, for Elasticsearch's own parsers. */
    Settings settings(String... options) {
        asked.addAll(List.of(options));
        return settings;
    }

    boolean has(String option) {
        return settings(option).get(option) != null || !settings.getAsList(option).isEmpty();
    }

    String text(String option, String otherwise) {
        return settings(option).get(option, otherwise);
    }

    String required(String option) {
        String value = text(option, null);
        if (value == null) {
            throw refusal("requires [" + option + "]");
        }
        return value;
    }

    int integer(String option, int otherwise) {
        return settings(option).getAsInt(option, otherwise);
    }

    int positive(String option, int otherwise) {
        int value = integer(option, otherwise);
        if (value <= 0) {
            throw refusal("requires a positive [" + option + "], not " + value);
        }
        return value;
    }

    boolean flag(String option, boolean otherwise) {
        return settings(option).getAsBoolean(option, otherwise);
    }

    char character(String option, char otherwise) {
        String value = text(option, String.valueOf(otherwise));
        if (value.length() != 1) {
            throw refusal("requires one character as [" + option + "], not [" + value + "]");
        }
        return value.charAt(0);
    }

    List<String> list(String option) {
        return settings(option).getAsList(option);
    }

    List<String> requiredList(String option) {
        List<String> values = list(option);
        if (values.isEmpty()) {
            throw refusal("requires [" + option + "]");
        }
        return values;
    }

    /** A regular expression from [pattern] and [flags]. */
    Pattern pattern(String otherwise) {
        String pattern = otherwise == null ? required("pattern") : text("pattern", otherwise);
        return Regex.compile(pattern, text("flags", null));
    }
}

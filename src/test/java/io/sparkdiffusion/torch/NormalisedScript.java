package io.sparkdiffusion.torch;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A recorded class without what means nothing: variables are numbered in the order in which they
 * are defined, and a weight is read where its first reader stands.
 */
final class NormalisedScript {

  private static final String BEGIN = "    weights = self.weights\n";
  private static final Pattern LINE = Pattern.compile("    (x\\d+) = (.*)");
  private static final Pattern VARIABLE = Pattern.compile("\\bx\\d+\\b");
  private static final Pattern WEIGHT = Pattern.compile("weights\\[\"[^\"]*\"\\]");

  private final Map<String, String> weights = new HashMap<>();
  private final Map<String, String> names = new HashMap<>();
  private final List<String> lines = new ArrayList<>();

  private NormalisedScript() {}

  /** The text in its normal form. */
  static String of(String script) {
    int begin = script.indexOf(BEGIN) + BEGIN.length();
    int end = script.indexOf("    return ", begin);
    int rest = script.indexOf('\n', end);
    NormalisedScript normal = new NormalisedScript();
    script.substring(begin, end).lines().forEach(normal::add);
    return script.substring(0, begin)
        + String.join("\n", normal.lines)
        + "\n"
        + normal.renamed(script.substring(end, rest))
        + script.substring(rest);
  }

  private void add(String line) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      throw new IllegalArgumentException("Cannot read a line of a script: " + line);
    }
    String expression = matcher.group(2);
    if (WEIGHT.matcher(expression).matches()) {
      weights.put(matcher.group(1), expression);
      return;
    }
    define(matcher.group(1), renamed(expression));
  }

  private void define(String variable, String expression) {
    String name = "v" + lines.size();
    lines.add("    " + name + " = " + expression);
    names.put(variable, name);
  }

  private String renamed(String expression) {
    return VARIABLE.matcher(expression).replaceAll(read -> renamedVariable(read.group()));
  }

  private String renamedVariable(String variable) {
    String weight = weights.remove(variable);
    if (weight != null) {
      define(variable, weight);
    }
    return Objects.requireNonNull(names.get(variable), variable);
  }
}

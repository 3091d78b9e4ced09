package io.sparkdiffusion.request;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * What is made of a control image before ControlNets look at it: one word for all of them, or one
 * for each with commas between.
 */
public final class ControlPreprocessor {

  /** It is looked at as it is. */
  public static final String NONE = "none";

  /** Its edges are. */
  public static final String CANNY = "canny";

  private static final List<String> WORDS = List.of(NONE, CANNY);

  private ControlPreprocessor() {}

  /** Whether a setting says one for all or for each. */
  static boolean areWords(String setting) {
    return WORDS.containsAll(words(setting))
        && words(setting).size() <= InputImage.OF_CONTROL_NETS.size();
  }

  /** What is wrong with a setting for so many ControlNets. */
  public static Optional<String> problem(String setting, int controlNets) {
    int count = words(setting).size();
    return count == 1 || count == controlNets
        ? Optional.empty()
        : Optional.of(
            "Cannot use %s: it must be one word, or one for each ControlNet (%s for %s)"
                .formatted(Parameters.CONTROL_PREPROCESSOR, count, controlNets));
  }

  static String canonical(String setting) {
    return String.join(",", words(setting));
  }

  private static List<String> words(String setting) {
    return Arrays.stream(setting.split(",", -1)).map(String::strip).toList();
  }

  /** What is made of one of an image's inputs. */
  public static String of(InputImage input, Values values) {
    List<String> all = words(values.get(Parameters.CONTROL_PREPROCESSOR));
    int place = InputImage.OF_CONTROL_NETS.indexOf(input);
    if (place < 0 || (all.size() > 1 && place >= all.size())) {
      return NONE;
    }
    return all.get(all.size() == 1 ? 0 : place);
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.WeightChoice;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** How the weight files of a network are called, with and without a variant. */
final class WeightNames {

  private static final String FILE = ".safetensors";
  private static final String INDEX = FILE + ".index";
  private static final String JSON = ".json";
  private static final String HALF = "fp16";

  /** Between the network's name and the rest; diffusers and transformers write each of these. */
  private static final Pattern VARIANT =
      Pattern.compile(
          "(?:\\.([\\w-]+?))?(?:-\\d{5}-of-\\d{5})?(?:\\.([\\w-]+))?\\.safetensors"
              + "|(?:\\.([\\w-]+))?\\.safetensors\\.index(?:\\.([\\w-]+))?\\.json");

  private WeightNames() {}

  /** The endings in the order of preference: without a variant, full precision comes first. */
  static List<String> endings(WeightChoice choice) {
    return switch (choice.format()) {
      case FLAX -> List.of(FlaxFile.EXTENSION);
      case SAFETENSORS ->
          choice.variant().isEmpty()
              ? Stream.concat(Stream.of(FILE, INDEX + JSON), ofVariant(HALF)).toList()
              : ofVariant(choice.variant()).toList();
    };
  }

  /** Diffusers has written both names of an index. */
  private static Stream<String> ofVariant(String variant) {
    return Stream.of(
        "." + variant + FILE, INDEX + "." + variant + JSON, "." + variant + INDEX + JSON);
  }

  /**
   * The variant in the name of a weight file or an index; empty where it has none or is neither.
   */
  static Optional<String> variant(NetworkFiles network, WeightChoice choice, String file) {
    String name = network.fileName(choice.format());
    Matcher matcher = VARIANT.matcher(file.substring(Math.min(name.length(), file.length())));
    return file.startsWith(name) && matcher.matches()
        ? Stream.of(1, 2, 3, 4).map(matcher::group).filter(group -> group != null).findFirst()
        : Optional.empty();
  }

  /** True for the relative path of a list of shards, of any variant. */
  static boolean isIndex(String path, NetworkFiles network) {
    String name = network.path(network.fileName(WeightChoice.USUAL.format()));
    return path.startsWith(name)
        && path.substring(name.length())
            .matches("(\\.[\\w-]+)?\\.safetensors\\.index(\\.[\\w-]+)?\\.json");
  }

  /** True for the relative path of the file that is looked for first. */
  static boolean isPreferred(String path, WeightChoice choice, NetworkFiles network) {
    String name = network.fileName(choice.format()) + endings(choice).get(0);
    return path.equals(network.path(name));
  }
}

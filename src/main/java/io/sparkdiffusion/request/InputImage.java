package io.sparkdiffusion.request;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * An image that a row gives beside its texts, by what it is for. Columns, their hashes, reading,
 * results and the command that makes an image again follow from this list.
 */
public enum InputImage {
  /** What denoising starts from. */
  INIT(
      Parameters.INIT_IMAGE,
      Parameters.INIT_IMAGE_SHA256,
      Parameters.STRENGTH,
      Parameters.NOISE_LEVEL),
  /** Which parts of that are painted anew: what is white. */
  MASK(Parameters.MASK_IMAGE, Parameters.MASK_IMAGE_SHA256),
  /** How near the parts of that are: the nearer, the brighter. */
  DEPTH(Parameters.DEPTH_IMAGE, Parameters.DEPTH_IMAGE_SHA256),
  /** What the first ControlNet looks at. */
  CONTROL(
      Parameters.CONTROL_IMAGE,
      Parameters.CONTROL_IMAGE_SHA256,
      Parameters.CONTROL_PREPROCESSOR,
      Parameters.CONTROLNET_CONDITIONING_SCALE,
      Parameters.CONTROL_GUIDANCE_START,
      Parameters.CONTROL_GUIDANCE_END),
  /** What the second one looks at, which goes with the first. */
  CONTROL_2(Parameters.CONTROL_IMAGE_2, Parameters.CONTROL_IMAGE_2_SHA256),
  /** What the third one looks at, which goes with the others. */
  CONTROL_3(Parameters.CONTROL_IMAGE_3, Parameters.CONTROL_IMAGE_3_SHA256);

  /** Those of ControlNets, in the order of these. */
  public static final List<InputImage> OF_CONTROL_NETS = List.of(CONTROL, CONTROL_2, CONTROL_3);

  /** Those of which a parameter says something; looked up for each parameter of each image. */
  private static final Map<Parameter<?>, List<InputImage>> SAID_OF =
      Arrays.stream(values())
          .flatMap(input -> input.said().map(parameter -> Map.entry(parameter, input)))
          .collect(groupingBy(Map.Entry::getKey, mapping(Map.Entry::getValue, toList())));

  private final Parameter<String> path;
  private final Parameter<String> sha256;
  private final List<Parameter<?>> others;

  /**
   * Said by two parameters.
   *
   * @param others what only images with such an input depend on
   */
  InputImage(Parameter<String> path, Parameter<String> sha256, Parameter<?>... others) {
    this.path = path;
    this.sha256 = sha256;
    this.others = List.of(others);
  }

  /** Where its file is, whose name is its own. */
  public Parameter<String> path() {
    return path;
  }

  /** What the file is. */
  public Parameter<String> sha256() {
    return sha256;
  }

  /** The one whose file a parameter names. */
  public static Optional<InputImage> at(String parameter) {
    return Arrays.stream(values()).filter(input -> input.path.name().equals(parameter)).findFirst();
  }

  /** The one whose file's hash a parameter is. */
  public static Optional<InputImage> hashedBy(String parameter) {
    return Arrays.stream(values())
        .filter(input -> input.sha256.name().equals(parameter))
        .findFirst();
  }

  /** Those that a planned image has, in this order. */
  public static List<InputImage> of(Values values) {
    return Arrays.stream(values()).filter(input -> input.isIn(values)).toList();
  }

  /** Whether a planned image has it. */
  boolean isIn(Values values) {
    return values.find(sha256).filter(hash -> !hash.isEmpty()).isPresent();
  }

  /** Whether a row names one, whose file nobody has looked for yet. */
  boolean isGiven(Values row) {
    return !row.get(path).isEmpty() || isIn(row);
  }

  /** The file of a planned image that has one. */
  public InputFile file(Values values) {
    return new InputFile(values.get(path), values.get(sha256));
  }

  /**
   * Whether a parameter means anything for a planned image: what is said of input images does not
   * where it has none of them.
   */
  public static boolean isUsed(Parameter<?> parameter, Values values) {
    return isOfInputs(parameter, values) && isOfStart(parameter, values);
  }

  private static boolean isOfInputs(Parameter<?> parameter, Values values) {
    List<InputImage> its = SAID_OF.getOrDefault(parameter, List.of());
    return its.isEmpty() || its.stream().anyMatch(input -> input.isIn(values));
  }

  /** An image is drawn over with some strength, or upscaled under some noise. */
  private static boolean isOfStart(Parameter<?> parameter, Values values) {
    boolean isUpscaled = values.find(Parameters.STRENGTH).isEmpty();
    return !parameter.equals(isUpscaled ? Parameters.STRENGTH : Parameters.NOISE_LEVEL);
  }

  private Stream<Parameter<?>> said() {
    return Stream.concat(Stream.of(path), decisive());
  }

  /** What is said of it and decides an image. */
  private Stream<Parameter<?>> decisive() {
    return Stream.concat(Stream.of(sha256, Parameters.INIT_IMAGE_FIT), others.stream());
  }

  /** What the request hash holds of a planned image's inputs, by name; not where they are. */
  static Map<String, Object> canonical(Values values) {
    Map<String, Object> parts = new LinkedHashMap<>();
    of(values).stream()
        .flatMap(InputImage::decisive)
        .filter(parameter -> isOfStart(parameter, values))
        .forEach(parameter -> parts.put(parameter.name(), values.get(parameter)));
    return parts;
  }

  /** An image's values with these inputs and no others; what they leave unused is as usual. */
  static Values in(Values image, Map<InputImage, InputFile> files) {
    Values all = image;
    for (InputImage input : values()) {
      InputFile file = files.getOrDefault(input, InputFile.NONE);
      all = all.with(input.path.of(file.path())).with(input.sha256.of(file.sha256()));
    }
    Values given = all;
    return Values.usual().only(parameter -> !isOfInputs(parameter, given)).withDefaults(given);
  }
}

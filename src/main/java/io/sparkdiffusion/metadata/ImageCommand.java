package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.VaeTiling;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.SchedulerConfig;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The command that makes one image again, byte for byte. */
public final class ImageCommand {

  private static final String MODEL = "pretrained_model_name_or_path";
  private static final String REVISION = "revision";
  private static final String FROM_PT = "from_pt";
  private static final String VARIANT = "variant";

  /** The setting that names LoRAs. */
  public static final String LORAS = Parameters.LORAS.name();

  /** The setting that names embeddings. */
  public static final String EMBEDDINGS = "embeddings";

  /** The setting that names ControlNets. */
  public static final String CONTROL_NETS = "controlnets";

  private static final String LORA_UNMATCHED = "lora_unmatched";

  private static final Set<String> USUAL = Set.of(FROM_PT + "=true", LORA_UNMATCHED + "=refuse");

  /** In the place of the command, where embeddings stood in the place of texts. */
  public static final String OF_EMBEDS =
      "# No command line has room for the embeddings of this image: its row has them";

  /** NUL, and halves of surrogate pairs, which are no characters. */
  private static final Pattern UNSPEAKABLE = Pattern.compile("[\\x00\\p{Cs}]");

  private ImageCommand() {}

  /** The settings that name a model folder. */
  public static Map<String, String> model(String folder) {
    return Map.of(MODEL, folder);
  }

  /**
   * The settings that named an image's model, LoRAs, embeddings and ControlNets, those with another
   * value than the usual one. A hub's branch may have gone on since, so the commit stands in its
   * place.
   *
   * @param configuration all settings of the run, as text
   * @param commit of the hub's model, empty for a model of no hub
   * @param loras the setting that names the image's files later, empty for none
   * @param embeddings the same for these
   */
  public static Map<String, String> modelOf(
      Map<?, ?> configuration, String commit, String loras, String embeddings) {
    Map<String, String> settings = new LinkedHashMap<>();
    for (String key :
        List.of(
            MODEL, REVISION, FROM_PT, VARIANT, LORAS, LORA_UNMATCHED, EMBEDDINGS, CONTROL_NETS)) {
      Object said = key.equals(LORAS) ? loras : configuration.get(key);
      if (said instanceof String value && !value.isEmpty() && !USUAL.contains(key + "=" + value)) {
        settings.put(key, value);
      }
    }
    if (!embeddings.isEmpty()) {
      settings.put(EMBEDDINGS, embeddings);
    }
    String model = settings.getOrDefault(MODEL, "").replaceFirst("/+$", "");
    boolean isItsFolder = model.endsWith("/" + commit);
    if (!commit.isEmpty() && !isItsFolder) {
      settings.put(REVISION, commit);
    }
    return settings;
  }

  /**
   * The settings that make an image again. Every key that decides it is given, so that the
   * configuration file does not matter.
   *
   * @param model the settings that name the model
   * @param dtype of weights and activations
   * @param schedulerConfig the full scheduler configuration
   */
  public static Map<String, String> settings(
      GenerationParameters image,
      Map<String, String> model,
      String dtype,
      Map<String, Object> schedulerConfig) {
    Map<String, Object> settings = new LinkedHashMap<>(model);
    for (Parameter<?> parameter : Parameters.OF_IMAGE) {
      boolean isSaidElsewhere = parameter == Parameters.LORAS;
      if (isSaidElsewhere || !InputImage.isUsed(parameter, image.values())) {
        continue;
      }
      image.values().find(parameter).ifPresent(value -> settings.put(parameter.name(), value));
      if (parameter == Parameters.SEED) {
        settings.put(Parameters.NUM_IMAGES.name(), 1);
      }
    }
    if (image.values().get(Parameters.VAE_TILING).equals(VaeTiling.AUTO) && isLarge(image)) {
      settings.put(Parameters.VAE_TILING.name(), VaeTiling.OFF);
    }
    settings.put("weights_dtype", dtype);
    settings.put("activations_dtype", dtype);
    settings.put("diffusion_scheduler_config", overrides(schedulerConfig));
    settings.put("run_name", "again");
    Map<String, String> texts = new LinkedHashMap<>();
    settings.forEach((key, value) -> texts.put(key, value.toString()));
    return texts;
  }

  /** Whether a GPU would make it of tiles, which it is not. */
  private static boolean isLarge(GenerationParameters image) {
    Values values = image.values();
    long pixels = (long) values.get(Parameters.HEIGHT) * values.get(Parameters.WIDTH);
    return pixels > VaeTiling.MOST_WHOLE_PIXELS;
  }

  /** {@link #settings} as one line for bash, whatever the prompt is. */
  public static String of(
      GenerationParameters image,
      Map<String, String> model,
      String dtype,
      Map<String, Object> schedulerConfig) {
    if (image.values().find(Parameters.PROMPT_EMBEDS).isPresent()
        || image.values().find(Parameters.NEGATIVE_PROMPT_EMBEDS).isPresent()) {
      return OF_EMBEDS;
    }
    List<String> words =
        settings(image, model, dtype, schedulerConfig).entrySet().stream()
            .map(setting -> setting.getKey() + "=" + setting.getValue())
            .toList();
    return words.stream().anyMatch(word -> UNSPEAKABLE.matcher(word).find())
        ? "# No shell can pass on a character of this prompt: jobs/inspect FILE --again=DIR does"
        : "./jobs/generate configs/base21.yml " + line(words);
  }

  /** The keys that can be given, those with a value. */
  private static String overrides(Map<String, Object> schedulerConfig) {
    Map<String, Object> given = new TreeMap<>(schedulerConfig);
    given.keySet().retainAll(SchedulerConfig.KEYS);
    given.values().removeIf(value -> value == null);
    return StrictJson.canonical(given);
  }

  /** One line for bash, quoted where that is necessary. */
  public static String line(List<String> words) {
    return words.stream().map(ImageCommand::quoted).collect(Collectors.joining(" "));
  }

  private static String quoted(String word) {
    if (word.matches("[\\w=./:@%+-]+")) {
      return word;
    }
    return word.codePoints().noneMatch(Shown::isHidden)
        ? "'" + word.replace("'", "'\\''") + "'"
        : escaped(word);
  }

  /** What would end the line, or hide in it, as bash's {@code $'...'} has it, byte by byte. */
  private static String escaped(String word) {
    StringBuilder line = new StringBuilder("$'");
    word.codePoints()
        .forEach(
            point -> {
              if (point == '\'' || point == '\\') {
                line.append('\\').appendCodePoint(point);
              } else if (Shown.isHidden(point)) {
                for (byte part : Character.toString(point).getBytes(StandardCharsets.UTF_8)) {
                  line.append(point == '\n' ? "\\n" : "\\x%02x".formatted(part));
                }
              } else {
                line.appendCodePoint(point);
              }
            });
    return line.append('\'').toString();
  }
}

package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.prompt.ImageRequest;
import io.sparkdiffusion.prompt.PromptRow;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * The {@code parameters} text of AUTOMATIC1111's web UI, which many programs read from PNG files.
 *
 * @param modelHash the first ten hex digits of the model digest
 * @param modelName the model folder's name
 */
public record GenerationParameters(
    String prompt,
    String negativePrompt,
    int numInferenceSteps,
    String scheduler,
    double guidanceScale,
    double guidanceRescale,
    double eta,
    long seed,
    int heightPixels,
    int widthPixels,
    String modelHash,
    String modelName) {

  private static final String NEGATIVE = "Negative prompt: ";

  /** The parameters of one picture. */
  public static GenerationParameters of(
      ImageRequest request, String modelDigest, String modelName) {
    return new GenerationParameters(
        request.prompt(),
        request.negativePrompt(),
        request.numInferenceSteps(),
        request.scheduler(),
        request.guidanceScale(),
        request.guidanceRescale(),
        request.eta(),
        request.seed(),
        request.heightPixels(),
        request.widthPixels(),
        modelDigest.substring(0, Math.min(10, modelDigest.length())),
        modelName);
  }

  /**
   * The inverse of {@link #text()}. A text that is none is an {@link IllegalArgumentException}. The
   * format has no escape for texts: a prompt with a line that begins with {@code Negative prompt:}
   * is read as two texts, as the web UI reads it.
   */
  public static GenerationParameters parse(String text) {
    int end = text.lastIndexOf('\n');
    Map<String, String> settings = ParameterLine.parse(text.substring(end + 1));
    String texts = end < 0 ? "" : text.substring(0, end);
    int negative = texts.startsWith(NEGATIVE) ? 0 : texts.indexOf("\n" + NEGATIVE) + 1;
    boolean hasNegative = texts.startsWith(NEGATIVE, negative);
    String prompt = hasNegative ? texts.substring(0, Math.max(0, negative - 1)) : texts;
    String[] size = read(settings, "Size", "", GenerationParameters::size);
    return new GenerationParameters(
        prompt,
        hasNegative ? texts.substring(negative + NEGATIVE.length()) : "",
        read(settings, "Steps", "", Integer::valueOf),
        settings.get("Sampler").toLowerCase(Locale.ROOT),
        read(settings, "CFG scale", "", Double::valueOf),
        read(settings, "Guidance rescale", "0", Double::valueOf),
        read(settings, "Eta DDIM", "0", Double::valueOf),
        read(settings, "Seed", "", Long::valueOf),
        Integer.parseInt(size[1]),
        Integer.parseInt(size[0]),
        settings.getOrDefault("Model hash", ""),
        settings.getOrDefault("Model", ""));
  }

  private static String[] size(String text) {
    if (!text.matches("\\d{1,9}x\\d{1,9}")) {
      throw new IllegalArgumentException(text);
    }
    return text.split("x", -1);
  }

  private static <T> T read(
      Map<String, String> settings, String key, String usual, Function<String, T> parse) {
    String value = settings.getOrDefault(key, usual);
    try {
      return parse.apply(value);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(
          "Cannot read generation parameters: %s must be a %s (%s)"
              .formatted(key, key.equals("Size") ? "width x height" : "number", Shown.text(value)),
          e);
    }
  }

  /** Prompt, negative prompt and settings as lines. */
  public String text() {
    String negative = negativePrompt.isEmpty() ? "" : "\n" + NEGATIVE + negativePrompt;
    return prompt + negative + "\n" + ParameterLine.text(settings());
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    settings.put("Steps", Integer.toString(numInferenceSteps));
    settings.put("Sampler", scheduler.toUpperCase(Locale.ROOT));
    settings.put("CFG scale", Double.toString(guidanceScale));
    settings.put("Seed", Long.toString(seed));
    settings.put("Size", widthPixels + "x" + heightPixels);
    settings.put("Model hash", modelHash);
    settings.put("Model", modelName);
    if (eta != 0) {
      settings.put("Eta DDIM", Double.toString(eta));
    }
    if (guidanceRescale != 0) {
      settings.put("Guidance rescale", Double.toString(guidanceRescale));
    }
    return settings;
  }

  /** A row that makes the same picture again, as the only one of that row. */
  public PromptRow toRow(String id) {
    return new PromptRow(
        id,
        prompt,
        negativePrompt,
        seed,
        numInferenceSteps,
        guidanceScale,
        guidanceRescale,
        heightPixels,
        widthPixels,
        1,
        scheduler,
        eta);
  }

  /** The line of settings: texts stay out of logs. */
  @Override
  public String toString() {
    return settings().entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .collect(Collectors.joining(", ", "GenerationParameters[", "]"));
  }
}

package io.sparkdiffusion.metadata;

import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.PromptEmbeds;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.sampler.Samplers;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The {@code parameters} text of AUTOMATIC1111's web UI, which many programs read from PNG files.
 *
 * @param values of {@link Parameters#OF_IMAGE}
 * @param modelHash the first ten hex digits of the model digest
 * @param modelName the model folder's name
 * @param loras what was added to the model
 * @param embeddings what joined its text encoder's tokens
 */
public record GenerationParameters(
    Values values,
    String modelHash,
    String modelName,
    List<LoraTag> loras,
    List<EmbeddingTag> embeddings) {

  private static final String LORA_HASHES = "Lora hashes";
  private static final String EMBEDDING_HASHES = "TI hashes";
  private static final Pattern TAGS = Pattern.compile("(?s)(.*?)((?: <lora:[^<>]*>)*+)");
  private static final Pattern TAG = Pattern.compile("<lora:([^<>]*):([^<>:]*)>");

  private static final String NEGATIVE = "Negative prompt: ";
  private static final String SIZE = "Size";

  /** What the web UI calls the parameters that it has; it always says those of the first six. */
  private static final Map<Parameter<?>, String> LABELS =
      Map.of(
          Parameters.NUM_INFERENCE_STEPS, "Steps",
          Parameters.SCHEDULER, "Sampler",
          Parameters.GUIDANCE_SCALE, "CFG scale",
          Parameters.SEED, "Seed",
          Parameters.HEIGHT, SIZE,
          Parameters.WIDTH, SIZE,
          Parameters.ETA, "Eta DDIM",
          Parameters.STRENGTH, "Denoising strength");

  /** Those of which a digest is said. */
  private static final List<Parameter<PromptEmbeds>> EMBEDS =
      List.of(Parameters.PROMPT_EMBEDS, Parameters.NEGATIVE_PROMPT_EMBEDS);

  /** Those of them that are said where they have another value than the usual one. */
  private static final Set<Parameter<?>> LABELED_WHERE_SET =
      Set.of(Parameters.ETA, Parameters.STRENGTH);

  /**
   * All that are said where they have another value than the usual one, by their labels; tags say
   * LoRAs.
   */
  private static final List<Parameter<?>> SAID_WHERE_SET =
      Parameters.OF_IMAGE.stream()
          .filter(parameter -> !parameter.isPrivate() && parameter != Parameters.LORAS)
          .filter(
              parameter -> LABELED_WHERE_SET.contains(parameter) || !LABELS.containsKey(parameter))
          .sorted(Comparator.comparing(GenerationParameters::label))
          .toList();

  /** Those that are said wherever they mean something. */
  private static final Set<Parameter<?>> ALWAYS_SAID =
      Set.of(Parameters.STRENGTH, Parameters.NOISE_LEVEL);

  /** Keeps copies. */
  public GenerationParameters {
    loras = List.copyOf(loras);
    embeddings = List.copyOf(embeddings);
  }

  /** Those of an image of a model without embeddings. */
  public GenerationParameters(
      Values values, String modelHash, String modelName, List<LoraTag> loras) {
    this(values, modelHash, modelName, loras, List.of());
  }

  /** The same of a model with embeddings. */
  public GenerationParameters with(List<EmbeddingTag> joined) {
    return new GenerationParameters(values, modelHash, modelName, loras, joined);
  }

  /** The parameters of one image of a model without LoRAs. */
  public static GenerationParameters of(
      ImageRequest request, String modelDigest, String modelName) {
    return of(request, modelDigest, modelName, List.of());
  }

  /** The parameters of one image. */
  public static GenerationParameters of(
      ImageRequest request, String modelDigest, String modelName, List<LoraTag> loras) {
    return new GenerationParameters(
        request.values(),
        modelDigest.substring(0, Math.min(10, modelDigest.length())),
        modelName,
        loras);
  }

  private static String label(Parameter<?> parameter) {
    String name = parameter.name().replace('_', ' ');
    return LABELS.getOrDefault(
        parameter, name.substring(0, 1).toUpperCase(Locale.ROOT) + name.substring(1));
  }

  /**
   * The inverse of {@link #text()}. A text that is none is an {@link IllegalArgumentException}. The
   * format has no escape for texts: a prompt with a line that begins with {@code Negative prompt:}
   * is read as two texts, as the web UI reads it.
   */
  public static GenerationParameters parse(String text) {
    int end = text.lastIndexOf('\n');
    Map<String, String> settings = ParameterLine.parse(text.substring(end + 1));
    Map<String, String> hashes = hashes(settings.getOrDefault(LORA_HASHES, ""));
    List<LoraTag> loras = new ArrayList<>();
    List<EmbeddingTag> embeddings = new ArrayList<>();
    hashes(settings.getOrDefault(EMBEDDING_HASHES, ""))
        .forEach((name, hash) -> embeddings.add(new EmbeddingTag(name, hash)));
    List<Parameter.Value<?>> values =
        new ArrayList<>(texts(end < 0 ? "" : text.substring(0, end), hashes, loras));
    values.add(Parameters.SCHEDULER.of(Samplers.ofLabel(settings.get("Sampler"))));
    values.add(read(Parameters.NUM_INFERENCE_STEPS, settings));
    values.add(read(Parameters.GUIDANCE_SCALE, settings));
    values.add(read(Parameters.SEED, settings));
    values.addAll(size(settings.get(SIZE)));
    SAID_WHERE_SET.stream()
        .filter(parameter -> settings.containsKey(label(parameter)))
        .forEach(parameter -> values.add(read(parameter, settings)));
    return new GenerationParameters(
        Start.completed(Values.of(values)),
        settings.getOrDefault("Model hash", ""),
        settings.getOrDefault("Model", ""),
        loras,
        embeddings);
  }

  /** Whether such a text is of an image whose prompts were embeddings, which it does not hold. */
  public static boolean isOfEmbeds(String text) {
    Map<String, String> settings = ParameterLine.parse(text.substring(text.lastIndexOf('\n') + 1));
    return EMBEDS.stream().anyMatch(parameter -> settings.containsKey(label(parameter)));
  }

  /** {@code name: hash, name: hash}. */
  private static Map<String, String> hashes(String text) {
    Map<String, String> hashes = new LinkedHashMap<>();
    for (String pair : text.split(", ", -1)) {
      int colon = pair.indexOf(": ");
      if (colon > 0) {
        hashes.put(pair.substring(0, colon), pair.substring(colon + 2));
      }
    }
    return hashes;
  }

  /** Takes the tags of LoRAs with a hash off; any other is a part of the prompt. */
  private static String untagged(String prompt, Map<String, String> hashes, List<LoraTag> loras) {
    Matcher parts = TAGS.matcher(prompt);
    if (hashes.isEmpty() || !parts.matches()) {
      return prompt;
    }
    List<LoraTag> all =
        TAG.matcher(parts.group(2))
            .results()
            .map(tag -> new LoraTag(tag.group(1), tag.group(2), hashes.get(tag.group(1))))
            .filter(tag -> tag.hash() != null)
            .toList();
    List<LoraTag> last = all.subList(Math.max(0, all.size() - hashes.size()), all.size());
    loras.addAll(last);
    return prompt.substring(0, prompt.length() - tags(last).length());
  }

  private static String tags(List<LoraTag> loras) {
    return loras.stream().map(lora -> " " + lora.text()).collect(Collectors.joining());
  }

  private static List<Parameter.Value<String>> texts(
      String texts, Map<String, String> hashes, List<LoraTag> loras) {
    int negative = texts.startsWith(NEGATIVE) ? 0 : texts.indexOf("\n" + NEGATIVE) + 1;
    boolean hasNegative = texts.startsWith(NEGATIVE, negative);
    return List.of(
        Parameters.PROMPT.of(
            untagged(
                hasNegative ? texts.substring(0, Math.max(0, negative - 1)) : texts,
                hashes,
                loras)),
        Parameters.NEGATIVE_PROMPT.of(
            hasNegative ? texts.substring(negative + NEGATIVE.length()) : ""));
  }

  private static List<Parameter.Value<Integer>> size(String text) {
    if (!text.matches("\\d{1,9}x\\d{1,9}")) {
      throw misread(SIZE, "width x height", text);
    }
    String[] size = text.split("x", -1);
    return List.of(
        Parameters.WIDTH.of(Integer.valueOf(size[0])),
        Parameters.HEIGHT.of(Integer.valueOf(size[1])));
  }

  private static <T> Parameter.Value<T> read(Parameter<T> parameter, Map<String, String> settings) {
    String text = settings.get(label(parameter));
    Optional<Parameter.Value<T>> value;
    try {
      value = parameter.read(parameter == Parameters.CLIP_SKIP ? counted(text, -1) : text);
    } catch (IllegalArgumentException e) {
      throw (IllegalArgumentException) misread(label(parameter), "number", text).initCause(e);
    }
    return value.orElseThrow(() -> misread(label(parameter), "number", text));
  }

  /** The web UI counts the layer where it stops from the end, from 1. */
  private static String counted(String number, int difference) {
    return Integer.toString(Integer.parseInt(number) + difference);
  }

  private static IllegalArgumentException misread(String label, String rule, String text) {
    return new IllegalArgumentException(
        "Cannot read generation parameters: %s must be a %s (%s)"
            .formatted(label, rule, Shown.text(text)));
  }

  /** Prompt, negative prompt and settings as lines. */
  public String text() {
    String negative = values.get(Parameters.NEGATIVE_PROMPT);
    return values.get(Parameters.PROMPT)
        + tags(loras)
        + (negative.isEmpty() ? "" : "\n" + NEGATIVE + negative)
        + "\n"
        + ParameterLine.text(settings());
  }

  private Map<String, String> settings() {
    Map<String, String> settings = new LinkedHashMap<>();
    put(settings, Parameters.NUM_INFERENCE_STEPS);
    settings.put("Sampler", Samplers.label(values.get(Parameters.SCHEDULER)));
    put(settings, Parameters.GUIDANCE_SCALE);
    put(settings, Parameters.SEED);
    settings.put(SIZE, values.get(Parameters.WIDTH) + "x" + values.get(Parameters.HEIGHT));
    settings.put("Model hash", modelHash);
    settings.put("Model", modelName);
    for (Parameter<?> parameter : SAID_WHERE_SET) {
      if (isSaid(parameter)) {
        put(settings, parameter);
      }
    }
    for (Parameter<PromptEmbeds> parameter : EMBEDS) {
      values.find(parameter).ifPresent(given -> settings.put(label(parameter), given.digest()));
    }
    putHashes(settings, LORA_HASHES, loras, lora -> lora.name() + ": " + lora.hash());
    putHashes(settings, EMBEDDING_HASHES, embeddings, one -> one.name() + ": " + one.hash());
    return settings;
  }

  private static <T> void putHashes(
      Map<String, String> settings, String label, List<T> files, Function<T, String> text) {
    if (!files.isEmpty()) {
      settings.put(label, files.stream().map(text).collect(Collectors.joining(", ")));
    }
  }

  /**
   * The web UI tells of every image that starts from another how much is drawn anew; one that is
   * upscaled says how much noise went over it.
   */
  private boolean isSaid(Parameter<?> parameter) {
    boolean isSet = !parameter.usual().equals(values.find(parameter));
    return InputImage.isUsed(parameter, values) && (isSet || ALWAYS_SAID.contains(parameter));
  }

  private void put(Map<String, String> settings, Parameter<?> parameter) {
    String value = values.get(parameter).toString();
    settings.put(label(parameter), parameter == Parameters.CLIP_SKIP ? counted(value, 1) : value);
  }

  /** The same of an image that has an input image whose file is elsewhere. */
  public GenerationParameters with(InputImage input, String path) {
    return new GenerationParameters(
        values.with(input.path().of(path)), modelHash, modelName, loras, embeddings);
  }

  /** A row that makes the same image again, as the only one of that row. */
  public Values toRow(String id) {
    return values.with(Parameters.ID.of(id)).with(Parameters.NUM_IMAGES.of(1));
  }

  /** The line of settings: texts stay out of logs. */
  @Override
  public String toString() {
    return settings().entrySet().stream()
        .map(entry -> entry.getKey() + ": " + entry.getValue())
        .collect(Collectors.joining(", ", "GenerationParameters[", "]"));
  }
}

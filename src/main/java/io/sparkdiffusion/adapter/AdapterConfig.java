package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.util.Sha256;
import io.sparkdiffusion.weights.TensorFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * PEFT's configuration of an adapter, of which alpha counts: diffusers writes one for each network
 * into the file's notes, PEFT writes one file beside.
 *
 * @param values by key, behind the network's folder and a dot where it is one network's
 * @param text what counts of the file beside, empty where there is none
 */
record AdapterConfig(Path file, Map<String, Object> values, String text) {

  /** What PEFT calls the file beside {@code adapter_model.safetensors}. */
  static final String NAME = "adapter_config.json";

  private static final Set<String> COUNTING = Set.of("lora_alpha", "alpha_pattern", "use_rslora");
  private static final String NOTE = "lora_adapter_metadata";

  AdapterConfig {
    values = Collections.unmodifiableMap(new LinkedHashMap<>(values));
  }

  /** What an adapter's layers are scaled by. */
  record Alpha(double alpha, boolean byRoot) {

    /** For a layer of a rank (arXiv 2106.09685, section 4.1; 2312.03732 for the root). */
    double scale(long rank) {
      return alpha / (byRoot ? Math.sqrt((double) rank) : rank);
    }
  }

  static AdapterConfig of(TensorFile file) {
    String note = file.metadata().get(NOTE);
    if (note != null) {
      return new AdapterConfig(
          file.path(), StrictJson.parse(note, NOTE + " of " + file.path()), "");
    }
    Path beside = file.path().resolveSibling(NAME);
    boolean isPeft = file.path().endsWith("adapter_model.safetensors");
    if (!isPeft || !Files.isRegularFile(beside)) {
      return new AdapterConfig(file.path(), Map.of(), "");
    }
    Map<String, Object> values = StrictJson.read(beside);
    return new AdapterConfig(file.path(), values, canonical(values));
  }

  private static String canonical(Map<String, Object> values) {
    Map<String, Object> counting = new TreeMap<>(values);
    counting.keySet().retainAll(COUNTING);
    return StrictJson.canonical(counting);
  }

  /** Of the adapter's file and what counts beside it. */
  String digest(String fileHash) {
    return text.isEmpty() ? fileHash : Sha256.of(fileHash + "\n" + text);
  }

  /**
   * The alpha of a layer; empty where nothing says it.
   *
   * @param layer the weight's name without its last part
   */
  Optional<Alpha> alpha(String network, String layer) {
    return value(network, "lora_alpha")
        .map(usual -> new Alpha(number(pattern(network, layer).orElse(usual)), isByRoot(network)));
  }

  private boolean isByRoot(String network) {
    return value(network, "use_rslora").filter(Boolean.TRUE::equals).isPresent();
  }

  /**
   * A pattern is the end of a layer's name, or the whole of it behind {@code ^}; of several the
   * first counts (peft, get_pattern_key).
   */
  private Optional<Object> pattern(String network, String layer) {
    Object patterns = value(network, "alpha_pattern").orElse(Map.of());
    if (!(patterns instanceof Map<?, ?> map)) {
      throw wrong("alpha_pattern", "it must be a mapping", patterns);
    }
    return map.entrySet().stream()
        .filter(entry -> matches(entry.getKey().toString(), layer))
        .findFirst()
        .map(Map.Entry::getValue);
  }

  private static boolean matches(String pattern, String layer) {
    return pattern.startsWith("^")
        ? layer.equals(pattern.substring(1))
        : layer.equals(pattern) || layer.endsWith("." + pattern);
  }

  private Optional<Object> value(String network, String key) {
    Object ofNetwork = values.get(network + "." + key);
    return Optional.ofNullable(ofNetwork == null ? values.get(key) : ofNetwork);
  }

  private double number(Object value) {
    if (value instanceof Number number && Double.isFinite(number.doubleValue())) {
      return number.doubleValue();
    }
    throw wrong("lora_alpha", "it must be a number", value);
  }

  private ProblemsException wrong(String key, String rule, Object value) {
    return new ProblemsException(
        "Cannot use LoRA %s: %s of its configuration: %s (%s)"
            .formatted(file, key, rule, Shown.value(value)));
  }
}

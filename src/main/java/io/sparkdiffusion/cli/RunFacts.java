package io.sparkdiffusion.cli;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageCommand;
import io.sparkdiffusion.metadata.ImageOrigin;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** What {@code run.json} beside an image says of the model that has made it. */
record RunFacts(Map<String, Object> report) {

  /** The image's folder or the one above it is the run's output folder. */
  static Optional<RunFacts> beside(Path image) {
    Path folder = image.toAbsolutePath().normalize().getParent();
    return Stream.of(folder, folder.resolve(".."))
        .map(place -> place.resolve("run.json"))
        .filter(Files::exists)
        .findFirst()
        .map(StrictJson::read)
        .map(RunFacts::new);
  }

  /** The settings that name an image's model; nothing where the report has none. */
  Optional<Map<String, String>> modelOf(GenerationParameters image, ImageOrigin origin) {
    return report.get("configuration") instanceof Map<?, ?> settings
        ? Optional.of(
            ImageCommand.modelOf(
                settings,
                text(model(), "commit"),
                loras(image, origin),
                text(model(), "embeddings")))
        : Optional.empty();
  }

  /**
   * The setting that names an image's LoRAs, empty for none. A run may have several sets, of which
   * the model's digest tells the right one.
   */
  String loras(GenerationParameters image, ImageOrigin origin) {
    String digest = origin.modelDigest();
    if (image.loras().isEmpty()) {
      return "";
    }
    return sets()
        .filter(set -> text(set, "digest").equals(digest))
        .findFirst()
        .map(set -> text(set, "loras"))
        .orElseGet(() -> text(model(), "loras"));
  }

  private Stream<Map<?, ?>> sets() {
    return model().get("lora_sets") instanceof List<?> all
        ? all.stream().filter(Map.class::isInstance).map(set -> (Map<?, ?>) set)
        : Stream.empty();
  }

  private Map<?, ?> model() {
    return report.get("model") instanceof Map<?, ?> told ? told : Map.of();
  }

  private static String text(Map<?, ?> facts, String fact) {
    return facts.get(fact) instanceof String text ? text : "";
  }
}

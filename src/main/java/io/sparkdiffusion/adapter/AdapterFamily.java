package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** Which models an adapter is for, by its names and by the width of what it attends to. */
final class AdapterFamily {

  private static final Pattern SDXL =
      Pattern.compile(
          "(?s)(lora_te2_|text_encoder_2\\.|lora_unet_(input|output)_blocks_).*"
              + "|.*down_blocks[._]2[._]attentions[._]\\d[._]transformer_blocks[._][1-9].*");

  private static final Pattern TRANSFORMER =
      Pattern.compile(
          "(?s)(lora_)?transformer[._].*|(diffusion_model\\.|lora_unet_)?(double|single|joint)_blocks.*");

  /** What cross attention reads, and the text encoder's own attention where there is no other. */
  private static final List<Pattern> READING_TEXT =
      List.of(Pattern.compile("attn2_to_k"), Pattern.compile("self_attn_(q_proj|to_q)"));

  /** By the width of a token's embedding. */
  private static final Map<Long, String> BY_WIDTH =
      Map.of(
          768L, "Stable Diffusion 1",
          1024L, "Stable Diffusion 2",
          1280L, "Stable Diffusion XL's refiner",
          2048L, "Stable Diffusion XL");

  private AdapterFamily() {}

  /** Which models a token's embedding is for. */
  static String ofWidth(long width) {
    return BY_WIDTH.getOrDefault(width, "another model");
  }

  /**
   * Compares an adapter with the model.
   *
   * @param shapes of the model's weights by network
   * @throws ProblemsException that says which models the adapter is for, where this is none
   */
  static void require(AdapterFile adapter, Map<String, Map<String, Shape>> shapes) {
    for (String name : adapter.keys().keySet()) {
      if (SDXL.matcher(name).matches()) {
        throw foreign(adapter, "Stable Diffusion XL", Shown.text(name));
      }
      if (TRANSFORMER.matcher(name).matches()) {
        throw foreign(
            adapter, "a transformer, such as Stable Diffusion 3 or Flux", Shown.text(name));
      }
    }
    for (Pattern reading : READING_TEXT) {
      Optional<Long> trained = width(adapter, reading);
      Optional<Long> own = width(shapes, reading);
      if (trained.isPresent() && own.isPresent() && !trained.equals(own)) {
        throw foreign(
            adapter,
            ofWidth(trained.get()),
            "its text is %s wide, the model's %s".formatted(trained.get(), own.get()));
      }
    }
  }

  private static Optional<Long> width(AdapterFile adapter, Pattern reading) {
    return adapter.keys().entrySet().stream()
        .filter(
            entry ->
                entry
                    .getValue()
                    .filter(key -> key.part() == AdapterKey.Part.DOWN)
                    .filter(key -> reading.matcher(key.layer()).find())
                    .isPresent())
        .map(entry -> adapter.tensors().shape(entry.getKey()))
        .filter(shape -> shape.rank() >= 2)
        .map(shape -> shape.size(1))
        .findFirst();
  }

  private static Optional<Long> width(Map<String, Map<String, Shape>> shapes, Pattern reading) {
    return shapes.values().stream()
        .flatMap(network -> network.entrySet().stream())
        .filter(entry -> entry.getValue().rank() == 2)
        .filter(entry -> reading.matcher(entry.getKey().replace('.', '_')).find())
        .map(entry -> entry.getValue().size(1))
        .findFirst();
  }

  private static ProblemsException foreign(AdapterFile adapter, String family, String sign) {
    return new ProblemsException(
        "Cannot use LoRA %s: it must be for this model, it is for %s (%s)"
            .formatted(adapter, family, sign));
  }
}

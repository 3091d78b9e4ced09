package io.sparkdiffusion.adapter;

import io.sparkdiffusion.graph.Shape;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A network's layers that an adapter can change, linear ones and convolutions, by their names with
 * underscores.
 */
final class LayerNames {

  private static final String WEIGHT = ".weight";

  private final Map<String, String> weights = new HashMap<>();

  /**
   * The layers among weights.
   *
   * @param shapes by name
   */
  LayerNames(Map<String, Shape> shapes) {
    shapes.forEach(
        (name, shape) -> {
          if (name.endsWith(WEIGHT) && (shape.rank() == 2 || shape.rank() == 4)) {
            String layer = name.substring(0, name.length() - WEIGHT.length());
            weights.put(layer.replace('.', '_'), name);
          }
        });
  }

  /** The name of a layer's weight; empty where the network has none of that name. */
  Optional<String> weight(String layer) {
    return spellings(layer).map(weights::get).filter(name -> name != null).findFirst();
  }

  /**
   * diffusers' processors left the 0 of {@code to_out.0} away and called the text encoder's layers
   * as the UNet's; transformers 5 has no {@code text_model} around the encoder.
   */
  private static Stream<String> spellings(String layer) {
    String full = layer.startsWith("encoder_layers_") ? "text_model_" + layer : layer;
    return Stream.of(full, full + "_0", full.replaceFirst("_to_(q|k|v|out)$", "_$1_proj"));
  }
}

package io.sparkdiffusion.adapter;

import io.sparkdiffusion.adapter.AdapterLayers.Place;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * What an adapter's layers are scaled by: alpha / rank, where alpha is PEFT's configuration's, or
 * the layer's own tensor, or the rank itself.
 */
final class AdapterScales {

  private final AdapterFile adapter;
  private final Map<Place, Factors> factors;
  private final Map<String, Long> firstRanks = new LinkedHashMap<>();

  /**
   * Scales of layers.
   *
   * @param factors of all layers, in the order of the file
   */
  AdapterScales(AdapterFile adapter, Map<Place, Factors> factors) {
    this.adapter = adapter;
    this.factors = factors;
    factors.forEach((place, both) -> firstRanks.putIfAbsent(place.network(), both.rank()));
  }

  /**
   * The scale of a layer.
   *
   * @param alpha the tensor that has it
   */
  double scale(Place place, Optional<String> alpha) {
    long rank = factors.get(place).rank();
    return adapter
        .config()
        .alpha(place.network(), place.layer())
        .map(configured -> configured.scale(rank))
        .orElseGet(() -> alpha.map(this::number).orElseGet(() -> usual(place, rank)) / rank);
  }

  /**
   * Where nothing says alpha, all layers have that of the first, as in diffusers (get_peft_kwargs);
   * where other layers say theirs, it is the rank (kohya's trainer).
   */
  private double usual(Place place, long rank) {
    boolean someSayIt =
        adapter.keys().values().stream()
            .flatMap(Optional::stream)
            .anyMatch(key -> key.part() == AdapterKey.Part.ALPHA);
    return someSayIt ? rank : firstRanks.get(place.network());
  }

  private double number(String tensor) {
    double alpha =
        adapter.tensors().shape(tensor).count() == 1
            ? adapter.tensors().number(tensor)
            : Double.NaN;
    if (!Double.isFinite(alpha)) {
      throw new ProblemsException(
          "Cannot use %s of %s: alpha must be one finite number (shape %s)"
              .formatted(Shown.text(tensor), adapter, adapter.tensors().shape(tensor)));
    }
    return alpha;
  }
}

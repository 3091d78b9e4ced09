package io.sparkdiffusion.adapter;

import io.sparkdiffusion.adapter.AdapterLayers.Place;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What an adapter's layers are scaled by: alpha / rank, where alpha is PEFT's configuration's, or
 * the layer's own tensor, or the rank itself.
 */
final class AdapterScales {

  /** In the order of transformers' CLIPEncoderLayer. */
  private static final List<String> TEXT_LAYERS =
      List.of("k_proj", "v_proj", "q_proj", "out_proj", "fc1", "fc2");

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
    factors.keySet().stream()
        .sorted(Comparator.comparingInt(AdapterScales::order))
        .forEach(place -> firstRanks.putIfAbsent(place.network(), factors.get(place).rank()));
  }

  /** The UNet's layers as the file has them, the text encoder's as its modules are listed. */
  private static int order(Place place) {
    if (!place.network().equals(AdapterKey.TEXT_ENCODER)) {
      return 0;
    }
    List<String> names = List.of(place.layer().split("\\."));
    int block =
        names.stream()
            .filter(name -> name.matches("\\d{1,4}"))
            .findFirst()
            .map(Integer::valueOf)
            .orElse(0);
    return block * TEXT_LAYERS.size() + TEXT_LAYERS.indexOf(names.get(names.size() - 1));
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

package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.Shape;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/** One adapter's layers, matched with a model's. */
final class AdapterLayers {

  private static final int MOST_TOLD = 5;

  private final AdapterFile adapter;
  private final Map<String, Map<String, Shape>> shapes;
  private final Map<String, LayerNames> names;
  private final Map<Place, Map<AdapterKey.Part, String>> tensors = new LinkedHashMap<>();
  private final List<String> unmatched = new ArrayList<>();

  /** A weight of a network. */
  record Place(String network, String weight) {

    String layer() {
      return weight.substring(0, weight.lastIndexOf('.'));
    }
  }

  /** What an adapter adds to a place, before its weight. */
  record Layer(Place place, Factors factors, double scale) {}

  private AdapterLayers(AdapterFile adapter, Map<String, Map<String, Shape>> shapes) {
    this.adapter = adapter;
    this.shapes = shapes;
    this.names =
        shapes.entrySet().stream()
            .collect(Collectors.toMap(Map.Entry::getKey, all -> new LayerNames(all.getValue())));
  }

  /**
   * Finds the model's layers and compares shapes.
   *
   * @param shapes of the model's weights, by network and name
   * @param ignored takes the tensors that belong to no layer, where they are ignored
   * @throws ProblemsException with every problem
   */
  static List<Layer> match(
      AdapterFile adapter,
      Map<String, Map<String, Shape>> shapes,
      LoraUnmatched rule,
      List<String> ignored) {
    AdapterFamily.require(adapter, shapes);
    AdapterLayers layers = new AdapterLayers(adapter, shapes);
    adapter.keys().forEach(layers::place);
    if (rule == LoraUnmatched.REFUSE) {
      layers.refuseUnmatched();
    }
    ignored.addAll(layers.unmatched);
    return layers.checked();
  }

  private void place(String tensor, Optional<AdapterKey> key) {
    Optional<Place> place = key.flatMap(this::place);
    if (place.isEmpty()) {
      unmatched.add(tensor);
      return;
    }
    String twin =
        tensors
            .computeIfAbsent(place.get(), any -> new EnumMap<>(AdapterKey.Part.class))
            .putIfAbsent(key.orElseThrow().part(), tensor);
    if (twin != null) {
      throw new ProblemsException(
          "Cannot use LoRA %s: each layer must be there once (%s and %s)"
              .formatted(adapter, Shown.text(twin), Shown.text(tensor)));
    }
  }

  private Optional<Place> place(AdapterKey key) {
    List<String> networks =
        key.network().map(List::of).orElse(List.of(AdapterKey.UNET, AdapterKey.TEXT_ENCODER));
    return networks.stream()
        .flatMap(
            network ->
                names.get(network).weight(key.layer()).stream()
                    .map(weight -> new Place(network, weight)))
        .findFirst();
  }

  private void refuseUnmatched() {
    if (!unmatched.isEmpty()) {
      throw ProblemsException.withFix(
          "Cannot use LoRA %s: each of its tensors must belong to a layer of the model (%s of %s do not: %s)"
              .formatted(adapter, unmatched.size(), adapter.keys().size(), Shown.some(unmatched)),
          "lora_unmatched=ignore leaves them out");
    }
  }

  private List<Layer> checked() {
    Problems problems = new Problems();
    Map<Place, Factors> factors = new LinkedHashMap<>();
    tensors.forEach(
        (place, parts) ->
            problems.gather(() -> factors(place, parts)).ifPresent(all -> factors.put(place, all)));
    refuseMany(problems);
    AdapterScales scales = new AdapterScales(adapter, factors);
    List<Layer> layers = new ArrayList<>();
    factors.forEach(
        (place, both) -> {
          Optional<String> alpha =
              Optional.ofNullable(tensors.get(place).get(AdapterKey.Part.ALPHA));
          problems
              .gather(() -> new Layer(place, both, scales.scale(place, alpha)))
              .ifPresent(layers::add);
          problems.check(both::requireFinite);
        });
    refuseMany(problems);
    return layers;
  }

  /** Many of a kind have one cause. */
  private void refuseMany(Problems problems) {
    List<String> lines = problems.lines();
    if (lines.size() > MOST_TOLD) {
      throw new ProblemsException(
          List.of(
              lines.get(0),
              "Cannot use LoRA %s: all of its layers must be usable (%s others are not)"
                  .formatted(adapter, lines.size() - 1)));
    }
    problems.throwIfAny();
  }

  private Factors factors(Place place, Map<AdapterKey.Part, String> parts) {
    String down = parts.get(AdapterKey.Part.DOWN);
    String up = parts.get(AdapterKey.Part.UP);
    if (down == null || up == null) {
      throw new ProblemsException(
          "Cannot use LoRA %s: a layer must have both factors (only %s)"
              .formatted(adapter, Shown.some(parts.values())));
    }
    Factors factors = new Factors(adapter.tensors(), down, up);
    factors.require(place.weight(), shape(place));
    return factors;
  }

  private Shape shape(Place place) {
    return shapes.get(place.network()).get(place.weight());
  }
}

package io.sparkdiffusion.adapter;

import io.sparkdiffusion.adapter.AdapterLayers.Layer;
import io.sparkdiffusion.adapter.AdapterLayers.Place;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.LowRank;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.WeightSource;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Adapters that fit a model. They are added to its weights one by one while these are read, so that
 * the model runs as fast as without them.
 */
public final class Adapters {

  private final List<AdapterFile> files;
  private final Map<Place, List<Addition>> additions;
  private final List<String> ignored;

  private record Addition(Factors factors, double scale) {

    LowRank read() {
      return factors.scaled(scale);
    }
  }

  private Adapters(
      List<AdapterFile> files, Map<Place, List<Addition>> additions, List<String> ignored) {
    this.files = files;
    this.additions = additions;
    this.ignored = List.copyOf(ignored);
  }

  /**
   * Matches adapters with a model's layers; all numbers of theirs are looked at, none is kept.
   *
   * @param shapes of the model's weights, by network and name
   * @throws ProblemsException with every problem of every adapter
   */
  public static Adapters check(AdapterSet set, Map<String, Map<String, Shape>> shapes) {
    Problems problems = new Problems();
    Map<Place, List<Addition>> additions = new LinkedHashMap<>();
    List<String> ignored = new ArrayList<>();
    for (WeightedAdapter adapter : set.adapters()) {
      problems
          .gather(() -> AdapterLayers.match(adapter.file(), shapes, set.unmatched(), ignored))
          .ifPresent(layers -> layers.forEach(layer -> add(additions, layer, adapter.weight())));
    }
    problems.throwIfAny();
    return new Adapters(
        set.adapters().stream().map(WeightedAdapter::file).distinct().toList(), additions, ignored);
  }

  private static void add(Map<Place, List<Addition>> additions, Layer layer, double weight) {
    additions
        .computeIfAbsent(layer.place(), any -> new ArrayList<>())
        .add(new Addition(layer.factors(), layer.scale() * weight));
  }

  /** Tensors of the files that belong to no layer of the model. */
  public List<String> ignored() {
    return ignored;
  }

  /** How many of a model's weights they change. */
  public int changed() {
    return additions.size();
  }

  /**
   * A network's weights with what the adapters add.
   *
   * @param network its folder
   */
  public WeightSource over(String network, WeightSource weights) {
    return reader -> {
      weights.forEach(
          (name, stored, shape) -> {
            List<Addition> added = additions.getOrDefault(new Place(network, name), List.of());
            reader.read(
                name,
                added.isEmpty()
                    ? stored
                    : () -> stored.get().plus(added.stream().map(Addition::read).toList()),
                shape);
          });
      files.forEach(file -> file.tensors().requireUnchanged());
    };
  }
}

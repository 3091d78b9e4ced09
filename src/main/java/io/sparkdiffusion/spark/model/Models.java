package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.LoraTag;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import java.io.Serializable;
import java.io.UncheckedIOException;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.apache.hadoop.conf.Configuration;

/**
 * A run's models: the job's, and one for each other set of LoRAs that rows name. A request says
 * which by {@link Parameters#LORAS}, the model's own {@link Model.Loras#setting()}.
 */
public final class Models implements Serializable {

  private static final long serialVersionUID = 1L;

  /** By what a request says, the job's first. */
  private final Map<String, Model> all = new LinkedHashMap<>();

  /** What a request says, by what a row says. */
  private final Map<String, String> settled = new HashMap<>();

  /** Why it cannot be used, by what a row says. */
  private final Map<String, String> refused = new HashMap<>();

  private final Model usual;

  private Models(Model usual) {
    this.usual = usual;
    all.put(usual.loras().setting(), usual);
    settled.put("", usual.loras().setting());
  }

  /** A run whose rows name no LoRAs. */
  public static Models of(Model usual) {
    return new Models(usual);
  }

  /**
   * Finds what rows name, each set once. Sets of the same files with the same weights are one.
   *
   * @param usual the job's
   * @param named how the job names it
   * @param cells what rows say
   * @param reachable refuses what no machine could read
   * @throws ProblemsException where the model takes no LoRAs
   */
  public static Models find(
      Model usual,
      ModelConfig named,
      Collection<String> cells,
      Consumer<LoraConfig> reachable,
      Configuration hadoop) {
    return find(usual, named, cells, reachable, hadoop, HubEnvironment.ofProcess());
  }

  /** The same with another hub than this process's environment names. */
  static Models find(
      Model usual,
      ModelConfig named,
      Collection<String> cells,
      Consumer<LoraConfig> reachable,
      Configuration hadoop,
      HubEnvironment hub) {
    Models models = new Models(usual);
    if (cells.isEmpty()) {
      return models;
    }
    AdaptableModel opened = usual.generators().adaptable(usual.baseDigest(), named, hadoop, hub);
    Map<Same, Model> found = new HashMap<>();
    found.put(Same.of(usual), usual);
    for (String cell : new TreeSet<>(cells)) {
      try {
        LoraConfig loras = LoraConfig.ofRow(cell, named.loras().unmatched());
        reachable.accept(loras);
        Model made = usual.with(opened.with(loras));
        models.add(cell, found.computeIfAbsent(Same.of(made), any -> made));
      } catch (ProblemsException e) {
        models.refused.put(cell, String.join("; ", e.problems()));
      } catch (UncheckedIOException e) {
        models.refused.put(cell, e.getMessage());
      }
    }
    return models;
  }

  /** What decides images and what they say. */
  private record Same(String digest, List<LoraTag> tags) {

    static Same of(Model model) {
      return new Same(model.digest(), model.loras().tags());
    }
  }

  private void add(String cell, Model model) {
    all.put(model.loras().setting(), model);
    settled.put(cell, model.loras().setting());
  }

  /** The job's. */
  public Model usual() {
    return usual;
  }

  /** Each once, the job's first. */
  public List<Model> all() {
    return List.copyOf(all.values());
  }

  /** Whether a device may be asked for more than one. */
  public boolean areSeveral() {
    return all.size() > 1;
  }

  /**
   * A request that says which LoRAs it is made with.
   *
   * @param asked as its row says
   * @throws ProblemsException where these cannot be used, with the reason
   */
  public ImageRequest settled(ImageRequest asked) {
    String cell = asked.values().get(Parameters.LORAS);
    if (refused.containsKey(cell)) {
      throw new ProblemsException(refused.get(cell));
    }
    if (!settled.containsKey(cell)) {
      throw new IllegalStateException("Cannot plan an image: the table has changed meanwhile");
    }
    return asked.with(Parameters.LORAS.of(settled.get(cell)));
  }

  /** The model of a settled request. */
  public Model of(ImageRequest settledRequest) {
    Model model = all.get(settledRequest.values().get(Parameters.LORAS));
    if (model == null) {
      throw new IllegalStateException("Cannot make an image: no model has its LoRAs");
    }
    return model;
  }

  /** The same for a run whose number format and batches are settled. */
  public Models settled(ExecutionConfig execution) {
    return each(model -> model.settled(execution));
  }

  private Models each(UnaryOperator<Model> change) {
    Models changed = new Models(change.apply(usual));
    all.forEach((setting, model) -> changed.all.put(setting, change.apply(model)));
    changed.settled.putAll(settled);
    changed.refused.putAll(refused);
    return changed;
  }
}

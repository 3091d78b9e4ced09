package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.hadoop.conf.Configuration;

/**
 * The generators of this JVM: one for each factory and device, closed when the JVM ends. A run with
 * several sets of LoRAs has one at a time of them.
 */
final class LoadedGenerators {

  private static final ConcurrentMap<Key, LoadedGenerator> LOADED = new ConcurrentHashMap<>();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(LoadedGenerators::closeAll, "spark-diffusion-close"));
  }

  private static final ConcurrentMap<Key, ModelTurns> TURNS = new ConcurrentHashMap<>();

  private LoadedGenerators() {}

  private record Key(GeneratorFactory factory, String device) {}

  /**
   * A model of a run, loaded by the first task that asks; the others wait for it.
   *
   * @throws org.apache.spark.TaskKilledException where the task is cancelled while another model
   *     has its turn
   */
  static ModelTurns.Lease take(Models models, Model model, String device, Configuration hadoop) {
    if (!models.areSeveral()) {
      return new ModelTurns.Lease(getOrCreate(model.generators(), device, hadoop), () -> {});
    }
    return TURNS
        .computeIfAbsent(
            new Key(models.usual().generators(), device), key -> new ModelTurns(key.device()))
        .take(model.generators(), hadoop);
  }

  static LoadedGenerator getOrCreate(
      GeneratorFactory factory, String device, Configuration hadoop) {
    LoadedGenerator slot =
        LOADED.computeIfAbsent(
            new Key(factory, device), key -> new LoadedGenerator(key.factory(), key.device()));
    slot.load(hadoop);
    return slot;
  }

  /**
   * Forgets the generators of a device that is lost for this process. They are not closed: that
   * would ask the device.
   */
  static void drop(String device) {
    LOADED.keySet().removeIf(key -> key.device().equals(device));
    TURNS.keySet().removeIf(key -> key.device().equals(device));
  }

  private static void closeAll() {
    LOADED.values().forEach(LoadedGenerator::close);
    LOADED.clear();
    TURNS.values().forEach(ModelTurns::close);
    TURNS.clear();
  }
}

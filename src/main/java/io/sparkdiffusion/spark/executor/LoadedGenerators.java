package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.model.GeneratorFactory;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import org.apache.hadoop.conf.Configuration;

/** The generators of this JVM: one for each factory and device, closed when the JVM ends. */
final class LoadedGenerators {

  private static final ConcurrentMap<Key, LoadedGenerator> LOADED = new ConcurrentHashMap<>();

  static {
    Runtime.getRuntime()
        .addShutdownHook(new Thread(LoadedGenerators::closeAll, "spark-diffusion-close"));
  }

  private LoadedGenerators() {}

  private record Key(GeneratorFactory factory, String device) {}

  /** The generator of a device, loaded by the first task that asks; the others wait for it. */
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
  }

  private static void closeAll() {
    LOADED.values().forEach(LoadedGenerator::close);
    LOADED.clear();
  }
}

package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.spark.model.GeneratorFactory;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.TaskContext;
import org.apache.spark.TaskKilledException;

/**
 * The models of a run on one device, of which one is loaded at a time. Tasks whose images have the
 * same LoRAs share it; a task of another model waits until they have ended. Images are planned by
 * LoRAs, so that each model comes once but for tasks that Spark repeats.
 */
final class ModelTurns {

  /** How soon a waiting task hears that it was cancelled. */
  private static final long LOOK_MILLIS = 500;

  private final String device;
  private final Map<GeneratorFactory, LoadedGenerator> known = new HashMap<>();
  private Optional<GeneratorFactory> current = Optional.empty();
  private int users;

  ModelTurns(String device) {
    this.device = device;
  }

  /**
   * Waits for the model's turn and loads it unless it is there.
   *
   * @return the model until it is given back
   * @throws TaskKilledException where the running task is cancelled meanwhile
   */
  synchronized Lease take(GeneratorFactory factory, Configuration hadoop) {
    Optional<GeneratorFactory> wanted = Optional.of(factory);
    awaitTurn(wanted);
    if (!current.equals(wanted)) {
      current.map(known::get).ifPresent(LoadedGenerator::close);
      current = wanted;
    }
    LoadedGenerator loaded =
        known.computeIfAbsent(factory, any -> new LoadedGenerator(factory, device));
    loaded.load(hadoop);
    users++;
    return new Lease(loaded, this::giveBack);
  }

  private synchronized void awaitTurn(Optional<GeneratorFactory> wanted) {
    while (users > 0 && !current.equals(wanted)) {
      try {
        wait(LOOK_MILLIS);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new TaskKilledException("interrupted");
      }
      if (TaskContext.get().isInterrupted()) {
        throw new TaskKilledException("the run was stopped");
      }
    }
  }

  private synchronized void giveBack() {
    users--;
    notifyAll();
  }

  /** Closes what is loaded; nobody uses it any more. */
  synchronized void close() {
    known.values().forEach(LoadedGenerator::close);
  }

  /** A model that a task may use until it gives it back. */
  static final class Lease implements AutoCloseable {

    private final LoadedGenerator loaded;
    private Optional<Runnable> end;

    /** Something happens once when it is given back. */
    Lease(LoadedGenerator loaded, Runnable end) {
      this.loaded = loaded;
      this.end = Optional.of(end);
    }

    LoadedGenerator loaded() {
      return loaded;
    }

    /** Gives it back; more than once is once. */
    @Override
    public void close() {
      end.ifPresent(Runnable::run);
      end = Optional.empty();
    }
  }
}

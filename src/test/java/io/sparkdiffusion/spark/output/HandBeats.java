package io.sparkdiffusion.spark.output;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * Heartbeats that come when a test says so, and to all at once; who waits for some has them come.
 */
public final class HandBeats implements Heartbeats {

  private final List<Runnable> beating = new CopyOnWriteArrayList<>();

  @Override
  public void await(int count) {
    for (int i = 0; i < count; i++) {
      beat();
    }
  }

  @Override
  public Runnable start(Runnable beat) {
    beating.add(beat);
    return () -> beating.remove(beat);
  }

  /** The time of one has gone by. */
  public void beat() {
    beating.forEach(Runnable::run);
  }
}

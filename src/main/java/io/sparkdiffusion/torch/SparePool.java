package io.sparkdiffusion.torch;

import java.util.concurrent.CountDownLatch;

/**
 * A pool of libgomp's threads that only sleeps. While there are more threads in pools than
 * processors, libgomp lets a waiting thread of any pool spin for 100 rounds only.
 */
final class SparePool implements AutoCloseable {

  /** As Linux shows its threads; those of libgomp are called as the one that made them. */
  static final String NAME = "openmp-spare";

  private final CountDownLatch closed = new CountDownLatch(1);

  /**
   * Makes the pool, soon.
   *
   * @param threads how many are in it, with the one that owns it; 2 or more
   */
  SparePool(Libgomp libgomp, int threads) {
    Thread owner = new Thread(() -> own(libgomp, threads), NAME);
    owner.setDaemon(true);
    owner.start();
  }

  /** libgomp ends a pool with the thread that owns it. */
  private void own(Libgomp libgomp, int threads) {
    libgomp.runEmptyRegion(threads);
    try {
      closed.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** Lets the pool end, soon. */
  @Override
  public void close() {
    closed.countDown();
  }
}

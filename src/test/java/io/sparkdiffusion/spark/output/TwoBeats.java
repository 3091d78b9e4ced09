package io.sparkdiffusion.spark.output;

import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * The time of two runs that begin at once. Nobody beats; who waits for one heartbeat goes on once
 * the other run waits for one too, which is to say that both have written their names by then.
 */
public final class TwoBeats implements Heartbeats {

  private static final long MOST_SECONDS = 20;

  private final CyclicBarrier both = new CyclicBarrier(2);
  private final CountDownLatch first = new CountDownLatch(1);

  @Override
  public void await(int count) throws InterruptedException {
    if (count == 1) {
      first.countDown();
      try {
        both.await(MOST_SECONDS, TimeUnit.SECONDS);
      } catch (BrokenBarrierException | TimeoutException e) {
        throw new IllegalStateException("the other run did not wait", e);
      }
    }
  }

  /** Until the faster run waits; where it does not, the slower one fails. */
  public void awaitTheFirst() throws InterruptedException {
    if (!first.await(MOST_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the faster run did not wait for the slower one");
    }
  }

  @Override
  public Runnable start(Runnable beat) {
    return () -> {};
  }
}

package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class BackgroundResourceTest {

  private final AtomicInteger closed = new AtomicInteger();

  @Test
  void makesBesideItsOwnerAndClosesWhatItMade() throws Exception {
    CountDownLatch ownerWentOn = new CountDownLatch(1);
    BackgroundResource<AutoCloseable> started =
        new BackgroundResource<>(
            "making",
            () -> {
              await(ownerWentOn);
              assertThat(Thread.currentThread().getName()).isEqualTo("making");
              assertThat(Thread.currentThread().isDaemon()).isTrue();
              return closed::incrementAndGet;
            });
    ownerWentOn.countDown();
    assertThat(started.get()).isSameAs(started.get());
    assertThat(closed).hasValue(0);
    started.close();
    assertThat(closed).hasValue(1);
  }

  @Test
  void throwsWhatMakingThrewAndHasNothingToClose() throws Exception {
    IllegalStateException failure = new IllegalStateException("no");
    BackgroundResource<AutoCloseable> started =
        new BackgroundResource<>(
            "failing",
            () -> {
              throw failure;
            });
    assertThatThrownBy(started::get).isSameAs(failure);
    started.close();
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}

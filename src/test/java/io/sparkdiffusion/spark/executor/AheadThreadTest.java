package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

class AheadThreadTest {

  private static final String NAME = "ahead-thread-test";

  private final List<String> events = new CopyOnWriteArrayList<>();

  @Test
  void worksOnAThreadOfItsOwnInOrder() {
    try (AheadThread ahead = new AheadThread(NAME)) {
      Supplier<String> first = ahead.begin(() -> Thread.currentThread().getName() + " 1");
      Supplier<String> second = ahead.begin(() -> Thread.currentThread().getName() + " 2");
      assertThat(second.get()).isEqualTo(NAME + " 2");
      assertThat(first.get()).isEqualTo(NAME + " 1");
    }
    assertThat(isAlive()).isFalse();
  }

  @Test
  void throwsWhatTheWorkThrewWhereItIsAskedFor() {
    IllegalStateException failure = new IllegalStateException("Cannot go on");
    OutOfMemoryError error = new OutOfMemoryError("Java heap space");
    try (AheadThread ahead = new AheadThread(NAME)) {
      Supplier<String> failed = ahead.begin(() -> thrown(failure));
      Supplier<String> fatal = ahead.begin(() -> thrown(error));
      Supplier<String> good = ahead.begin(() -> "good");
      assertThatThrownBy(failed::get).isSameAs(failure);
      assertThatThrownBy(fatal::get).isSameAs(error);
      assertThat(good.get()).isEqualTo("good");
    }
  }

  private static String thrown(RuntimeException failure) {
    throw failure;
  }

  private static String thrown(Error error) {
    throw error;
  }

  /** As Spark interrupts a task: the work hears of it, and who waited knows it still. */
  @Test
  void tellsTheWorkThatWhoWaitsWasInterrupted() {
    try (AheadThread ahead = new AheadThread(NAME)) {
      Supplier<String> begun = ahead.begin(this::untilInterrupted);
      Thread.currentThread().interrupt();
      assertThat(begun.get()).isEqualTo("interrupted");
      assertThat(Thread.interrupted()).isTrue();
      assertThat(ahead.begin(() -> "goes on").get()).isEqualTo("goes on");
    }
  }

  @Test
  void endsWithWorkThatNobodyAsksFor() throws InterruptedException {
    CountDownLatch isRunning = new CountDownLatch(1);
    try (AheadThread ahead = new AheadThread(NAME)) {
      Supplier<String> unused =
          ahead.begin(
              () -> {
                isRunning.countDown();
                return untilInterrupted();
              });
      assertThat(unused).isNotNull();
      isRunning.await();
    }
    assertThat(events).as("it was waited for").containsExactly("interrupted");
    assertThat(isAlive()).isFalse();
  }

  private String untilInterrupted() {
    try {
      Thread.sleep(60_000);
      return "slept";
    } catch (InterruptedException e) {
      events.add("interrupted");
      return "interrupted";
    }
  }

  private static boolean isAlive() {
    return Thread.getAllStackTraces().keySet().stream()
        .anyMatch(thread -> thread.getName().equals(NAME));
  }
}

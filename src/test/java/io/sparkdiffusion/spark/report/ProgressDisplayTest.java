package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class ProgressDisplayTest {

  private final List<String> lines = new ArrayList<>();
  private final AtomicLong seconds = new AtomicLong(100);

  @Test
  void predictsWithoutTheTimeOfLoadingAndEndsWithTheRateOfAll() {
    ProgressDisplay display = display(0);
    display.show(0, 1000);
    seconds.addAndGet(60);
    display.show(10, 1000);
    seconds.addAndGet(10);
    display.show(30, 1000);
    display.show(30, 1000);
    seconds.addAndGet(485);
    display.end(1000, 1000);
    assertThat(lines)
        .containsExactly(
            "0 of 1000 images",
            "10 of 1000 images",
            "30 of 1000 images, 2.00 per second, 8 min 05 s left",
            "1000 of 1000 images, 1.80 per second");
  }

  @Test
  void drawsABar() {
    display(8).show(5, 10);
    assertThat(lines).containsExactly("[####....] 5 of 10 images");
  }

  @Test
  void drawsABarAgainThoughNothingIsNew() {
    ProgressDisplay display = display(2);
    display.show(1, 1);
    display.show(1, 1);
    assertThat(lines).containsExactly("[##] 1 of 1 image", "[##] 1 of 1 image");
  }

  private ProgressDisplay display(int width) {
    return new ProgressDisplay(
        width, Duration.ofSeconds(1), lines::add, lines::add, () -> seconds.get() * 1_000_000_000L);
  }
}

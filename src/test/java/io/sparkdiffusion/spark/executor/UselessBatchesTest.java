package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.testing.Requests;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class UselessBatchesTest {

  private static final ImageRequest REQUEST = Requests.of("a", 0, "fox", "");
  private static final ImageResult NAN = ImageResult.Failed.notFinite(REQUEST, "Cannot keep: NaN");
  private static final ImageResult TOO_LARGE = new ImageResult.Failed(REQUEST, "Cannot: memory");
  private static final ImageResult GOOD =
      new ImageResult.Generated(
          REQUEST,
          new byte[3],
          new ImageResult.TextUse(1, ""),
          new ImageResult.TextUse(1, ""),
          Duration.ZERO);

  private final UselessBatches batches = new UselessBatches();

  @Test
  void threeWholeBatchesAreTooMany() {
    assertThat(batches.areTooMany(batch(NAN, 8))).isFalse();
    assertThat(batches.areTooMany(batch(NAN, 8))).isFalse();
    assertThat(batches.areTooMany(batch(NAN, 1))).isTrue();
    assertThat(batches.areTooMany(batch(NAN, 1))).as("from now on each").isTrue();
  }

  @Test
  void smallBatchesAreMore() {
    for (int i = 1; i < 16; i++) {
      assertThat(batches.areTooMany(batch(NAN, 1))).isFalse();
    }
    assertThat(batches.areTooMany(batch(NAN, 1))).isTrue();
  }

  @Test
  void oneGoodImageIsEnough() {
    List<ImageResult> mixed = new ArrayList<>(batch(NAN, 15));
    mixed.add(GOOD);
    batches.areTooMany(batch(NAN, 16));
    batches.areTooMany(batch(NAN, 16));
    assertThat(batches.areTooMany(mixed)).isFalse();
    assertThat(batches.areTooMany(batch(NAN, 16))).isFalse();
  }

  @Test
  void lackOfMemoryIsAnotherMatter() {
    for (int i = 0; i < 5; i++) {
      assertThat(batches.areTooMany(batch(TOO_LARGE, 16))).isFalse();
    }
  }

  /**
   * A cluster's other executor gets a task that has failed here twice; then NaN are failed rows.
   */
  @Test
  void aTaskFailsTwiceWhereSparkTriesItHereAgain() {
    assertThat(batches.shallFail(new UselessBatches.Attempt("3.0", 0))).isTrue();
    assertThat(batches.shallFail(new UselessBatches.Attempt("3.0", 1))).isTrue();
    assertThat(batches.shallFail(new UselessBatches.Attempt("3.0", 2))).isFalse();
    assertThat(batches.shallFail(new UselessBatches.Attempt("3.1", 1))).as("elsewhere").isFalse();
    assertThat(batches.shallFail(new UselessBatches.Attempt("3.2", 0))).isTrue();
  }

  private static List<ImageResult> batch(ImageResult result, int size) {
    return Collections.nCopies(size, result);
  }
}

package io.sparkdiffusion.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class WeightsOnDemandTest {

  private int reads;

  @Test
  void readsWhenAskedFirstAndAgainAfterTheyWereFreed() {
    try (TorchDevice device = TorchDevice.open("cpu");
        WeightsOnDemand weights = new WeightsOnDemand(() -> read(device))) {
      assertThat(weights.loading()).isZero();
      WeightDictionary first = weights.get();
      assertThat(weights.get()).isSameAs(first);
      assertThat(reads).isEqualTo(1);

      Duration once = weights.loading();
      assertThat(once).isPositive();
      weights.close();
      assertThat(weights.get()).isNotSameAs(first);
      assertThat(weights.loading()).isGreaterThan(once);
    }
  }

  @Test
  void aFailureLeavesNothingAndTheNextCallTriesAgain() {
    try (TorchDevice device = TorchDevice.open("cpu");
        WeightsOnDemand weights =
            new WeightsOnDemand(
                () -> {
                  if (reads++ == 0) {
                    throw new IllegalStateException("no");
                  }
                  return new WeightDictionary(device);
                })) {
      assertThatThrownBy(weights::get).hasMessage("no");
      assertThat(weights.get()).isNotNull();
    }
  }

  private WeightDictionary read(TorchDevice device) {
    reads++;
    return new WeightDictionary(device);
  }
}

package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CrowdingTest {

  private static final double NEITHER = (Crowding.CROWDED + Crowding.CALM) / 2;

  @Test
  void beginsWithTheFirstLookThatFindsMuchLost() {
    assertThat(after(0, NEITHER, Crowding.CROWDED).isCrowded()).isFalse();
    assertThat(after(0, Crowding.CROWDED + 0.01).isCrowded()).isTrue();
  }

  @Test
  void endsOnlyAfterSomeTimeOfCalm() {
    double[] lost = new double[Crowding.LOOKS_OF_CALM + 1];
    lost[0] = 2;
    for (int looks = 1; looks <= Crowding.LOOKS_OF_CALM; looks++) {
      assertThat(after(Arrays.copyOf(lost, looks)).isCrowded()).isTrue();
    }
    assertThat(after(lost).isCrowded()).isFalse();
  }

  @Test
  void calmMustLast() {
    Crowding almost = after(2).after(0);
    for (int look = 0; look < 10 * Crowding.LOOKS_OF_CALM; look++) {
      almost = almost.after(NEITHER).after(0);
    }
    assertThat(almost).isEqualTo(new Crowding(true, 1));
  }

  @Test
  void beginsAnewAfterItsEnd() {
    Crowding calm = new Crowding(false, Crowding.LOOKS_OF_CALM);
    assertThat(calm.after(0)).isEqualTo(calm);
    assertThat(calm.after(2)).isEqualTo(new Crowding(true, 0));
  }

  private static Crowding after(double... lost) {
    Crowding crowding = Crowding.NONE;
    for (double each : lost) {
      crowding = crowding.after(each);
    }
    return crowding;
  }
}

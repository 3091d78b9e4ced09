package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import org.junit.jupiter.api.Test;

class CrowdingTest {

  private static final Crowding CROWD = new Crowding(true, 0);
  private static final double NEITHER = (Crowding.CROWDED + Crowding.CALM) / 2;

  @Test
  void beginsAfterSomeLooksThatFindMuchLost() {
    double[] lost = repeated(Crowding.CROWDED + 0.01, Crowding.LOOKS_OF_CROWD);
    assertThat(after(Arrays.copyOf(lost, lost.length - 1)).isCrowded()).isFalse();
    assertThat(after(lost)).isEqualTo(CROWD);
    assertThat(after(repeated(Crowding.CROWDED, 100))).isEqualTo(Crowding.NONE);
  }

  @Test
  void aCrowdMustLast() {
    assertThat(after(2, 2, NEITHER, 2, 2, NEITHER)).isEqualTo(Crowding.NONE);
  }

  @Test
  void endsOnlyAfterSomeTimeOfCalm() {
    Crowding crowding = CROWD;
    for (int looks = 1; looks <= Crowding.LOOKS_OF_CALM; looks++) {
      assertThat(crowding.isCrowded()).isTrue();
      crowding = crowding.after(0);
    }
    assertThat(crowding).isEqualTo(Crowding.NONE);
  }

  @Test
  void calmMustLast() {
    Crowding almost = CROWD.after(0);
    for (int look = 0; look < 10 * Crowding.LOOKS_OF_CALM; look++) {
      almost = almost.after(NEITHER).after(0);
    }
    assertThat(almost).isEqualTo(new Crowding(true, 1));
  }

  private static double[] repeated(double lost, int looks) {
    double[] all = new double[looks];
    Arrays.fill(all, lost);
    return all;
  }

  private static Crowding after(double... lost) {
    Crowding crowding = Crowding.NONE;
    for (double each : lost) {
      crowding = crowding.after(each);
    }
    return crowding;
  }
}

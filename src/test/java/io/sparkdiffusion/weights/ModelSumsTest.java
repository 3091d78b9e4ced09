package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class ModelSumsTest {

  private static final String A = "a".repeat(64);
  private static final String B = "b".repeat(64);
  private static final String C = "c".repeat(64);

  @Test
  void readsWhatSha256sumWrites() {
    String text = A + "  unet/x\r\n\n" + "B".repeat(64) + " *./vae/y z\n";

    ModelSums sums = ModelSums.parse(text, "sums");

    assertThat(sums).isEqualTo(sums("unet/x", A, "vae/y z", B));
    assertThat(ModelSums.parse(sums.lines(), "again")).isEqualTo(sums);
  }

  /** {@code printf '%064d b\n%064d a\n' 0 1 | sha256sum}. */
  @Test
  void digestsTheLinesInTheirOrder() {
    ModelSums sums = sums("a", "0".repeat(63) + "1", "b", "0".repeat(64));

    assertThat(sums.lines()).isEqualTo("0".repeat(64) + "  b\n" + "0".repeat(63) + "1  a\n");
    assertThat(sums.digest())
        .isEqualTo("8f4e6087562820a8a85389ecda58d80ec084b1acbbb6385c8f0b0a3e2862fa19");
  }

  @Test
  void refusesOtherLinesAndFilesOutsideTheFolder() {
    String text =
        String.join(
            "\n", A + "  x", "x " + A, B + "  ../x", B + "  unet/../../x", B + "  /x", B + "  x");

    assertThatThrownBy(() -> ModelSums.parse(text, "sums"))
        .hasMessage(
            """
            Cannot read line 2 of sums: it must be a SHA-256, two spaces and a path (x %s)
            Cannot read line 3 of sums: the path must stay in the folder (../x)
            Cannot read line 4 of sums: the path must stay in the folder (unet/../../x)
            Cannot read line 5 of sums: the path must stay in the folder (/x)
            Cannot read line 6 of sums: each file must be named once (x)"""
                .formatted(A));
  }

  @Test
  void saysInWhichFilesItDiffers() {
    ModelSums ours = sums("equal", A, "ours", A, "other", A);
    ModelSums theirs = sums("equal", A, "theirs", C, "other", B);

    assertThat(ours.differences(ours, "the driver's")).isEmpty();
    assertThat(ours.differences(theirs, "the driver's"))
        .containsExactly(
            "other has sha256 %s, the driver's has %s".formatted(A, B),
            "ours has sha256 %s, the driver's is missing".formatted(A),
            "theirs is missing, the driver's has sha256 %s".formatted(C));
  }

  private static ModelSums sums(String... namesAndSums) {
    TreeMap<String, String> byFile = new TreeMap<>();
    for (int i = 0; i < namesAndSums.length; i += 2) {
      byFile.put(namesAndSums[i], namesAndSums[i + 1]);
    }
    return new ModelSums(byFile);
  }
}

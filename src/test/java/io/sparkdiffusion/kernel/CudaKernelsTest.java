package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Dtype;
import java.util.List;
import org.junit.jupiter.api.Test;

class CudaKernelsTest {

  @Test
  void readsWhatItWrites() {
    String all = "group_norm=moments,fuser=on,shortcut=product,attention=flash,deterministic=off";
    assertThat(CudaKernels.parse(all)).hasToString(all);
    assertThat(CudaKernels.parse("")).isEqualTo(CudaKernels.USUAL).hasToString("");
    assertThat(CudaKernels.parse("fuser=off, attention=cudnn")).hasToString("attention=cudnn");
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertThatThrownBy(() -> CudaKernels.parse("group_norm=nhwc"))
        .hasMessage(
            "Cannot choose kernels: group_norm must be one of aten, moments, channels_first (nhwc)");
    assertThatThrownBy(() -> CudaKernels.parse("norm=aten"))
        .hasMessage(
            "Cannot choose kernels: a key must be one of group_norm, fuser, shortcut, attention,"
                + " deterministic ([norm])");
  }

  @Test
  void choosesTheGpusPassesAlone() {
    assertThat(passes(Target.cuda(Dtype.FLOAT16)))
        .containsExactly("SharedHalves", "ChannelsLast", "TimeIntoBias", "InPlace", "CudnnFlags");
    CudaKernels others =
        CudaKernels.parse("group_norm=moments,shortcut=product,attention=efficient");
    assertThat(passes(Target.cuda(Dtype.FLOAT16, others)))
        .containsExactly(
            "SharedHalves",
            "ChannelsLast",
            "TimeIntoBias",
            "GroupNormByMoments",
            "ShortcutIntoProduct",
            "AttentionBy",
            "InPlace",
            "CudnnFlags");
    assertThat(passes(Target.cuda(Dtype.FLOAT32, others))).doesNotContain("AttentionBy");
    assertThat(passes(Target.cuda(Dtype.FLOAT16, CudaKernels.parse("group_norm=channels_first"))))
        .doesNotContain("ChannelsLast");
    for (Target.Kernels cpu : List.of(Target.Kernels.ONEDNN, Target.Kernels.ATEN)) {
      assertThat(passes(new Target(Dtype.BFLOAT16, cpu, others)))
          .isEqualTo(passes(new Target(Dtype.BFLOAT16, cpu)));
    }
  }

  /** Weights stay as stored, and nobody records a call for their sake. */
  @Test
  void laysNoWeightsOut() {
    assertThat(
            Target.cuda(Dtype.FLOAT16)
                .packings(
                    () -> {
                      throw new IllegalStateException("no graph is needed");
                    }))
        .isEmpty();
  }

  private static List<String> passes(Target target) {
    return target.passes().stream().map(Pass::name).toList();
  }
}

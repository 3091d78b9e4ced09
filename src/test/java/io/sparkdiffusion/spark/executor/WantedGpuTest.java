package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.torch.NoGpu;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;

class WantedGpuTest {

  private static final List<NoGpu> NONE_HERE =
      List.of(new NoGpu("no driver", "install one"), new NoGpu("for CPUs", "name another"));

  @Test
  void tellsEveryReasonWhereAGpuWasAskedFor() {
    assertThatThrownBy(() -> WantedGpu.require(machine(NONE_HERE), "cuda:1"))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessage(
            """
            Cannot use device=cuda:1: libtorch must have a GPU (no driver); install one, or set \
            device=cpu
            Cannot use device=cuda:1: libtorch must have a GPU (for CPUs); name another, or set \
            device=cpu""");
    assertThatCode(() -> WantedGpu.require(machine(List.of()), "cuda")).doesNotThrowAnyException();
  }

  @Test
  void saysWhyAutoHasBecomeTheCpu() {
    assertThat(WantedGpu.whyCpu(machine(NONE_HERE), "auto", "cpu"))
        .contains("device=auto is the CPU here: no driver");
    assertThat(WantedGpu.whyCpu(machine(List.of()), "auto", "cuda:0")).isEmpty();
    assertThat(WantedGpu.whyCpu(machine(NONE_HERE), "cpu", "cpu")).isEmpty();
  }

  private static GeneratorFactory machine(List<NoGpu> reasons) {
    return new Machine(reasons);
  }

  private record Machine(List<NoGpu> whyNoGpu) implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {}

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      throw new UnsupportedOperationException();
    }

    @Override
    public int gpuCount() {
      return 0;
    }
  }
}

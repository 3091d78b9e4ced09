package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.jna.NativeLibrary;
import io.sparkdiffusion.kernel.Processor;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenMpThreadsTest {

  @Test
  void limitsSpinningInTheProcessThatLoadsLibtorch() {
    TorchEngine.start();
    String users = System.getenv("GOMP_SPINCOUNT");
    boolean isUsers = OpenMpThreads.isSettled(System.getenv());
    assertThat(environment("GOMP_SPINCOUNT"))
        .isEqualTo(isUsers ? users : OpenMpThreads.rounds(Processor.ofThisMachine()));
  }

  @ParameterizedTest
  @CsvSource({"GOMP_SPINCOUNT, true", "OMP_WAIT_POLICY, true", "OMP_NUM_THREADS, false"})
  void leavesWhatTheUserHasSet(String variable, boolean isSettled) {
    assertThat(OpenMpThreads.isSettled(Map.of(variable, "1"))).isEqualTo(isSettled);
  }

  @ParameterizedTest
  @CsvSource({"GenuineIntel, 2000", "AuthenticAMD, 5000", "'', 5000"})
  void countsRoundsByTheProcessorsPause(String vendor, String rounds) {
    assertThat(OpenMpThreads.rounds(new Processor(vendor, Set.of()))).isEqualTo(rounds);
  }

  private static String environment(String name) {
    Object[] arguments = {name};
    return (String)
        NativeLibrary.getProcess().getFunction("getenv").invoke(String.class, arguments);
  }
}

package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jna.NativeLibrary;
import io.sparkdiffusion.kernel.Processor;
import io.sparkdiffusion.testing.ChildJvm;
import io.sparkdiffusion.torch.OpenMpThreads.Spinning;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OpenMpThreadsTest {

  @Test
  void limitsSpinningInTheProcessThatLoadsLibtorch() {
    assumeTrue(Integer.getInteger("ai.djl.pytorch.num_threads", 0) == 1, "one thread computes");
    TorchEngine.start();
    String users = System.getenv(OpenMpThreads.SPIN_COUNT);
    boolean isUsers = OpenMpThreads.spinning(System.getenv(), 1, 1, true) == Spinning.AS_SET;
    assertThat(environment(OpenMpThreads.SPIN_COUNT))
        .isEqualTo(isUsers ? users : OpenMpThreads.rounds(Processor.ofThisMachine()));
  }

  @ParameterizedTest
  @CsvSource({
    "GOMP_SPINCOUNT, AS_SET",
    "OMP_WAIT_POLICY, AS_SET",
    "OMP_NUM_THREADS, BY_LOAD",
  })
  void leavesWhatTheUserHasSet(String variable, Spinning spinning) {
    assertThat(OpenMpThreads.spinning(Map.of(variable, "1"), 2, 2, true)).isEqualTo(spinning);
  }

  @ParameterizedTest(name = "{0} threads, {1} processors")
  @CsvSource({
    "2, 2, 2, BY_LOAD",
    "64, 64, 2, BY_LOAD",
    "48, 64, 18, BY_LOAD",
    "1, 1, 2, LITTLE", // nothing to wait for
    "4, 2, 0, LITTLE", // libgomp limits it anyway
    "2, 64, 64, LITTLE",
    "2, 0, 0, LITTLE", // an unknown number
  })
  void followsTheLoadWhereFewSpareThreadsDo(
      int threads, int processors, int spareThreads, Spinning spinning) {
    assertThat(OpenMpThreads.spareThreads(threads, processors)).isEqualTo(spareThreads);
    assertThat(OpenMpThreads.spinning(Map.of(), threads, processors, true)).isEqualTo(spinning);
    assertThat(OpenMpThreads.spinning(Map.of(), threads, processors, false))
        .isEqualTo(Spinning.LITTLE);
  }

  @ParameterizedTest
  @CsvSource({"GenuineIntel, 2000", "AuthenticAMD, 5000", "'', 5000"})
  void countsRoundsByTheProcessorsPause(String vendor, String rounds) {
    assertThat(OpenMpThreads.rounds(new Processor(vendor, Set.of()))).isEqualTo(rounds);
  }

  @Test
  void spareThreadsStopTheSpinningAsLongAsTheyAreThere() throws IOException, InterruptedException {
    int processors = OpenMpThreads.processors();
    assumeTrue(processors > 1, "one processor: libgomp does not spin");
    assertThat(child(Map.of(OpenMpThreads.SPIN_COUNT, "300000"), processors))
        .contains("not watched", "spins, then sleeps, then spins");
  }

  @Test
  void theLoadIsWatchedWhereAllProcessorsCompute() throws IOException, InterruptedException {
    int processors = OpenMpThreads.processors();
    assumeTrue(processors > 1, "one processor: no thread waits for another");
    assertThat(child(Map.of(), processors).lines()).contains("watched");
  }

  private static String child(Map<String, String> environment, int threads)
      throws IOException, InterruptedException {
    ProcessBuilder child =
        ChildJvm.of(SpinningThreads.class, List.of("-Dai.djl.pytorch.num_threads=" + threads));
    child.environment().keySet().removeAll(Set.of("GOMP_SPINCOUNT", "OMP_WAIT_POLICY"));
    child.environment().putAll(environment);
    Process process = child.start();
    String printed = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(printed).isZero();
    return printed;
  }

  private static String environment(String name) {
    Object[] arguments = {name};
    return (String)
        NativeLibrary.getProcess().getFunction("getenv").invoke(String.class, arguments);
  }
}

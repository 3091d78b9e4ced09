package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class GpuReasonsTest {

  private static final Libtorch CUDA = new Libtorch("2.7.1", "cu126", Optional.of("./gpu-env"));
  private static final Libtorch OF_JOB = new Libtorch("2.7.1", "cpu", Optional.empty());

  @TempDir private Path folder;

  @Test
  void findsNoneWhereDriverDeviceAndLibtorchAreThere() {
    assertThat(reasons(CUDA, StubCuda.driver(12080, 1))).isEmpty();
  }

  @Test
  void tellsAMachineWithoutADriverAndALibtorchForCpusApart() {
    assertThat(GpuReasons.of(OF_JOB, Optional.empty(), Optional.empty()))
        .extracting(NoGpu::reason)
        .containsExactly(
            "this machine has no NVIDIA driver, or this container was not given it (libcuda.so.1"
                + " cannot be loaded)",
            "libtorch 2.7.1+cpu of the job's jar computes on CPUs only");
    assertThat(reasons(OF_JOB, StubCuda.driver(12080, 1)))
        .containsExactly(
            new NoGpu(
                "libtorch 2.7.1+cpu of the job's jar computes on CPUs only",
                "let libtorch_path name a PyTorch with CUDA, which jobs/gpu-env makes"));
  }

  /** CUDA's minor versions are compatible: every driver of CUDA 12 will do. */
  @ParameterizedTest
  @CsvSource({"11080, 11.8", "11040, 11.4"})
  void namesADriverOfAnOlderCuda(int version, String shown) {
    assertThat(reasons(CUDA, StubCuda.driver(version, 1)))
        .containsExactly(
            new NoGpu(
                "the NVIDIA driver knows CUDA %s and must know 12.0".formatted(shown),
                "install driver 525.60.13 or newer"));
    assertThat(reasons(CUDA, StubCuda.driver(12000, 1))).isEmpty();
  }

  @Test
  void namesADriverWithoutADevice() {
    assertThat(
            GpuReasons.of(CUDA, Optional.of(driver(StubCuda.driver(12080, 0))), Optional.of("3")))
        .containsExactly(
            new NoGpu(
                "the NVIDIA driver gives this process no GPU (CUDA_VISIBLE_DEVICES is '3')",
                "see what nvidia-smi -L says here"));
  }

  @Test
  void passesOnWhatABrokenDriverSays() {
    assertThat(reasons(CUDA, StubCuda.brokenDriver(12080, 999, "CUDA_ERROR_UNKNOWN")))
        .extracting(NoGpu::reason)
        .containsExactly(
            "Cannot ask NVIDIA's driver for its devices: it must answer (CUDA_ERROR_UNKNOWN,"
                + " CUresult 999); see what nvidia-smi says on this machine");
  }

  private List<NoGpu> reasons(Libtorch libtorch, StubLibrary driver) {
    return GpuReasons.of(libtorch, Optional.of(driver(driver)), Optional.empty());
  }

  private CudaDriver driver(StubLibrary stub) {
    Path own = folder.resolve("driver" + System.nanoTime());
    return CudaDriver.find(stub.in(own).toString()).orElseThrow();
  }
}

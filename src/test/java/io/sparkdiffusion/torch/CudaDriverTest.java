package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.GraphException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CudaDriverTest {

  @TempDir private Path folder;

  @Test
  void isNotFoundWhereThereIsNoLibrary() {
    assertThat(CudaDriver.find(folder.resolve("libcuda.so.1").toString())).isEmpty();
  }

  @Test
  void tellsVersionAndDevices() {
    CudaDriver driver = driver(StubCuda.driver(12060, 2));

    assertThat(driver.version()).isEqualTo(12060);
    assertThat(driver.deviceCount()).isEqualTo(2);
    assertThat(driver.device(0))
        .isEqualTo(new CudaDevice("NVIDIA H200", 9, 0, "GPU-a1b2c3d4-0000-4000-8000-00000000beef"));
  }

  @Test
  void countsNoneWhereTheDriverHasNoDevice() {
    CudaDriver driver = driver(StubCuda.driver(12060, 0));

    assertThat(driver.deviceCount()).isZero();
    assertThat(driver.version()).isEqualTo(12060);
  }

  @Test
  void saysWhatTheDriverSaysAndTheFix() {
    CudaDriver driver =
        driver(StubCuda.brokenDriver(12060, 803, "CUDA_ERROR_SYSTEM_DRIVER_MISMATCH"));

    assertThatThrownBy(driver::deviceCount)
        .isInstanceOf(GraphException.class)
        .hasMessage(
            "Cannot ask NVIDIA's driver for its devices: it must answer"
                + " (CUDA_ERROR_SYSTEM_DRIVER_MISMATCH, CUresult 803); libcuda.so.1 and the kernel's"
                + " module are of two versions: restart the machine, or give the container the"
                + " host's driver");
  }

  @Test
  void namesTheDeviceThatIsNotThere() {
    CudaDriver driver =
        driver(
            new StubLibrary("libcuda.so.1")
                .returns("cuInit", 0)
                .returns("cuDeviceGet", 101)
                .pointsTo("cuGetErrorName", "CUDA_ERROR_INVALID_DEVICE"));

    assertThatThrownBy(() -> driver.device(7))
        .hasMessage(
            "Cannot ask NVIDIA's driver for device 7: it must answer (CUDA_ERROR_INVALID_DEVICE,"
                + " CUresult 101); see what nvidia-smi says on this machine");
  }

  @Test
  void namesWhatAnAncientDriverLacks() {
    CudaDriver driver = driver(new StubLibrary("libcuda.so.1"));

    assertThatThrownBy(driver::version)
        .isInstanceOf(GraphException.class)
        .hasMessageStartingWith(
            "Cannot ask NVIDIA's driver: libcuda.so.1 must have the function cuDriverGetVersion");
  }

  private CudaDriver driver(StubLibrary library) {
    return CudaDriver.find(library.in(folder).toString()).orElseThrow();
  }
}

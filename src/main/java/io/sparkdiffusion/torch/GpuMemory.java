package io.sparkdiffusion.torch;

import ai.djl.Device;
import ai.djl.util.cuda.CudaUtils;
import java.lang.management.MemoryUsage;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What is taken and free of a GPU's memory, by whichever processes, as CUDA tells it. */
public final class GpuMemory {

  private static final Pattern GPU = Pattern.compile("cuda:(\\d{1,3})");

  private GpuMemory() {}

  /**
   * Taken on a device now; 0 where that is a CPU.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  public static long takenBytes(String device) {
    return gpu(device).map(MemoryUsage::getUsed).orElse(0L);
  }

  /**
   * Free on a device now; 0 where that is a CPU, of whose memory the system knows.
   *
   * @param device {@code cpu} or {@code cuda:N}
   */
  public static long freeBytes(String device) {
    return gpu(device).map(memory -> memory.getMax() - memory.getUsed()).orElse(0L);
  }

  private static Optional<MemoryUsage> gpu(String device) {
    Matcher gpu = GPU.matcher(device);
    return gpu.matches()
        ? Optional.of(CudaUtils.getGpuMemory(Device.gpu(Integer.parseInt(gpu.group(1)))))
        : Optional.empty();
  }
}

package io.sparkdiffusion.torch;

import com.sun.jna.NativeLibrary;
import com.sun.jna.ptr.PointerByReference;
import io.sparkdiffusion.graph.GraphException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.UUID;

/**
 * NVIDIA's driver, asked through the library that comes with it. Nothing of CUDA is linked, and no
 * CUDA runtime is needed to ask.
 */
public final class CudaDriver {

  private static final String LIBRARY = "libcuda.so.1";

  // Values of CUresult and CUdevice_attribute in cuda.h.
  private static final int SUCCESS = 0;
  private static final int STUB_LIBRARY = 34;
  private static final int NO_DEVICE = 100;
  private static final int SYSTEM_DRIVER_MISMATCH = 803;
  private static final int COMPUTE_CAPABILITY_MAJOR = 75;
  private static final int COMPUTE_CAPABILITY_MINOR = 76;

  private static final int NAME_BYTES = 256;
  private static final int UUID_BYTES = 16;

  private final NativeLibrary library;

  private CudaDriver(NativeLibrary library) {
    this.library = library;
  }

  /** The driver of this machine; empty where no {@code libcuda.so.1} can be loaded. */
  public static Optional<CudaDriver> find() {
    return OfThisMachine.DRIVER;
  }

  /** Looked for once: every task asks. */
  private static final class OfThisMachine {
    static final Optional<CudaDriver> DRIVER = find(LIBRARY);
  }

  static Optional<CudaDriver> find(String library) {
    try {
      return Optional.of(new CudaDriver(NativeLibrary.getInstance(library)));
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      return Optional.empty();
    }
  }

  /** The newest CUDA that the driver knows, 12060 for 12.6; no device is needed for this. */
  public int version() {
    int[] version = new int[1];
    call("its version", "cuDriverGetVersion", version);
    return version[0];
  }

  /**
   * How many devices this process may use; 0 where there are none.
   *
   * @throws GraphException where the driver cannot be started
   */
  public int deviceCount() {
    int started = invoke("cuInit", 0);
    if (started == NO_DEVICE) {
      return 0;
    }
    check("its devices", started);
    int[] count = new int[1];
    call("its devices", "cuDeviceGetCount", count);
    return count[0];
  }

  /**
   * A device.
   *
   * @param ordinal from 0, as in {@code cuda:N}
   * @throws GraphException where there is no such device
   */
  public CudaDevice device(int ordinal) {
    String what = "device " + ordinal;
    check(what, invoke("cuInit", 0));
    int[] device = new int[1];
    call(what, "cuDeviceGet", device, ordinal);
    byte[] name = new byte[NAME_BYTES];
    call(what, "cuDeviceGetName", name, name.length, device[0]);
    byte[] uuid = new byte[UUID_BYTES];
    call(what, "cuDeviceGetUuid", uuid, device[0]);
    return new CudaDevice(
        text(name),
        attribute(what, COMPUTE_CAPABILITY_MAJOR, device[0]),
        attribute(what, COMPUTE_CAPABILITY_MINOR, device[0]),
        uuid(uuid));
  }

  /** {@code 12.8} of 12080. */
  static String shown(int cudaVersion) {
    return cudaVersion / 1000 + "." + cudaVersion % 1000 / 10;
  }

  private int attribute(String what, int attribute, int device) {
    int[] value = new int[1];
    call(what, "cuDeviceGetAttribute", value, attribute, device);
    return value[0];
  }

  private static String text(byte[] terminated) {
    int length = 0;
    while (length < terminated.length && terminated[length] != 0) {
      length++;
    }
    return new String(terminated, 0, length, StandardCharsets.UTF_8);
  }

  private static String uuid(byte[] bytes) {
    ByteBuffer halves = ByteBuffer.wrap(bytes);
    return "GPU-" + new UUID(halves.getLong(), halves.getLong());
  }

  private void call(String what, String function, Object... arguments) {
    check(what, invoke(function, arguments));
  }

  private int invoke(String function, Object... arguments) {
    try {
      return library.getFunction(function).invokeInt(arguments);
    } catch (UnsatisfiedLinkError e) {
      throw new GraphException(
          "Cannot ask NVIDIA's driver: %s must have the function %s, as drivers of CUDA 9.2 and newer"
                  .formatted(LIBRARY, function)
              + " have; install a newer driver",
          e);
    }
  }

  private void check(String what, int result) {
    if (result != SUCCESS) {
      throw new GraphException(
          "Cannot ask NVIDIA's driver for %s: it must answer (%s); %s"
              .formatted(what, nameOf(result), fix(result)));
    }
  }

  /** The driver's name of a CUresult and its number. */
  private String nameOf(int result) {
    PointerByReference name = new PointerByReference();
    boolean known = invoke("cuGetErrorName", result, name) == SUCCESS;
    return (known ? name.getValue().getString(0) + ", " : "") + "CUresult " + result;
  }

  private static String fix(int result) {
    return switch (result) {
      case STUB_LIBRARY ->
          "this libcuda.so.1 is the CUDA toolkit's stub: take its folder from LD_LIBRARY_PATH";
      case SYSTEM_DRIVER_MISMATCH ->
          "libcuda.so.1 and the kernel's module are of two versions: restart the machine, or give the"
              + " container the host's driver";
      default -> "see what nvidia-smi says on this machine";
    };
  }
}

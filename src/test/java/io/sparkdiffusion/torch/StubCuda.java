package io.sparkdiffusion.torch;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** NVIDIA's libraries as tests want them to answer. */
public final class StubCuda {

  private StubCuda() {}

  /**
   * A driver.
   *
   * @param version such as 12080
   * @param devices all of them an H200
   */
  public static StubLibrary driver(int version, int devices) {
    return withoutStart(version)
        .returns("cuInit", devices == 0 ? 100 : 0)
        .writes("cuDeviceGetCount", devices)
        .returns("cuDeviceGet", 0)
        .writes("cuDeviceGetName", "NVIDIA H200\0".getBytes(StandardCharsets.UTF_8))
        .writes("cuDeviceGetUuid", uuid("a1b2c3d4-0000-4000-8000-00000000beef"))
        .writesAt("cuDeviceGetAttribute", 75, 9, 0);
  }

  /** A driver that answers everything but its version with an error. */
  public static StubLibrary brokenDriver(int version, int result, String name) {
    return withoutStart(version).returns("cuInit", result).pointsTo("cuGetErrorName", name);
  }

  private static StubLibrary withoutStart(int version) {
    return new StubLibrary("libcuda.so.1").writes("cuDriverGetVersion", version);
  }

  private static byte[] uuid(String text) {
    UUID uuid = UUID.fromString(text);
    byte[] bytes = new byte[16];
    ByteBuffer.wrap(bytes)
        .putLong(uuid.getMostSignificantBits())
        .putLong(uuid.getLeastSignificantBits());
    return bytes;
  }
}

package io.sparkdiffusion.torch;

/**
 * Loads libtorch's libraries for DJL where there is no NVIDIA driver: all but the one that is
 * linked to the driver, which libtorch itself opens only for work on a GPU.
 */
public final class NativeLoader {

  private static final String PROPERTY = "ai.djl.pytorch.native_helper";
  private static final String LINKED_TO_DRIVER = "libcaffe2_nvrtc.so";

  private NativeLoader() {}

  static void use() {
    System.setProperty(PROPERTY, NativeLoader.class.getName());
  }

  /** Called by DJL, by name. */
  public static void load(String path) {
    if (!path.endsWith("/" + LINKED_TO_DRIVER)) {
      System.load(path);
    }
  }
}

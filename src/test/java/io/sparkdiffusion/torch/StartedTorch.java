package io.sparkdiffusion.torch;

/** Starts libtorch twice in a JVM of its own and says how that went, a line each time. */
final class StartedTorch {

  private StartedTorch() {}

  /** Starts the one of a folder, or the usual one. */
  public static void main(String[] path) {
    for (int i = 0; i < 2; i++) {
      try {
        TorchEngine.use(path.length == 0 ? "" : path[0]);
        try (TorchDevice device = TorchDevice.open("cpu");
            DeviceTensor tensor = device.floats(new float[] {1, 2}, 2)) {
          System.out.printf(
              "%s: %s, %d GPUs%n",
              TorchEngine.describe("cpu"), tensor.shape(), TorchDevice.gpuCount());
          TorchEngine.whyNoGpu().forEach(no -> System.out.println("no GPU: " + no.reason()));
        }
      } catch (UnusableLibtorchException e) {
        boolean isRemembered = e.getCause() instanceof UnusableLibtorchException;
        e.problems().forEach(line -> System.out.println(line + (isRemembered ? " again" : "")));
      }
    }
  }
}

package io.sparkdiffusion.torch;

/** Which of libtorch's failures the job answers with a smaller batch; {@code tools/gpu} asks. */
public final class LackOfMemory {

  private LackOfMemory() {}

  /** Whether this text, of whatever failure, means that the device's memory did not suffice. */
  public static boolean isSaidBy(String text) {
    return OutOfDeviceMemoryException.isMeantBy(new IllegalStateException(text));
  }
}

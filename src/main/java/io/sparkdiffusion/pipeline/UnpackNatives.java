package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.text.TokenizerNatives;
import io.sparkdiffusion.torch.TorchEngine;

/**
 * Unpacks the native libraries of the jar to {@code ENGINE_CACHE_DIR} by loading them once, for an
 * image whose containers then need not.
 */
public final class UnpackNatives {

  private UnpackNatives() {}

  /** Says what was loaded. */
  public static void main(String[] none) throws Exception {
    TorchEngine.version();
    TokenizerNatives.unpack();
    System.out.println("Unpacked for " + TorchEngine.describe("cpu"));
  }
}

package io.sparkdiffusion.torch;

import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.JniUtils;

/**
 * Keeps the memory page mapped that holds what libtorch's exponential gives where it overflows.
 *
 * <p>With AVX-512 that function (Sleef, {@code expf16_u10}) loads the constant under a mask. Where
 * no value overflows, a page that is not mapped is no fault, so it stays unmapped, and the
 * processor takes a hundred nanoseconds to find that out for every 16 values: the UNet takes twice
 * as long, for as long as that page is out of memory (docs/kernels.md). Here the exponential does
 * overflow, so that the page comes in.
 */
final class ExpOverflow {

  /** Enough for the vector code of one thread. */
  private static final long VALUES = 1024;

  private final PtNDArray arguments;

  /** Belongs to a CPU's manager, which closes it. */
  ExpOverflow(PtNDManager manager) {
    arguments = (PtNDArray) manager.full(new Shape(VALUES), -1000, DataType.FLOAT32);
  }

  /** Reads the constant: 1 / (1 + exp(1000)), some microseconds. */
  void read() {
    JniUtils.sigmoid(arguments).close();
  }
}

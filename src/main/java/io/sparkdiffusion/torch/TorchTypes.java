package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Dtype;

/** The numbers by which TorchScript knows element types (c10/core/ScalarType.h). */
final class TorchTypes {

  private TorchTypes() {}

  static int number(Dtype dtype) {
    return switch (dtype) {
      case UINT8 -> 0;
      case INT64 -> 4;
      case FLOAT16 -> 5;
      case FLOAT32 -> 6;
      case BFLOAT16 -> 15;
    };
  }
}

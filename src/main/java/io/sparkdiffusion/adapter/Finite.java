package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.weights.TensorFile;
import java.nio.ByteBuffer;
import java.util.stream.IntStream;

/** Whether a file's numbers can be computed with. */
final class Finite {

  private Finite() {}

  /**
   * Reads all numbers of a tensor.
   *
   * @throws ProblemsException where one is not finite
   */
  static void require(TensorFile file, String name) {
    RawWeight raw = file.raw(name);
    IntStream.range(0, raw.bytes().remaining() / raw.type().bytes())
        .filter(i -> !isFinite(raw, i))
        .findFirst()
        .ifPresent(
            i -> {
              throw new ProblemsException(
                  "Cannot use %s of %s: its numbers must be finite (NaN or infinity at %s)"
                      .formatted(Shown.text(name), file.path(), i));
            });
  }

  /** By the exponent's bits. */
  private static boolean isFinite(RawWeight raw, int index) {
    ByteBuffer bytes = raw.bytes();
    int first = bytes.position();
    return switch (raw.type()) {
      case FLOAT32 -> Float.isFinite(bytes.getFloat(first + 4 * index));
      case FLOAT16 -> (bytes.getShort(first + 2 * index) & 0x7C00) != 0x7C00;
      case BFLOAT16 -> (bytes.getShort(first + 2 * index) & 0x7F80) != 0x7F80;
      case UINT8, INT64 -> throw new IllegalStateException("no weight is of " + Dtype.INT64);
    };
  }
}

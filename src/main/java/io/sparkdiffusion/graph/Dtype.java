package io.sparkdiffusion.graph;

import java.util.Arrays;
import java.util.Locale;

/** Element types. */
public enum Dtype {
  /** Unsigned bytes. */
  UINT8(1),
  /** Indices. */
  INT64(8),
  /** IEEE half precision. */
  FLOAT16(2),
  /** IEEE single precision. */
  FLOAT32(4),
  /** The upper half of a float32. */
  BFLOAT16(2);

  private final int bytes;

  Dtype(int bytes) {
    this.bytes = bytes;
  }

  /**
   * The floating type of that name.
   *
   * @param name {@code float32}, {@code bfloat16} or {@code float16}
   * @throws IllegalArgumentException for any other name
   */
  public static Dtype ofCompute(String name) {
    return Arrays.stream(values())
        .filter(dtype -> dtype.isFloating() && dtype.toString().equals(name))
        .findFirst()
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "Cannot use a dtype: it must be float32, bfloat16 or float16 (%s)"
                        .formatted(name)));
  }

  /** Bytes of one element. */
  public int bytes() {
    return bytes;
  }

  /** True for the types that a network can compute in. */
  public boolean isFloating() {
    return this == FLOAT16 || this == FLOAT32 || this == BFLOAT16;
  }

  /** PyTorch's name, such as {@code bfloat16}. */
  @Override
  public String toString() {
    return name().toLowerCase(Locale.ROOT);
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.graph.Shape;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * An array in a file of Flax's.
 *
 * @param type safetensors' name of the element type
 * @param spans where the elements are, row-major and little-endian
 */
record FlaxArray(String type, Shape shape, List<StoredTensor.Span> spans) {

  /** Numpy's names of the types, and safetensors'. */
  private static final Map<String, String> TYPES =
      Map.ofEntries(
          Map.entry("bool", "BOOL"),
          Map.entry("uint8", "U8"),
          Map.entry("int8", "I8"),
          Map.entry("uint16", "U16"),
          Map.entry("int16", "I16"),
          Map.entry("float16", "F16"),
          Map.entry("bfloat16", "BF16"),
          Map.entry("uint32", "U32"),
          Map.entry("int32", "I32"),
          Map.entry("float32", "F32"),
          Map.entry("uint64", "U64"),
          Map.entry("int64", "I64"),
          Map.entry("float64", "F64"));

  static final String TYPE_NAMES = String.join(", ", new TreeSet<>(TYPES.keySet()));

  /** Safetensors' name of the type that numpy calls so. */
  static Optional<String> type(String numpyName) {
    return Optional.ofNullable(TYPES.get(numpyName));
  }

  long bytes() {
    return spans.stream().mapToLong(StoredTensor.Span::bytes).sum();
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * One safetensors file: an 8-byte little-endian header length, a JSON header, the tensors' bytes
 * (format: huggingface/safetensors, README.md). The header is checked completely before any tensor
 * is touched; tensors are memory-mapped one by one.
 */
final class SafetensorsFile {

  private static final int LENGTH_BYTES = 8;

  /** As in the reference implementation. */
  private static final long MAX_HEADER_BYTES = 100_000_000;

  private static final long[] NO_SIZES = new long[0];

  private static final Map<String, Integer> ELEMENT_BYTES =
      Map.ofEntries(
          Map.entry("BOOL", 1),
          Map.entry("U8", 1),
          Map.entry("I8", 1),
          Map.entry("F8_E4M3", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("U16", 2),
          Map.entry("I16", 2),
          Map.entry("F16", 2),
          Map.entry("BF16", 2),
          Map.entry("U32", 4),
          Map.entry("I32", 4),
          Map.entry("F32", 4),
          Map.entry("U64", 8),
          Map.entry("I64", 8),
          Map.entry("F64", 8));

  private final Path path;
  private final Map<String, StoredTensor> tensors;

  private SafetensorsFile(Path path, Map<String, StoredTensor> tensors) {
    this.path = path;
    this.tensors = tensors;
  }

  /**
   * Reads and checks the header.
   *
   * @throws ProblemsException where the file is missing, cut, or breaks the format
   */
  static SafetensorsFile open(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      long headerBytes = headerBytes(path, channel);
      byte[] header = new byte[Math.toIntExact(headerBytes)];
      readFully(channel, ByteBuffer.wrap(header), LENGTH_BYTES);
      Map<String, Object> entries =
          StrictJson.read(new ByteArrayInputStream(header), "the header of " + path);
      long dataStart = LENGTH_BYTES + headerBytes;
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      entries.forEach(
          (name, entry) -> {
            if (!name.equals("__metadata__")) {
              tensors.put(name, tensor(path, name, entry, dataStart));
            }
          });
      checkOffsets(path, tensors, dataStart, channel.size());
      return new SafetensorsFile(path, tensors);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must be readable (%s)".formatted(path, e), e);
    }
  }

  Path path() {
    return path;
  }

  Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** The bytes of a tensor, memory-mapped; at most 2 GiB. */
  ByteBuffer map(StoredTensor tensor) throws IOException {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      return channel
          .map(FileChannel.MapMode.READ_ONLY, tensor.begin(), tensor.bytes())
          .order(ByteOrder.LITTLE_ENDIAN);
    }
  }

  private static long headerBytes(Path path, FileChannel channel) throws IOException {
    if (channel.size() < LENGTH_BYTES) {
      throw broken(path, "the file must begin with 8 bytes of header length", channel.size());
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerBytes = length.getLong(0);
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
      throw broken(
          path,
          "the header must have 2 to %d bytes".formatted(MAX_HEADER_BYTES),
          Long.toUnsignedString(headerBytes));
    }
    if (headerBytes > channel.size() - LENGTH_BYTES) {
      throw broken(
          path,
          "the header must lie inside the file",
          "%d bytes of header, %d of file".formatted(headerBytes, channel.size()));
    }
    return headerBytes;
  }

  private static void readFully(FileChannel channel, ByteBuffer target, long start)
      throws IOException {
    while (target.hasRemaining()) {
      if (channel.read(target, start + target.position()) < 0) {
        throw new IOException("the file ended early");
      }
    }
  }

  private static StoredTensor tensor(Path path, String name, Object entry, long dataStart) {
    if (entry instanceof Map<?, ?> fields
        && fields.get("dtype") instanceof String type
        && ELEMENT_BYTES.containsKey(type)) {
      long[] shape = sizes(fields.get("shape"));
      long[] offsets = sizes(fields.get("data_offsets"));
      if (shape != NO_SIZES && offsets.length == 2 && offsets[1] <= Long.MAX_VALUE - dataStart) {
        return new StoredTensor(
            name, type, Shape.of(shape), dataStart + offsets[0], dataStart + offsets[1]);
      }
    }
    throw broken(
        path, "tensor " + name + " must have a known dtype, a shape and two offsets", entry);
  }

  /** The numbers of a JSON list, or {@link #NO_SIZES} where it is none or one is no size. */
  private static long[] sizes(Object value) {
    boolean fits =
        value instanceof List<?> list
            && list.stream()
                .allMatch(
                    item ->
                        (item instanceof Integer || item instanceof Long)
                            && ((Number) item).longValue() >= 0);
    return fits
        ? ((List<?>) value).stream().mapToLong(item -> ((Number) item).longValue()).toArray()
        : NO_SIZES;
  }

  private static void checkOffsets(
      Path path, Map<String, StoredTensor> tensors, long dataStart, long fileBytes) {
    List<String> problems = new ArrayList<>();
    long next = dataStart;
    for (StoredTensor tensor : sorted(tensors)) {
      String span = "%s, bytes %d to %d".formatted(tensor.name(), tensor.begin(), tensor.end());
      if (tensor.begin() != next) {
        problems.add(message(path, "tensors must follow one another without gap or overlap", span));
      }
      if (tensor.end() > fileBytes || tensor.end() < tensor.begin()) {
        problems.add(message(path, "tensors must lie inside the file of " + fileBytes, span));
      } else if (tensor.bytes() != wantedBytes(tensor)) {
        problems.add(message(path, "a tensor's bytes must fit its shape " + tensor.shape(), span));
      }
      next = tensor.end();
    }
    if (problems.isEmpty() && next != fileBytes) {
      problems.add(message(path, "the tensors must fill the file", next + " of " + fileBytes));
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private static List<StoredTensor> sorted(Map<String, StoredTensor> tensors) {
    return tensors.values().stream()
        .sorted(Comparator.comparingLong(StoredTensor::begin).thenComparing(StoredTensor::end))
        .toList();
  }

  private static long wantedBytes(StoredTensor tensor) {
    try {
      return Math.multiplyExact(tensor.shape().count(), ELEMENT_BYTES.get(tensor.type()));
    } catch (ArithmeticException e) {
      return -1;
    }
  }

  private static ProblemsException broken(Path path, String rule, Object actual) {
    return new ProblemsException(message(path, rule, actual));
  }

  private static String message(Path path, String rule, Object actual) {
    return "Cannot read %s: %s (%s)".formatted(path, rule, actual);
  }
}

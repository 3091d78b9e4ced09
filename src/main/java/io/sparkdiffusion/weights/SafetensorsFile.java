package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Shape;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/**
 * One safetensors file: an 8-byte little-endian header length, a JSON header, the tensors' bytes
 * (format: huggingface/safetensors, README.md). The header is checked completely before any tensor
 * is touched; tensors are memory-mapped one by one.
 */
final class SafetensorsFile implements WeightFile {

  private static final int LENGTH_BYTES = 8;
  private static final String METADATA = "__metadata__";

  /**
   * The reference implementation lets 100 MB pass, which read as JSON would fill a small heap; a
   * UNet's header has 0.1 MB, with what trainers note beside it some more.
   */
  private static final long MAX_HEADER_BYTES = 16_000_000;

  private static final Map<String, Integer> ELEMENT_BYTES =
      Map.ofEntries(
          Map.entry("BOOL", 1),
          Map.entry("U8", 1),
          Map.entry("I8", 1),
          Map.entry("F8_E4M3", 1),
          Map.entry("F8_E5M2", 1),
          Map.entry("F8_E8M0", 1),
          Map.entry("F8_E4M3FNUZ", 1),
          Map.entry("F8_E5M2FNUZ", 1),
          Map.entry("U16", 2),
          Map.entry("I16", 2),
          Map.entry("F16", 2),
          Map.entry("BF16", 2),
          Map.entry("U32", 4),
          Map.entry("I32", 4),
          Map.entry("F32", 4),
          Map.entry("U64", 8),
          Map.entry("I64", 8),
          Map.entry("F64", 8),
          Map.entry("C64", 8));

  private static final String TYPES = String.join(", ", new TreeSet<>(ELEMENT_BYTES.keySet()));

  private final MappedFile file;
  private final Map<String, StoredTensor> tensors;
  private final Map<String, String> metadata;
  private final long dataStart;

  private SafetensorsFile(
      MappedFile file,
      Map<String, StoredTensor> tensors,
      Map<String, String> metadata,
      long dataStart) {
    this.file = file;
    this.tensors = tensors;
    this.metadata = Map.copyOf(metadata);
    this.dataStart = dataStart;
  }

  /**
   * Reads and checks the header.
   *
   * @throws ProblemsException where the file is missing, cut, or breaks the format
   */
  static SafetensorsFile open(Path path) {
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      FileStamp stamp = FileStamp.of(path);
      long headerBytes = headerBytes(path, channel);
      byte[] header = new byte[Math.toIntExact(headerBytes)];
      readFully(channel, ByteBuffer.wrap(header), LENGTH_BYTES);
      Map<String, Object> entries =
          StrictJson.read(new ByteArrayInputStream(header), "the header of " + path);
      long dataStart = LENGTH_BYTES + headerBytes;
      Map<String, StoredTensor> tensors = new LinkedHashMap<>();
      entries.forEach(
          (name, entry) -> {
            if (!name.equals(METADATA)) {
              tensors.put(name, tensor(path, name, entry, dataStart));
            }
          });
      checkSpans(path, tensors.values(), dataStart, channel.size());
      return new SafetensorsFile(
          new MappedFile(path, stamp), tensors, metadata(entries.get(METADATA)), dataStart);
    } catch (NoSuchFileException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must exist (missing)".formatted(path), e);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must be readable (%s)".formatted(path, e.getMessage()), e);
    }
  }

  @Override
  public MappedFile file() {
    return file;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }

  /** What the writer noted beside the tensors: texts by name. */
  Map<String, String> metadata() {
    return metadata;
  }

  /** Where the header ends. */
  long dataStart() {
    return dataStart;
  }

  /** Notes that are no texts say nothing. */
  private static Map<String, String> metadata(Object entry) {
    Map<String, String> notes = new LinkedHashMap<>();
    if (entry instanceof Map<?, ?> map) {
      map.forEach(
          (name, value) -> {
            if (value instanceof String text) {
              notes.put(name.toString(), text);
            }
          });
    }
    return notes;
  }

  private static long headerBytes(Path path, FileChannel channel) throws IOException {
    if (channel.size() < LENGTH_BYTES) {
      throw broken(path, "it must begin with 8 bytes of header length", channel.size() + " bytes");
    }
    ByteBuffer length = ByteBuffer.allocate(LENGTH_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerBytes = length.getLong(0);
    if (WeightFile.isPointer(length.array())) {
      throw broken(path, "it must be a safetensors file, fetch it with git lfs pull", "a pointer");
    }
    if (headerBytes < 2 || headerBytes > MAX_HEADER_BYTES) {
      throw broken(
          path,
          "the header must have 2 to %s bytes".formatted(MAX_HEADER_BYTES),
          Long.toUnsignedString(headerBytes));
    }
    if (headerBytes > channel.size() - LENGTH_BYTES) {
      throw broken(
          path,
          "the header must lie inside the file",
          "%s bytes of header, %s of file".formatted(headerBytes, channel.size()));
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
    if (!(entry instanceof Map<?, ?> fields)) {
      throw broken(path, name, "it must be a mapping", entry);
    }
    if (!(fields.get("dtype") instanceof String type) || !ELEMENT_BYTES.containsKey(type)) {
      throw broken(path, name, "its dtype must be one of " + TYPES, fields.get("dtype"));
    }
    Object shape = fields.get("shape");
    long[] sizes =
        sizes(shape)
            .orElseThrow(
                () -> broken(path, name, "its shape must be a list of whole numbers", shape));
    Object span = fields.get("data_offsets");
    long[] offsets =
        sizes(span)
            .filter(pair -> pair.length == 2 && pair[0] <= pair[1])
            .filter(pair -> pair[1] <= Long.MAX_VALUE - dataStart)
            .orElseThrow(
                () -> broken(path, name, "its data_offsets must be a begin and an end", span));
    return StoredTensor.plain(
        name,
        type,
        Shape.of(sizes),
        new StoredTensor.Span(dataStart + offsets[0], dataStart + offsets[1]));
  }

  /** The numbers of a JSON list, none of them negative or fractional. */
  private static Optional<long[]> sizes(Object value) {
    boolean fits =
        value instanceof List<?> list
            && list.stream()
                .allMatch(
                    item ->
                        (item instanceof Integer || item instanceof Long)
                            && ((Number) item).longValue() >= 0);
    return fits
        ? Optional.of(
            ((List<?>) value).stream().mapToLong(item -> ((Number) item).longValue()).toArray())
        : Optional.empty();
  }

  /** The tensors fill the rest of the file, one after another, each with its shape's bytes. */
  private static void checkSpans(
      Path path, Collection<StoredTensor> tensors, long dataStart, long fileBytes) {
    long next = dataStart;
    for (StoredTensor tensor : sorted(tensors)) {
      String span = "bytes %s to %s".formatted(tensor.begin(), tensor.end());
      if (tensor.begin() != next) {
        String rule = "tensors must follow one another without gap or overlap, it at byte " + next;
        throw broken(path, tensor.name(), rule, span);
      }
      if (tensor.end() > fileBytes) {
        throw broken(
            path,
            tensor.name(),
            "it must lie inside the file of %s bytes, copy a whole file".formatted(fileBytes),
            span);
      }
      if (tensor.bytes() != bytes(tensor.type(), tensor.shape())) {
        String rule = "its bytes must fit %s %s".formatted(tensor.type(), tensor.shape());
        throw broken(path, tensor.name(), rule, span);
      }
      next = tensor.end();
    }
    if (next != fileBytes) {
      String rule = "the tensors must fill the file of %s bytes".formatted(fileBytes);
      throw broken(path, rule, "they end at byte " + next);
    }
  }

  private static List<StoredTensor> sorted(Collection<StoredTensor> tensors) {
    return tensors.stream()
        .sorted(Comparator.comparingLong(StoredTensor::begin).thenComparing(StoredTensor::end))
        .toList();
  }

  /** The bytes that a shape asks for, or -1 where their number exceeds a long. */
  static long bytes(String type, Shape shape) {
    try {
      return Math.multiplyExact(shape.count(), ELEMENT_BYTES.get(type));
    } catch (ArithmeticException e) {
      return -1;
    }
  }

  private static ProblemsException broken(Path path, String tensor, String rule, Object actual) {
    return new ProblemsException(
        "Cannot read tensor %s of %s: %s (%s)"
            .formatted(
                Shown.text(tensor), path, rule, actual == null ? "absent" : Shown.value(actual)));
  }

  private static ProblemsException broken(Path path, String rule, Object actual) {
    return new ProblemsException("Cannot read %s: %s (%s)".formatted(path, rule, actual));
  }
}

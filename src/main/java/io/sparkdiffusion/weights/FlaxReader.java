package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.weights.StoredTensor.Span;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.CodingErrorAction;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import org.msgpack.core.ExtensionTypeHeader;
import org.msgpack.core.MessageInsufficientBufferException;
import org.msgpack.core.MessagePack;
import org.msgpack.core.MessagePackException;
import org.msgpack.core.MessageUnpacker;
import org.msgpack.core.buffer.ChannelBufferInput;
import org.msgpack.value.ValueType;

/**
 * Reads what {@code flax.serialization.to_bytes} writes (flax/serialization.py): maps within maps,
 * whose leaves are arrays. An array is an extension that holds its shape, numpy's name of its type
 * and its elements; a large one is a map of a marker, its shape and chunks. Elements are passed
 * over, only their place is kept. Nothing is believed: levels, entries, names and lengths have
 * limits, and no value is anything but data. msgpack-core decodes what stands between the elements,
 * from a channel that is set behind each of them.
 */
final class FlaxReader {

  /** Stable Diffusion 2 has seven levels and some thousand entries. */
  private static final int MOST_LEVELS = 16;

  private static final int MOST_ENTRIES = 10_000;
  private static final int MOST_AXES = 32;
  private static final int LONGEST_TEXT_BYTES = 100;

  /** More than stands between two arrays' elements. */
  private static final int BUFFER_BYTES = 512;

  private static final int ARRAY = 1;
  private static final int SCALAR = 3;
  private static final String WHOLE = "it must be a whole file, copy it again";
  private static final String CHUNKED = "__msgpack_chunked_array__";

  private static final MessagePack.UnpackerConfig STRICT =
      new MessagePack.UnpackerConfig()
          .withAllowReadingBinaryAsString(false)
          .withAllowReadingStringAsBinary(false)
          .withActionOnMalformedString(CodingErrorAction.REPORT)
          .withStringSizeLimit(LONGEST_TEXT_BYTES);

  private final Path path;
  private final FileChannel channel;
  private final ChannelBufferInput input;
  private final MessageUnpacker unpacker;

  /** What the unpacker counts from. */
  private long start;

  private int entries;
  private List<String> place = List.of();

  FlaxReader(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
    this.input = new ChannelBufferInput(channel, BUFFER_BYTES);
    this.unpacker = STRICT.newUnpacker(input);
  }

  /**
   * Reads the whole file but for the elements.
   *
   * @param arrays takes the keys that lead to an array, and the array
   * @throws ProblemsException where it is not as Flax writes it
   */
  void read(BiConsumer<List<String>, FlaxArray> arrays) throws IOException {
    byte[] first = new byte[8];
    channel.read(ByteBuffer.wrap(first), 0);
    require(
        !WeightFile.isPointer(first),
        "it must be Flax's msgpack, fetch it with git lfs pull",
        "a pointer");
    try {
      readMap(List.of(), arrays);
      place = List.of();
      require(position() == channel.size(), "nothing must follow its map", "more bytes");
    } catch (MessageInsufficientBufferException e) {
      throw new ProblemsException(problem(WHOLE, "it ends inside a value"), e);
    } catch (MessagePackException e) {
      String rule = "it must be msgpack as Flax writes it";
      throw new ProblemsException(problem(rule, e.getMessage()), e);
    }
  }

  private void readMap(List<String> keys, BiConsumer<List<String>, FlaxArray> arrays)
      throws IOException {
    place = keys;
    int size = unpacker.unpackMapHeader();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < size; i++) {
      place = keys;
      String key = readKey(seen);
      if (i == 0 && size == 3 && key.equals(CHUNKED) && !keys.isEmpty()) {
        arrays.accept(keys, readChunks());
        return;
      }
      List<String> inner = new ArrayList<>(keys);
      inner.add(key);
      readValue(inner, arrays);
    }
  }

  private void readValue(List<String> keys, BiConsumer<List<String>, FlaxArray> arrays)
      throws IOException {
    place = keys;
    ValueType type = unpacker.getNextFormat().getValueType();
    if (type == ValueType.MAP) {
      require(keys.size() < MOST_LEVELS, "levels must be at most " + MOST_LEVELS, "a map");
      readMap(keys, arrays);
    } else {
      require(type == ValueType.EXTENSION, "it must be a map or an array", type);
      arrays.accept(keys, readArray());
    }
  }

  private String readKey(Set<String> seen) throws IOException {
    String key = unpacker.unpackString();
    require(key.matches("\\w+"), "its keys must be letters, digits and _", printable(key));
    require(seen.add(key), "its keys must differ", key);
    require(++entries <= MOST_ENTRIES, "entries must be at most " + MOST_ENTRIES, "more");
    return key;
  }

  private FlaxArray readArray() throws IOException {
    ExtensionTypeHeader header = unpacker.unpackExtensionTypeHeader();
    int code = header.getType();
    require(code == ARRAY || code == SCALAR, "its extension type must be 1 or 3", code);
    long end = position() + header.getLength();
    int parts = unpacker.unpackArrayHeader();
    require(parts == 3, "an array must have a shape, a type and elements", parts + " parts");
    Shape shape = readShape(unpacker.unpackArrayHeader(), false);
    String name = unpacker.unpackString();
    String rule = "its type must be one of " + FlaxArray.TYPE_NAMES;
    String type = FlaxArray.type(name).orElseThrow(() -> broken(rule, printable(name)));
    long bytes = unpacker.unpackBinaryHeader();
    Span span = new Span(position(), position() + bytes);
    require(span.end() == end, "its elements must end where it does, at byte " + end, span.end());
    return passOver(new FlaxArray(type, shape, List.of(span)));
  }

  /** The elements are never read here: the next value is what follows them. */
  private FlaxArray passOver(FlaxArray array) throws IOException {
    requireFilled(array);
    long end = array.spans().get(0).end();
    require(end <= channel.size(), WHOLE, "it ends inside an array");
    channel.position(end);
    input.reset(channel);
    unpacker.reset(input);
    start = end;
    return array;
  }

  private Shape readShape(int rank, boolean hasKeys) throws IOException {
    require(rank <= MOST_AXES, "its shape must have at most %s sizes".formatted(MOST_AXES), rank);
    long[] sizes = new long[rank];
    for (int i = 0; i < rank; i++) {
      if (hasKeys) {
        requireKey(Integer.toString(i));
      }
      sizes[i] = unpacker.unpackLong();
      require(sizes[i] >= 0, "its sizes must not be negative", sizes[i]);
    }
    return Shape.of(sizes);
  }

  /** The rest of a map that began with the marker. */
  private FlaxArray readChunks() throws IOException {
    require(unpacker.unpackBoolean(), "the marker of its chunks must be true", false);
    requireKey("shape");
    Shape shape = readShape(unpacker.unpackMapHeader(), true);
    requireKey("chunks");
    int count = unpacker.unpackMapHeader();
    require(count > 0, "its chunks must be at least one", count);
    Set<String> types = new TreeSet<>();
    List<Span> spans = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      requireKey(Integer.toString(i));
      FlaxArray chunk = readArray();
      types.add(chunk.type());
      spans.addAll(chunk.spans());
    }
    require(types.size() == 1, "its chunks must have one type", types);
    FlaxArray whole = new FlaxArray(types.iterator().next(), shape, spans);
    requireFilled(whole);
    return whole;
  }

  private void requireKey(String wanted) throws IOException {
    String key = readKey(new HashSet<>());
    require(key.equals(wanted), "%s must come here".formatted(wanted), key);
  }

  private void requireFilled(FlaxArray array) {
    String rule = "its bytes must fit %s %s".formatted(array.type(), array.shape());
    require(
        array.bytes() == SafetensorsFile.bytes(array.type(), array.shape()), rule, array.bytes());
  }

  private long position() {
    return start + unpacker.getTotalReadBytes();
  }

  private void require(boolean holds, String rule, Object actual) {
    if (!holds) {
      throw broken(rule, actual);
    }
  }

  private ProblemsException broken(String rule, Object actual) {
    return new ProblemsException(problem(rule, actual));
  }

  private String problem(String rule, Object actual) {
    String what = place.isEmpty() ? "" : Shown.text(String.join("/", place)) + " of ";
    return "Cannot read %s%s: %s (%s, at byte %s)"
        .formatted(what, path, rule, Shown.value(actual), position());
  }

  private static String printable(String text) {
    return text.replaceAll("[^ -~]", "?");
  }
}

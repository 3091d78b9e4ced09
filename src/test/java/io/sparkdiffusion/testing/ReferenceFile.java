package io.sparkdiffusion.testing;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * Numbers of the reference implementation, read from a safetensors file: 8 bytes of little-endian
 * header length, the header as JSON, then the data.
 */
public final class ReferenceFile {

  private static final Map<String, Integer> BYTES_PER_VALUE =
      Map.of("F32", 4, "F64", 8, "I32", 4, "I64", 8, "U8", 1);

  private final String name;
  private final JsonNode header;
  private final ByteBuffer data;

  private ReferenceFile(String name, byte[] file) {
    this.name = name;
    ByteBuffer all = ByteBuffer.wrap(file).order(ByteOrder.LITTLE_ENDIAN);
    int headerLength = Math.toIntExact(all.getLong(0));
    try {
      String json = new String(file, 8, headerLength, StandardCharsets.UTF_8);
      this.header = new ObjectMapper().readTree(json);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    this.data = all.slice(8 + headerLength, file.length - 8 - headerLength);
  }

  /**
   * A file under {@code src/test/resources}, by its path there: {@code reference/x.safetensors}.
   */
  public static ReferenceFile ofResource(String path) {
    try (InputStream in = ReferenceFile.class.getResourceAsStream("/" + path)) {
      if (in == null) {
        throw new IllegalArgumentException(
            "Cannot read reference numbers: no such test resource (" + path + ")");
      }
      return new ReferenceFile(path, in.readAllBytes());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A file anywhere. */
  public static ReferenceFile of(Path file) {
    try {
      return new ReferenceFile(file.toString(), Files.readAllBytes(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The tensors' names, in the file's order. */
  public Set<String> names() {
    Set<String> names = new LinkedHashSet<>();
    header.fieldNames().forEachRemaining(names::add);
    names.remove("__metadata__");
    return names;
  }

  /** The texts that the writer left beside the tensors. */
  public Map<String, String> metadata() {
    Map<String, String> metadata = new TreeMap<>();
    header
        .path("__metadata__")
        .properties()
        .forEach(entry -> metadata.put(entry.getKey(), entry.getValue().asText()));
    return metadata;
  }

  /** The tensor's type as safetensors names it, such as {@code F32}. */
  public String dtype(String tensor) {
    return entry(tensor).get("dtype").asText();
  }

  /** The tensor's shape; empty for a scalar. */
  public long[] shape(String tensor) {
    JsonNode shape = entry(tensor).get("shape");
    long[] sizes = new long[shape.size()];
    Arrays.setAll(sizes, i -> shape.get(i).asLong());
    return sizes;
  }

  /** All values of an F32 tensor, row-major. */
  public float[] floats(String tensor) {
    float[] values = new float[count(tensor, "F32")];
    slice(tensor).asFloatBuffer().get(values);
    return values;
  }

  /** All values of an F64 tensor, row-major. */
  public double[] doubles(String tensor) {
    double[] values = new double[count(tensor, "F64")];
    slice(tensor).asDoubleBuffer().get(values);
    return values;
  }

  /** All values of an I64 tensor, row-major. */
  public long[] longs(String tensor) {
    long[] values = new long[count(tensor, "I64")];
    slice(tensor).asLongBuffer().get(values);
    return values;
  }

  /** All values of an I32 tensor, row-major. */
  public int[] ints(String tensor) {
    int[] values = new int[count(tensor, "I32")];
    slice(tensor).asIntBuffer().get(values);
    return values;
  }

  /** All values of a U8 tensor, row-major. */
  public byte[] bytes(String tensor) {
    byte[] values = new byte[count(tensor, "U8")];
    slice(tensor).get(values);
    return values;
  }

  private JsonNode entry(String tensor) {
    JsonNode entry = header.get(tensor);
    if (entry == null) {
      throw new IllegalArgumentException(
          "Cannot read reference numbers: " + name + " has no tensor (" + tensor + ")");
    }
    return entry;
  }

  private int count(String tensor, String dtype) {
    if (!dtype.equals(dtype(tensor))) {
      throw new IllegalArgumentException(
          "Cannot read %s as %s: it holds another type (%s)"
              .formatted(tensor, dtype, dtype(tensor)));
    }
    return slice(tensor).remaining() / BYTES_PER_VALUE.get(dtype);
  }

  private ByteBuffer slice(String tensor) {
    JsonNode offsets = entry(tensor).get("data_offsets");
    int start = offsets.get(0).asInt();
    return data.slice(start, offsets.get(1).asInt() - start).order(ByteOrder.LITTLE_ENDIAN);
  }
}

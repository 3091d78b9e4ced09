package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/** A safetensors file of numbers, not weights, read into arrays. */
public final class TensorFile {

  private final SafetensorsFile file;

  private TensorFile(SafetensorsFile file) {
    this.file = file;
  }

  /** Opens a file. */
  public static TensorFile read(Path path) {
    return new TensorFile(SafetensorsFile.open(path));
  }

  /** A tensor's shape. */
  public Shape shape(String name) {
    return tensor(name).shape();
  }

  /** A float32 tensor's values. */
  public float[] floats(String name) {
    float[] values = new float[Math.toIntExact(tensor(name).shape().count())];
    bytes(name, "F32").asFloatBuffer().get(values);
    return values;
  }

  /** An int64 tensor's values. */
  public long[] longs(String name) {
    long[] values = new long[Math.toIntExact(tensor(name).shape().count())];
    bytes(name, "I64").asLongBuffer().get(values);
    return values;
  }

  private ByteBuffer bytes(String name, String type) {
    StoredTensor tensor = tensor(name);
    if (!tensor.type().equals(type)) {
      throw new ProblemsException(
          "Cannot read %s of %s: its type must be %s (%s)"
              .formatted(name, file.path(), type, tensor.type()));
    }
    return file.map(tensor);
  }

  private StoredTensor tensor(String name) {
    StoredTensor tensor = file.tensors().get(name);
    if (tensor == null) {
      throw new ProblemsException(
          "Cannot read %s: it must hold tensor %s (missing)".formatted(file.path(), name));
    }
    return tensor;
  }

  /** Collects float32 tensors and writes them. */
  public static final class Writer {

    private final Map<String, Object> header = new LinkedHashMap<>();
    private final java.util.ArrayList<float[]> tensors = new java.util.ArrayList<>();
    private long bytes;

    /** Adds a tensor, borrowed until {@link #write}. */
    public void add(String name, float[] values, Shape shape) {
      long end = bytes + 4L * values.length;
      header.put(
          name,
          Map.of(
              "dtype", "F32",
              "shape", LongStream.of(shape.sizes()).boxed().toList(),
              "data_offsets", List.of(bytes, end)));
      tensors.add(values);
      bytes = end;
    }

    /** Writes the file. */
    public void write(Path path) throws IOException {
      byte[] json = StrictJson.canonical(header).getBytes(StandardCharsets.UTF_8);
      byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
      Arrays.fill(padded, json.length, padded.length, (byte) ' ');
      try (OutputStream out = Files.newOutputStream(path)) {
        byte[] length = new byte[8];
        little(length).putLong(padded.length);
        out.write(length);
        out.write(padded);
        for (float[] values : tensors) {
          byte[] data = new byte[4 * values.length];
          little(data).asFloatBuffer().put(values);
          out.write(data);
        }
      }
    }

    private static ByteBuffer little(byte[] bytes) {
      return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }
  }
}

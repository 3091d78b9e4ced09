package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;

/**
 * A safetensors file that is no network's: numbers or an adapter. Its header is checked, tensors
 * are read one by one.
 */
public final class TensorFile {

  private final SafetensorsFile file;

  private TensorFile(SafetensorsFile file) {
    this.file = file;
  }

  /** Opens a file. */
  public static TensorFile read(Path path) {
    return new TensorFile(SafetensorsFile.open(path));
  }

  /** Where the file is. */
  public Path path() {
    return file.path();
  }

  /** The names of its tensors in the order of their bytes. */
  public List<String> names() {
    return file.tensors().values().stream()
        .sorted(Comparator.comparingLong(StoredTensor::begin))
        .map(StoredTensor::name)
        .toList();
  }

  /** What the writer noted beside the tensors. */
  public Map<String, String> metadata() {
    return file.metadata();
  }

  /** SHA-256 in hex of what follows the header, which stays where only notes change. */
  public String dataHash() {
    return FileHashes.ofData(file.path(), file.dataStart());
  }

  /** SHA-256 in hex of the whole file. */
  public String hash() {
    return FileHashes.of(file.path());
  }

  /**
   * A float32, float16 or bfloat16 tensor as it is stored.
   *
   * @throws ProblemsException where it has another type or the file has changed
   */
  public RawWeight raw(String name) {
    StoredTensor tensor = tensor(name);
    Dtype type = NetworkWeights.TYPES.get(tensor.type());
    if (type == null) {
      throw new ProblemsException(
          "Cannot read %s of %s: its type must be F32, F16 or BF16 (%s)"
              .formatted(Shown.text(name), file.path(), tensor.type()));
    }
    return new RawWeight(file.map(tensor), type, tensor.shape());
  }

  /**
   * Makes sure, behind the reading, that what was read is what was checked.
   *
   * @throws ProblemsException where the file has changed since it was opened
   */
  public void requireUnchanged() {
    file.requireUnchanged();
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

  /** The only value of a float32, float16, bfloat16 or float64 tensor. */
  public double number(String name) {
    ByteBuffer bytes = file.map(tensor(name));
    return switch (tensor(name).type()) {
      case "F64" -> bytes.getDouble(bytes.position());
      case "F32" -> bytes.getFloat(bytes.position());
      case "BF16" -> Float.intBitsToFloat(bytes.getShort(bytes.position()) << 16);
      case "F16" -> half(bytes.getShort(bytes.position()));
      default -> raw(name).bytes().getFloat(0);
    };
  }

  /** IEEE 754's binary16. */
  private static double half(short bits) {
    int exponent = (bits >> 10) & 0x1F;
    int fraction = bits & 0x3FF;
    double size =
        switch (exponent) {
          case 0 -> Math.scalb((double) fraction, -24);
          case 0x1F -> fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN;
          default -> Math.scalb(1024.0 + fraction, exponent - 25);
        };
    return bits < 0 ? -size : size;
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

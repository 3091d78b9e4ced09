package io.sparkdiffusion.weights;

import io.sparkdiffusion.graph.Shape;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Writes safetensors files, good ones and broken ones. */
final class TensorFileMaker {

  private final List<String> entries = new ArrayList<>();
  private final ByteArrayOutputStream data = new ByteArrayOutputStream();

  /** Adds a tensor after those before it. */
  TensorFileMaker add(String name, String type, Shape shape, byte[] bytes) {
    int begin = data.size();
    data.writeBytes(bytes);
    entries.add(
        "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
            .formatted(name, type, shape, begin, data.size()));
    return this;
  }

  /** Adds a tensor of zeros. */
  TensorFileMaker zeros(String name, String type, long... sizes) {
    int bytes = type.equals("F32") ? 4 : type.endsWith("64") ? 8 : 2;
    Shape shape = Shape.of(sizes);
    return add(name, type, shape, new byte[Math.toIntExact(bytes * shape.count())]);
  }

  /** Writes all tensors; the header is followed by so many spaces. */
  Path write(Path file, int padding) {
    String header = "{" + String.join(",", entries) + "}" + " ".repeat(padding);
    return write(file, header, data.toByteArray());
  }

  Path write(Path file) {
    return write(file, 0);
  }

  /** Writes a header that may be broken. */
  static Path write(Path file, String header, byte[] data) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    return write(file, json.length, json, data);
  }

  /** Writes a header length that may be wrong. */
  static Path write(Path file, long headerLength, byte[] header, byte[] data) {
    ByteBuffer all =
        ByteBuffer.allocate(8 + header.length + data.length).order(ByteOrder.LITTLE_ENDIAN);
    all.putLong(headerLength).put(header).put(data);
    try {
      Files.createDirectories(file.getParent());
      return Files.write(file, all.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static byte[] floats(double... values) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * values.length).order(ByteOrder.LITTLE_ENDIAN);
    for (double value : values) {
      bytes.putFloat((float) value);
    }
    return bytes.array();
  }

  /** The bits of 16-bit elements. */
  static byte[] shorts(int... bits) {
    ByteBuffer bytes = ByteBuffer.allocate(2 * bits.length).order(ByteOrder.LITTLE_ENDIAN);
    for (int value : bits) {
      bytes.putShort((short) value);
    }
    return bytes.array();
  }
}

package io.sparkdiffusion.testing;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import java.util.zip.GZIPInputStream;

/** Safetensors files of zeros with the names, types and shapes of adapters that are met. */
public final class AdapterFiles {

  private AdapterFiles() {}

  /**
   * A file with a published adapter's names, types and shapes.
   *
   * @param list under {@code published/adapters}
   */
  public static Path published(Path file, String list) {
    Path lines = Path.of("src/test/resources/published/adapters", list + ".txt.gz");
    try (BufferedReader reader =
        new BufferedReader(
            new InputStreamReader(
                new GZIPInputStream(Files.newInputStream(lines)), StandardCharsets.UTF_8))) {
      return zeros(
          file, reader.lines().filter(line -> !line.startsWith("#")).toArray(String[]::new));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * A file of zeros.
   *
   * @param tensors each {@code NAME TYPE SIZE,SIZE}
   */
  public static Path zeros(Path file, String... tensors) {
    List<String> entries = new ArrayList<>();
    long end = 0;
    for (String tensor : tensors) {
      String[] words = tensor.split(" ", -1);
      long[] sizes =
          words[2].isEmpty()
              ? new long[0]
              : Arrays.stream(words[2].split(",", -1)).mapToLong(Long::parseLong).toArray();
      long begin = end;
      end += Arrays.stream(sizes).reduce(words[1].equals("F32") ? 4 : 2, Math::multiplyExact);
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(words[0], words[1], Arrays.toString(sizes), begin, end));
    }
    return write(file, entries.stream().collect(Collectors.joining(",", "{", "}")), end);
  }

  private static Path write(Path file, String header, long dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer start = ByteBuffer.allocate(8 + json.length).order(ByteOrder.LITTLE_ENDIAN);
    start.putLong(json.length).put(json).flip();
    try (FileChannel channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      channel.write(start);
      if (dataBytes > 0) {
        channel.write(ByteBuffer.allocate(1), 8 + json.length + dataBytes - 1);
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

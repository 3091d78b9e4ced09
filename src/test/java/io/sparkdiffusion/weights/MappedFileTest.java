package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MappedFileTest {

  private static final long GIB = 1L << 30;
  private static final long SIZE = 5 * GIB / 2;

  @TempDir private Path folder;

  /** A file with holes takes no room on the disk. */
  private Path fileWith(long... places) throws IOException {
    Path path = folder.resolve("holes");
    try (FileChannel channel =
        FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      for (long place : places) {
        channel.write(number(place), place);
      }
      channel.write(ByteBuffer.allocate(1), SIZE - 1);
    }
    return path;
  }

  private static ByteBuffer number(long place) {
    return ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, place);
  }

  @ParameterizedTest
  @CsvSource({
    "0, 8",
    "1073741816, 8",
    "1073741820, 8",
    "1073741824, 8",
    "2147483644, 8",
    "2684354551, 8",
    "1073741820, 1073741824",
    "12, 1073741825",
    "1073741820, 1610612732",
  })
  void aSpanIsWhatTheFileHasThere(long begin, long bytes) throws IOException {
    Path path = fileWith(begin);
    ByteBuffer mapped =
        new MappedFile(path, FileStamp.of(path)).map(new StoredTensor.Span(begin, begin + bytes));
    assertThat(mapped.remaining()).isEqualTo(bytes);
    assertThat(mapped.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(mapped.isDirect()).isTrue();
    assertThat(mapped.getLong(0)).isEqualTo(begin);
  }

  @ParameterizedTest
  @CsvSource({"0, 8", "1073741820, 8", "2684354551, 8", "12, 100"})
  void aCopiedSpanIsTheSame(long begin, long bytes) throws IOException {
    Path path = fileWith(begin);
    ByteBuffer copy =
        new MappedFile(path, FileStamp.of(path), true)
            .map(new StoredTensor.Span(begin, begin + bytes));
    assertThat(copy.remaining()).isEqualTo(bytes);
    assertThat(copy.order()).isEqualTo(ByteOrder.LITTLE_ENDIAN);
    assertThat(copy.isDirect()).isTrue();
    assertThat(copy.getLong(0)).isEqualTo(begin);
  }

  @ParameterizedTest
  @CsvSource({"nfs4, true", "fuse.sshfs, true", "lustre, true", "ext4, false", "overlay, false"})
  void whereOthersWriteSpansAreCopied(String type, boolean isShared) {
    assertThat(MappedFile.isShared(type)).isEqualTo(isShared);
  }

  @Test
  void aFileThatWasCutIsToldBehindTheReading() throws IOException {
    Path path = fileWith(8);
    MappedFile file = new MappedFile(path, FileStamp.of(path));
    file.map(new StoredTensor.Span(8, 16));
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
      channel.truncate(100);
    }
    assertThatThrownBy(file::requireUnchanged)
        .isInstanceOf(IOException.class)
        .hasMessageStartingWith("it was %s bytes, ".formatted(SIZE))
        .hasMessageContaining("now 100 bytes, ");
  }

  @Test
  void neighboursLieInOneWindow() throws IOException {
    Path path = fileWith(8, 16, 24);
    MappedFile file = new MappedFile(path, FileStamp.of(path));
    ByteBuffer first = file.map(new StoredTensor.Span(8, 16));
    ByteBuffer second = file.map(new StoredTensor.Span(24, 32));
    assertThat(first.getLong(0)).isEqualTo(8);
    assertThat(second.getLong(0)).isEqualTo(24);
    assertThat(first.remaining()).isEqualTo(8);
  }

  @Test
  void aFileThatChangedIsRefusedThoughItsWindowIsThere() throws IOException {
    Path path = fileWith(8);
    MappedFile file = new MappedFile(path, FileStamp.of(path));
    ByteBuffer read = file.map(new StoredTensor.Span(8, 16));
    Files.write(path, new byte[] {1}, StandardOpenOption.APPEND);
    assertThatThrownBy(() -> file.map(new StoredTensor.Span(8, 16)))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("it was \\d+ bytes, changed \\S+, now \\d+ bytes, changed \\S+");
    assertThat(read.getLong(0)).isEqualTo(8);
  }
}

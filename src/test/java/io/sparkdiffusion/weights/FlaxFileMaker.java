package io.sparkdiffusion.weights;

import io.sparkdiffusion.graph.Shape;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import org.msgpack.core.MessageBufferPacker;
import org.msgpack.core.MessagePack;

/** Writes files as Flax does, good ones and broken ones. */
final class FlaxFileMaker {

  private FlaxFileMaker() {}

  /** Packs something. */
  interface Content {
    void pack(MessageBufferPacker packer) throws IOException;
  }

  static byte[] packed(Content content) {
    try (MessageBufferPacker packer = MessagePack.newDefaultBufferPacker()) {
      content.pack(packer);
      return packer.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A map of names and what is packed already, in turns. */
  static byte[] map(Object... entries) {
    return packed(
        packer -> {
          packer.packMapHeader(entries.length / 2);
          for (int i = 0; i < entries.length; i += 2) {
            packer.packString((String) entries[i]).addPayload((byte[]) entries[i + 1]);
          }
        });
  }

  static byte[] array(String type, byte[] elements, long... sizes) {
    return extension(
        1, packed(packer -> head(packer, type, elements.length, sizes).addPayload(elements)));
  }

  static byte[] extension(int code, byte[] body) {
    return packed(
        packer -> packer.packExtensionTypeHeader((byte) code, body.length).addPayload(body));
  }

  /** All of an array but its elements. */
  private static MessageBufferPacker head(
      MessageBufferPacker packer, String type, int bytes, long... sizes) throws IOException {
    packer.packArrayHeader(3).packArrayHeader(sizes.length);
    for (long size : sizes) {
      packer.packLong(size);
    }
    packer.packString(type).packBinaryHeader(bytes);
    return packer;
  }

  /**
   * A file with holes: modules {@code w0}, {@code w1}, ... that each have a kernel of zeros, which
   * take no space.
   */
  static Path holes(Path file, int count, String type, int bytes, Shape shape) throws IOException {
    Files.createDirectories(file.getParent());
    byte[] head = packed(packer -> head(packer, type, bytes, shape.sizes()));
    try (FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      write(channel, packed(packer -> packer.packMapHeader(count)));
      for (int i = 0; i < count; i++) {
        String name = "w" + i;
        write(
            channel,
            packed(packer -> packer.packString(name).packMapHeader(1).packString("kernel")));
        write(
            channel,
            packed(packer -> packer.packExtensionTypeHeader((byte) 1, head.length + bytes)));
        write(channel, head);
        channel.position(channel.position() + bytes - 1);
        write(channel, new byte[1]);
      }
    }
    return file;
  }

  private static void write(FileChannel channel, byte[] bytes) throws IOException {
    ByteBuffer left = ByteBuffer.wrap(bytes);
    while (left.hasRemaining()) {
      channel.write(left);
    }
  }
}

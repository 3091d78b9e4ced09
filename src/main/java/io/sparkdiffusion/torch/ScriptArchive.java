package io.sparkdiffusion.torch;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * The zip archive that {@code torch.jit.load} reads, holding one class without weights (format:
 * PyTorch, torch/csrc/jit/docs/serialization.md).
 */
final class ScriptArchive {

  /** The head of the class: its one attribute and the method that takes the weights. */
  static final String CLASS_HEADER =
      """
      class M(Module):
        __parameters__ = []
        __buffers__ = []
        weights : Dict[str, Tensor]
        training : bool
        def load(self: __torch__.M,
          weights: Dict[str, Tensor]) -> NoneType:
          self.weights = weights
          return None
      """;

  private static final byte[] EMPTY_TUPLE = {(byte) 0x80, 2, ')', '.'};

  private ScriptArchive() {}

  /** The archive of a class text that begins with {@link #CLASS_HEADER}. */
  static byte[] of(String script) {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      zip.setMethod(ZipOutputStream.STORED);
      put(zip, "m/version", "3\n".getBytes(UTF_8));
      put(zip, "m/constants.pkl", EMPTY_TUPLE);
      put(zip, "m/data.pkl", state());
      put(zip, "m/code/__torch__.py", script.getBytes(UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setSize(content.length);
    entry.setCompressedSize(content.length);
    entry.setCrc(crc.getValue());
    entry.setTime(0);
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }

  /** The pickled object: {@code training = False} and an empty, typed dict of weights. */
  private static byte[] state() {
    ByteArrayOutputStream pickle = new ByteArrayOutputStream();
    pickle.writeBytes(new byte[] {(byte) 0x80, 2});
    pickle.writeBytes("c__torch__\nM\n".getBytes(UTF_8));
    pickle.writeBytes(new byte[] {')', (byte) 0x81, '}', '('});
    text(pickle, "training");
    pickle.writeBytes(new byte[] {(byte) 0x89});
    text(pickle, "weights");
    pickle.writeBytes("ctorch.jit._pickle\nrestore_type_tag\n(}".getBytes(UTF_8));
    text(pickle, "Dict[str, Tensor]");
    pickle.writeBytes("tRub.".getBytes(UTF_8));
    return pickle.toByteArray();
  }

  private static void text(ByteArrayOutputStream pickle, String text) {
    byte[] bytes = text.getBytes(UTF_8);
    pickle.write('X');
    pickle.writeBytes(
        ByteBuffer.allocate(4).order(ByteOrder.LITTLE_ENDIAN).putInt(bytes.length).array());
    pickle.writeBytes(bytes);
  }
}

package io.sparkdiffusion.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.Deflater;

/** Writes PNG files (ISO/IEC 15948): 8-bit RGB, the same bytes for the same input. */
public final class PngEncoder {

  private static final byte[] SIGNATURE = {
    (byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n',
  };
  private static final byte BIT_DEPTH = 8;
  private static final byte RGB = 2;
  private static final double DRAWING_ZEROS = 0.85;

  private final ByteArrayOutputStream out = new ByteArrayOutputStream();

  private PngEncoder() {}

  /**
   * A complete PNG file with the texts before the pixels. NUL characters, which PNG forbids, are
   * written as U+FFFD.
   */
  public static byte[] encode(RgbImage image, List<PngText> texts) {
    PngEncoder encoder = new PngEncoder();
    encoder.out.writeBytes(SIGNATURE);
    encoder.chunk("IHDR", header(image));
    texts.forEach(encoder::text);
    encoder.chunk("IDAT", deflated(RowFilter.filtered(image)));
    encoder.chunk("IEND", new byte[0]);
    return encoder.out.toByteArray();
  }

  private static byte[] header(RgbImage image) {
    return ByteBuffer.allocate(13)
        .putInt(image.widthPixels())
        .putInt(image.heightPixels())
        .put(BIT_DEPTH)
        .put(RGB)
        .array();
  }

  /** XMP must be iTXt; of the others those that Latin-1 can write are tEXt. */
  private void text(PngText text) {
    String content = text.text().replace('\0', '\uFFFD');
    byte[] keyword = text.keyword().getBytes(StandardCharsets.ISO_8859_1);
    boolean isLatin = content.chars().allMatch(PngEncoder::isLatin);
    if (isLatin && !text.keyword().equals(PngText.XMP)) {
      chunk("tEXt", joined(keyword, new byte[1], content.getBytes(StandardCharsets.ISO_8859_1)));
    } else {
      // After the keyword: NUL, not compressed, method 0, no language, no translated keyword.
      chunk("iTXt", joined(keyword, new byte[5], content.getBytes(StandardCharsets.UTF_8)));
    }
  }

  private static boolean isLatin(int c) {
    return c == '\n' || (c >= 0x20 && c <= 0x7E) || (c >= 0xA0 && c <= 0xFF);
  }

  private static byte[] joined(byte[]... parts) {
    ByteArrayOutputStream all = new ByteArrayOutputStream();
    for (byte[] part : parts) {
      all.writeBytes(part);
    }
    return all.toByteArray();
  }

  /**
   * Differences hardly repeat in a photograph: a Huffman code alone makes them smaller than zlib's
   * search for repetitions and takes a third of the time. The search pays where nearly all of them
   * are zero, as in a drawing.
   */
  private static byte[] deflated(byte[] differences) {
    boolean isDrawing = zeros(differences) > DRAWING_ZEROS * differences.length;
    Deflater deflater = new Deflater(isDrawing ? Deflater.DEFAULT_COMPRESSION : 1);
    try {
      deflater.setStrategy(isDrawing ? Deflater.DEFAULT_STRATEGY : Deflater.HUFFMAN_ONLY);
      deflater.setInput(differences);
      deflater.finish();
      ByteArrayOutputStream compressed = new ByteArrayOutputStream(differences.length);
      byte[] buffer = new byte[64 * 1024];
      while (!deflater.finished()) {
        compressed.write(buffer, 0, deflater.deflate(buffer));
      }
      return compressed.toByteArray();
    } finally {
      deflater.end();
    }
  }

  private static int zeros(byte[] bytes) {
    int zeros = 0;
    for (byte b : bytes) {
      zeros += b == 0 ? 1 : 0;
    }
    return zeros;
  }

  private void chunk(String type, byte[] data) {
    byte[] typed = joined(type.getBytes(StandardCharsets.US_ASCII), data);
    CRC32 crc = new CRC32();
    crc.update(typed);
    out.writeBytes(ByteBuffer.allocate(4).putInt(data.length).array());
    out.writeBytes(typed);
    out.writeBytes(ByteBuffer.allocate(4).putInt((int) crc.getValue()).array());
  }
}

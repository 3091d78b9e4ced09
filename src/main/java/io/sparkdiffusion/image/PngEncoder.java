package io.sparkdiffusion.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.zip.CRC32;

/** Writes PNG files (ISO/IEC 15948): 8-bit RGB, the same bytes for the same input. */
public final class PngEncoder {

  private static final byte[] SIGNATURE = {
    (byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n',
  };
  private static final byte BIT_DEPTH = 8;
  private static final byte RGB = 2;
  private static final int LONGEST_IDAT = 64 * 1024;

  private final ByteArrayOutputStream out;

  private PngEncoder(int expectedBytes) {
    this.out = new ByteArrayOutputStream(expectedBytes);
  }

  /**
   * A complete PNG file with the texts before the pixels. NUL characters, which PNG forbids, are
   * written as U+FFFD.
   */
  public static byte[] encode(RgbImage image, List<PngText> texts) {
    PngEncoder encoder = new PngEncoder(image.rgb().length / 2);
    encoder.out.writeBytes(SIGNATURE);
    encoder.chunk("IHDR", header(image));
    texts.forEach(encoder::text);
    encoder.pixels(image);
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

  private void pixels(RgbImage image) {
    HuffmanDeflate deflate =
        new HuffmanDeflate(LONGEST_IDAT, (bytes, length) -> chunk("IDAT", bytes, length));
    PaethFilter rows = new PaethFilter(image);
    for (int y = 0; y < image.heightPixels(); y++) {
      deflate.add(rows.next());
    }
    deflate.finish();
  }

  private void chunk(String type, byte[] data) {
    chunk(type, data, data.length);
  }

  private void chunk(String type, byte[] data, int length) {
    byte[] name = type.getBytes(StandardCharsets.US_ASCII);
    CRC32 crc = new CRC32();
    crc.update(name);
    crc.update(data, 0, length);
    integer(length);
    out.writeBytes(name);
    out.write(data, 0, length);
    integer((int) crc.getValue());
  }

  private void integer(int value) {
    out.writeBytes(ByteBuffer.allocate(Integer.BYTES).putInt(value).array());
  }
}

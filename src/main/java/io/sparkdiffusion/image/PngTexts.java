package io.sparkdiffusion.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Reads the texts of PNG files (ISO/IEC 15948, 11.3.3): tEXt, and iTXt that is not compressed. */
public final class PngTexts {

  private static final long SIGNATURE = 0x89504E470D0A1A0AL;
  private static final int CRC_BYTES = 4;

  private PngTexts() {}

  /**
   * All texts by keyword, in file order.
   *
   * @throws IllegalArgumentException where the bytes are no whole PNG file
   */
  public static Map<String, String> read(byte[] png) {
    Map<String, String> texts = new LinkedHashMap<>();
    ByteBuffer in = ByteBuffer.wrap(png);
    if (in.remaining() < Long.BYTES || in.getLong() != SIGNATURE) {
      throw new IllegalArgumentException("it does not begin as a PNG file does");
    }
    while (in.remaining() >= 2 * Integer.BYTES) {
      int length = in.getInt();
      String type = ascii(in, Integer.BYTES);
      if (length < 0 || in.remaining() < (long) length + CRC_BYTES) {
        break;
      }
      if (type.equals("IEND")) {
        return texts;
      }
      byte[] data = new byte[length];
      in.get(data).getInt();
      switch (type) {
        case "tEXt" -> put(texts, data, 1, false);
        case "iTXt" -> put(texts, data, 5, true);
        default -> {}
      }
    }
    throw new IllegalArgumentException("it is cut off");
  }

  /**
   * A file without its texts of one keyword, so that files can be compared but for these.
   *
   * @param png a whole PNG file
   */
  public static byte[] without(String keyword, byte[] png) {
    ByteArrayOutputStream rest = new ByteArrayOutputStream(png.length);
    rest.write(png, 0, Long.BYTES);
    ByteBuffer in = ByteBuffer.wrap(png, Long.BYTES, png.length - Long.BYTES);
    byte[] start = (keyword + "\0").getBytes(StandardCharsets.ISO_8859_1);
    while (in.remaining() >= 2 * Integer.BYTES) {
      int begin = in.position();
      int length = in.getInt();
      boolean isText = List.of("tEXt", "iTXt").contains(ascii(in, Integer.BYTES));
      int data = in.position();
      in.position(data + length + CRC_BYTES);
      int most = Math.min(data + start.length, data + length);
      if (!isText || !Arrays.equals(png, data, most, start, 0, start.length)) {
        rest.write(png, begin, in.position() - begin);
      }
    }
    rest.write(png, in.position(), in.remaining());
    return rest.toByteArray();
  }

  /** After the keyword: NUL; in iTXt also compression flag and method, language, translation. */
  private static void put(Map<String, String> texts, byte[] data, int gap, boolean isUtf8) {
    int end = 0;
    while (end < data.length && data[end] != 0) {
      end++;
    }
    boolean isPlain = !isUtf8 || (end + gap <= data.length && isZero(data, end, end + gap));
    if (end + gap <= data.length && isPlain) {
      String keyword = new String(data, 0, end, StandardCharsets.ISO_8859_1);
      byte[] text = Arrays.copyOfRange(data, end + gap, data.length);
      texts.put(
          keyword, new String(text, isUtf8 ? StandardCharsets.UTF_8 : StandardCharsets.ISO_8859_1));
    }
  }

  private static boolean isZero(byte[] data, int from, int to) {
    for (int i = from; i < to; i++) {
      if (data[i] != 0) {
        return false;
      }
    }
    return true;
  }

  private static String ascii(ByteBuffer in, int length) {
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new String(bytes, StandardCharsets.US_ASCII);
  }
}

package io.sparkdiffusion.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Set;
import java.util.zip.CRC32;

/** A PNG file (ISO/IEC 15948), chunk by chunk. */
final class PngFile {

  private static final byte[] SIGNATURE = {(byte) 0x89, 'P', 'N', 'G', '\r', '\n', 0x1A, '\n'};
  private static final Set<String> OF_PIXELS = Set.of("IHDR", "PLTE", "tRNS", "IDAT", "IEND");
  private static final String WHOLE = "its PNG data must be whole";
  private static final int TYPE_BYTES = 4;
  private static final int HEADER_BYTES = 13;

  /** Length and type in front of the data, a checksum behind. */
  private static final int AROUND_DATA = 12;

  private final byte[] file;
  private final ByteArrayOutputStream kept;
  private int orientation = Orientation.UPRIGHT;

  private PngFile(byte[] file) {
    this.file = file;
    this.kept = new ByteArrayOutputStream(file.length);
  }

  static boolean isOne(byte[] file) {
    return file.length >= SIGNATURE.length
        && Arrays.equals(SIGNATURE, 0, SIGNATURE.length, file, 0, SIGNATURE.length);
  }

  /**
   * Looks through all chunks.
   *
   * @throws UnreadableImageException where one is cut off or damaged, or the image is animated
   */
  static ImageContainer container(byte[] file) {
    PngFile png = new PngFile(file);
    png.look();
    ByteBuffer header = ByteBuffer.wrap(file, SIGNATURE.length, file.length - SIGNATURE.length);
    boolean isHeader =
        header.getInt() == HEADER_BYTES && png.type(header.position()).equals("IHDR");
    if (!isHeader) {
      throw new UnreadableImageException(WHOLE, "it does not begin with a header");
    }
    header.getInt();
    return new ImageContainer(
        "PNG", header.getInt(), header.getInt(), png.orientation, png.kept.toByteArray());
  }

  private void look() {
    kept.writeBytes(SIGNATURE);
    int at = SIGNATURE.length;
    String type;
    do {
      int length = file.length - at < AROUND_DATA ? -1 : ByteBuffer.wrap(file).getInt(at);
      if (length < 0 || length > file.length - at - AROUND_DATA) {
        throw new UnreadableImageException(WHOLE, "it is cut off");
      }
      type = type(at + TYPE_BYTES);
      chunk(type, at, length);
      at += AROUND_DATA + length;
    } while (!type.equals("IEND"));
  }

  private void chunk(String type, int at, int length) {
    if (type.equals("acTL")) {
      throw new UnreadableImageException("it must be a still image", "an animated PNG");
    }
    if (type.equals("eXIf")) {
      orientation = Exif.orientation(ByteBuffer.wrap(file, at + 2 * TYPE_BYTES, length).slice());
    }
    if (OF_PIXELS.contains(type)) {
      requireChecksum(type, at + TYPE_BYTES, TYPE_BYTES + length);
      kept.write(file, at, AROUND_DATA + length);
    }
  }

  private String type(int at) {
    return new String(file, at, TYPE_BYTES, StandardCharsets.ISO_8859_1);
  }

  private void requireChecksum(String type, int from, int length) {
    CRC32 sum = new CRC32();
    sum.update(file, from, length);
    if ((int) sum.getValue() != ByteBuffer.wrap(file).getInt(from + length)) {
      throw new UnreadableImageException(WHOLE, "%s is damaged".formatted(type));
    }
  }
}

package io.sparkdiffusion.image;

import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Optional;

/**
 * A JPEG file (ITU-T T.81), marker by marker. What colours three components are is decided here as
 * libjpeg decides it (jdapimin.c), and told ImageIO, which has rules of its own.
 */
final class JpegFile {

  private static final String WHOLE = "its JPEG data must be whole";
  private static final int START = 0xD8;
  private static final int END = 0xD9;
  private static final int SCAN = 0xDA;
  private static final int JFIF = 0xE0;
  private static final int EXIF = 0xE1;
  private static final int ADOBE = 0xEE;

  private static final byte[] IS_YCC =
      bytes(0xFF, JFIF, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0);
  private static final byte[] IS_RGB =
      bytes(0xFF, ADOBE, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0);

  private final byte[] file;
  private final ByteArrayOutputStream kept;
  private int at = 2;
  private int orientation = Orientation.UPRIGHT;
  private boolean isJfif;
  private Optional<Boolean> adobeTransforms = Optional.empty();
  private Optional<ByteBuffer> frame = Optional.empty();

  private JpegFile(byte[] file) {
    this.file = file;
    this.kept = new ByteArrayOutputStream(file.length);
  }

  static boolean isOne(byte[] file) {
    return file.length > 2 && file[0] == (byte) 0xFF && file[1] == (byte) START && file[2] == -1;
  }

  /**
   * Looks through all segments.
   *
   * @throws UnreadableImageException where the end is missing or the colours are CMYK
   */
  static ImageContainer container(byte[] file) {
    JpegFile jpeg = new JpegFile(file);
    jpeg.look();
    ByteBuffer frame =
        jpeg.frame.orElseThrow(() -> new UnreadableImageException(WHOLE, "it has no frame"));
    byte[] plain = jpeg.plain(components(frame));
    int height = frame.getShort(1) & 0xFFFF;
    int width = frame.getShort(3) & 0xFFFF;
    return new ImageContainer("JPEG", width, height, jpeg.orientation, plain);
  }

  private void look() {
    for (int marker = marker(); marker != END; marker = marker()) {
      int begin = at - 2;
      int length = at + 2 <= file.length ? ByteBuffer.wrap(file).getShort(at) & 0xFFFF : 0;
      if (length < 2 || length > file.length - at) {
        throw cutOff();
      }
      ByteBuffer data = ByteBuffer.wrap(file, at + 2, length - 2).slice();
      at += length;
      if (marker == SCAN) {
        skipScan();
      }
      if (!isAside(marker)) {
        kept.write(file, begin, at - begin);
      }
      note(marker, data);
    }
  }

  /** The next one, behind which this stands then. */
  private int marker() {
    while (at + 1 < file.length) {
      int second = file[at + 1] & 0xFF;
      at++;
      if (file[at - 1] == -1 && second != 0xFF && second != 0) {
        at++;
        return second;
      }
    }
    throw cutOff();
  }

  private static UnreadableImageException cutOff() {
    return new UnreadableImageException(WHOLE, "it is cut off");
  }

  /** To the next marker that is none of those that lie among a scan's data. */
  private void skipScan() {
    while (at + 1 < file.length) {
      int second = file[at + 1] & 0xFF;
      boolean isRestart = second >= 0xD0 && second <= 0xD7;
      if (file[at] == -1 && second != 0 && second != 0xFF && !isRestart) {
        return;
      }
      at++;
    }
    throw cutOff();
  }

  /** Applications' data and comments. */
  private static boolean isAside(int marker) {
    return (marker >= JFIF && marker <= 0xEF) || marker == 0xFE;
  }

  private void note(int marker, ByteBuffer data) {
    if (marker == JFIF && begins(data, "JFIF\0")) {
      isJfif = true;
    } else if (marker == EXIF && begins(data, "Exif\0\0")) {
      orientation = Exif.orientation(data.position(6).slice());
    } else if (marker == ADOBE && begins(data, "Adobe") && data.remaining() >= 12) {
      adobeTransforms = Optional.of(data.get(11) != 0);
    } else if (isFrame(marker) && data.remaining() >= 6) {
      frame = Optional.of(data);
    }
  }

  private static boolean begins(ByteBuffer data, String text) {
    byte[] wanted = text.getBytes(StandardCharsets.US_ASCII);
    return data.remaining() >= wanted.length
        && data.slice(0, wanted.length).equals(ByteBuffer.wrap(wanted));
  }

  /** Of any process; the four others in the row are tables. */
  private static boolean isFrame(int marker) {
    return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
  }

  /** The components' identifiers. */
  private static byte[] components(ByteBuffer frame) {
    int count = frame.get(5);
    if (count == 4) {
      throw new UnreadableImageException("its colours must be grey or RGB", "CMYK");
    }
    if ((count != 1 && count != 3) || frame.remaining() < 6 + 3 * count) {
      throw new UnreadableImageException(WHOLE, "%s components".formatted(count));
    }
    byte[] names = new byte[count];
    for (int i = 0; i < count; i++) {
      names[i] = frame.get(6 + 3 * i);
    }
    return names;
  }

  private byte[] plain(byte[] components) {
    boolean isRgb =
        !isJfif
            && adobeTransforms
                .map(transforms -> !transforms)
                .orElse(Arrays.equals(components, bytes('R', 'G', 'B')));
    ByteArrayOutputStream all = new ByteArrayOutputStream(kept.size() + 32);
    all.writeBytes(bytes(0xFF, START));
    all.writeBytes(isRgb ? IS_RGB : IS_YCC);
    all.writeBytes(kept.toByteArray());
    all.writeBytes(bytes(0xFF, END));
    return all.toByteArray();
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }
}

package io.sparkdiffusion.image;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Map;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.MemoryCacheImageInputStream;
import javax.imageio.stream.MemoryCacheImageOutputStream;

/** Small images side by side in one JPEG file: a page of thousands loads few files. */
public final class ThumbnailSheet {

  /** Images in a sheet. */
  public static final int PLACES = 64;

  private static final int COLUMNS = 8;
  private static final int SIDE = 192;
  private static final float QUALITY = 0.8f;

  private ThumbnailSheet() {}

  /** A part of a sheet, in pixels. */
  public record Area(int x, int y, int width, int height) {}

  /**
   * Where an image stands in its sheet.
   *
   * @param number its place, from 0
   */
  public static Area area(int number, int widthPixels, int heightPixels) {
    double scale = Math.min(1, (double) SIDE / Math.max(widthPixels, heightPixels));
    return new Area(
        number % COLUMNS * SIDE,
        number / COLUMNS * SIDE,
        (int) Math.max(1, Math.round(widthPixels * scale)),
        (int) Math.max(1, Math.round(heightPixels * scale)));
  }

  /** The whole sheet of so many images. */
  public static Area whole(int images) {
    int rows = (images + COLUMNS - 1) / COLUMNS;
    return new Area(0, 0, Math.min(images, COLUMNS) * SIDE, rows * SIDE);
  }

  /**
   * An image as small as it stands in a sheet.
   *
   * @param png a PNG file
   */
  public static RgbImage shrunk(byte[] png) throws IOException {
    // In memory: ImageIO's usual stream writes a temporary file.
    BufferedImage large =
        ImageIO.read(new MemoryCacheImageInputStream(new ByteArrayInputStream(png)));
    if (large == null) {
      throw new IOException(
          "Cannot read an image: it must be a PNG file (%s bytes)".formatted(png.length));
    }
    return shrunk(DecodedPixels.overWhite(large));
  }

  /** The same of an image's pixels. */
  public static RgbImage shrunk(RgbImage large) {
    Area area = area(0, large.widthPixels(), large.heightPixels());
    byte[] rgb = new byte[RgbImage.CHANNELS * area.width() * area.height()];
    for (int y = 0, at = 0; y < area.height(); y++) {
      for (int x = 0; x < area.width(); x++, at += RgbImage.CHANNELS) {
        average(large, area, x, y, rgb, at);
      }
    }
    return new RgbImage(area.width(), area.height(), rgb);
  }

  /** Writes the mean of the pixels that one of the small image stands for. */
  private static void average(RgbImage large, Area area, int x, int y, byte[] rgb, int at) {
    int left = x * large.widthPixels() / area.width();
    int right = Math.max(left + 1, (x + 1) * large.widthPixels() / area.width());
    int top = y * large.heightPixels() / area.height();
    int bottom = Math.max(top + 1, (y + 1) * large.heightPixels() / area.height());
    long[] sums = new long[RgbImage.CHANNELS];
    for (int row = top; row < bottom; row++) {
      int begin = RgbImage.CHANNELS * (row * large.widthPixels() + left);
      int end = begin + RgbImage.CHANNELS * (right - left);
      for (int i = begin; i < end; i++) {
        sums[(i - begin) % RgbImage.CHANNELS] += large.rgb()[i] & 0xff;
      }
    }
    double pixels = (double) (right - left) * (bottom - top);
    for (int c = 0; c < sums.length; c++) {
      rgb[at + c] = (byte) Math.round(sums[c] / pixels);
    }
  }

  /**
   * A sheet as a JPEG file.
   *
   * @param images by their places; a place without one stays black
   * @param places in the sheet
   */
  public static byte[] jpeg(Map<Integer, RgbImage> images, int places) throws IOException {
    Area whole = whole(places);
    BufferedImage sheet =
        new BufferedImage(whole.width(), whole.height(), BufferedImage.TYPE_INT_RGB);
    images.forEach((number, image) -> put(image, number, sheet));
    return jpeg(sheet);
  }

  private static void put(RgbImage image, int number, BufferedImage sheet) {
    Area area = area(number, image.widthPixels(), image.heightPixels());
    byte[] rgb = image.rgb();
    int[] pixels = new int[rgb.length / RgbImage.CHANNELS];
    for (int i = 0, at = 0; i < pixels.length; i++, at += RgbImage.CHANNELS) {
      pixels[i] = ((rgb[at] & 0xff) << 16) | ((rgb[at + 1] & 0xff) << 8) | (rgb[at + 2] & 0xff);
    }
    sheet.setRGB(area.x(), area.y(), area.width(), area.height(), pixels, 0, area.width());
  }

  private static byte[] jpeg(BufferedImage sheet) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (MemoryCacheImageOutputStream out = new MemoryCacheImageOutputStream(bytes)) {
      ImageWriteParam quality = writer.getDefaultWriteParam();
      quality.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      quality.setCompressionQuality(QUALITY);
      writer.setOutput(out);
      writer.write(null, new IIOImage(sheet, null, null), quality);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}

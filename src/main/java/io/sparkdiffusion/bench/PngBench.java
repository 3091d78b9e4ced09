package io.sparkdiffusion.bench;

import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import java.awt.image.BufferedImage;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import javax.imageio.ImageIO;

/** Encodes an image as PNG with our encoder or with ImageIO's default, whenever it is asked. */
final class PngBench {

  private final BufferedImage image;
  private final RgbImage pixels;

  /** Reads an image. */
  PngBench(Path file) throws IOException {
    BufferedImage read = ImageIO.read(file.toFile());
    int width = read.getWidth();
    int height = read.getHeight();
    this.image = new BufferedImage(width, height, BufferedImage.TYPE_3BYTE_BGR);
    byte[] rgb = new byte[3 * width * height];
    for (int i = 0; i < width * height; i++) {
      int color = read.getRGB(i % width, i / width);
      image.setRGB(i % width, i / width, color);
      rgb[3 * i] = (byte) (color >> 16);
      rgb[3 * i + 1] = (byte) (color >> 8);
      rgb[3 * i + 2] = (byte) color;
    }
    this.pixels = new RgbImage(width, height, rgb);
  }

  /** One encoding. */
  record Encoded(double seconds, int bytes) {}

  /**
   * Encodes once.
   *
   * @param encoder {@code ours} or {@code imageio}
   */
  Encoded encode(String encoder) throws IOException {
    long begin = System.nanoTime();
    int bytes =
        switch (encoder) {
          case "ours" -> PngEncoder.encode(pixels, List.of()).length;
          case "imageio" -> byImageIo();
          default ->
              throw new IllegalArgumentException(
                  "Cannot encode: the encoder must be ours or imageio (%s)".formatted(encoder));
        };
    return new Encoded((System.nanoTime() - begin) / 1e9, bytes);
  }

  private int byImageIo() throws IOException {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    ImageIO.write(image, "png", out);
    return out.size();
  }
}

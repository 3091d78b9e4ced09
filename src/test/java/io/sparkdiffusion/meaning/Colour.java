package io.sparkdiffusion.meaning;

import java.util.List;

/**
 * A colour of the drawn scenes (tools/tiny-sd2/scenes.py), each channel from 0 to 255.
 *
 * @param name as prompts say it
 */
record Colour(String name, int red, int green, int blue) {

  /** What objects and backgrounds can be. */
  static final List<Colour> NAMED =
      List.of(
          new Colour("red", 205, 40, 45),
          new Colour("orange", 235, 135, 35),
          new Colour("yellow", 238, 215, 60),
          new Colour("green", 45, 150, 65),
          new Colour("blue", 40, 85, 200),
          new Colour("purple", 130, 55, 165),
          new Colour("pink", 240, 145, 185),
          new Colour("white", 238, 238, 238),
          new Colour("black", 28, 28, 30),
          new Colour("grey", 138, 138, 142));

  /** What landscapes have besides, by day. */
  static final List<Colour> SURROUNDINGS =
      List.of(
          new Colour("sky", 150, 200, 238),
          new Colour("grass", 105, 175, 85),
          new Colour("water", 60, 120, 190));

  /** The upper part of a landscape. */
  static final List<Colour> SKIES =
      List.of(new Colour("day", 150, 200, 238), new Colour("night", 26, 30, 66));

  /** The same, and that of the LoRA that ships with the project. */
  static final List<Colour> SKIES_AND_SUNSET =
      List.of(SKIES.get(0), SKIES.get(1), new Colour("sunset", 235, 135, 35));

  double squaredDistance(double otherRed, double otherGreen, double otherBlue) {
    double r = red - otherRed;
    double g = green - otherGreen;
    double b = blue - otherBlue;
    return r * r + g * g + b * b;
  }

  /** The one that is nearest in RGB. */
  static Colour nearest(List<Colour> palette, double red, double green, double blue) {
    Colour best = palette.get(0);
    for (Colour colour : palette) {
      if (colour.squaredDistance(red, green, blue) < best.squaredDistance(red, green, blue)) {
        best = colour;
      }
    }
    return best;
  }
}

package io.sparkdiffusion.config;

import java.io.Serializable;

/** How many images go through the networks together. */
public sealed interface BatchSize extends Serializable {

  /** So many, whatever the device. */
  record Fixed(int images) implements BatchSize {
    @Override
    public String toString() {
      return Integer.toString(images);
    }
  }

  /** As many as the device's memory holds and the run has use for; on a CPU one. */
  record Auto() implements BatchSize {
    @Override
    public String toString() {
      return WORD;
    }
  }

  /**
   * The most that {@code auto} takes, a power of two: at 8 guided images of 512x512 a large GPU
   * already spends its time in products, and each doubling makes a task of a table longer.
   */
  int MOST = 16;

  /** How a configuration leaves it to the device. */
  String WORD = "auto";

  /**
   * Reads a setting.
   *
   * @throws NumberFormatException where it is neither {@code auto} nor a number
   */
  static BatchSize parse(String text) {
    return text.equals(WORD) ? new Auto() : new Fixed(Integer.parseInt(text));
  }

  /** The number that was given; 1 where none was. */
  default int orOne() {
    return this instanceof Fixed fixed ? fixed.images() : 1;
  }
}

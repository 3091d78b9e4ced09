package io.sparkdiffusion.config;

import java.util.Locale;

/** Numbers of things in words. */
public final class Counted {

  private Counted() {}

  /** A number and its noun: {@code 1 image}, {@code 2 images}. */
  public static String of(long number, String noun) {
    return String.format(Locale.ROOT, "%d %s%s", number, noun, number == 1 ? "" : "s");
  }
}

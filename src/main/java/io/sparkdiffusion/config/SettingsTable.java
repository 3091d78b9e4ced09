package io.sparkdiffusion.config;

/** Every setting, for people. */
public final class SettingsTable {

  private SettingsTable() {}

  /** A markdown table for the README. */
  public static String markdown() {
    throw new UnsupportedOperationException();
  }

  /** Plain text for {@code --help}. */
  public static String text() {
    throw new UnsupportedOperationException();
  }
}

package io.sparkdiffusion.config;

/** What a run leaves in its output folder. */
public enum OutputFormat {
  PARQUET,
  PNG,
  BOTH;

  /** Whether the rows' {@code image} column carries the PNG bytes. */
  public boolean hasBytesInRows() {
    return this != PNG;
  }

  /** Whether PNG files are written. */
  public boolean hasPngFiles() {
    return this != PARQUET;
  }
}

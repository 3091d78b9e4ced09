package io.sparkdiffusion.config;

import java.util.Locale;

/** How a prompt table is stored. */
public enum TableFormat {
  /** Decided by the location: see {@link #resolve(String)}. */
  AUTO,
  PARQUET,
  CSV,
  /** JSON lines. */
  JSON,
  /** A table that Spark's catalog knows. */
  TABLE;

  /**
   * The stored format: this one, or for {@link #AUTO} what the location's extension says; without a
   * known extension a location with a slash is Parquet and one without is a table's name.
   */
  public TableFormat resolve(String location) {
    if (this != AUTO) {
      return this;
    }
    String name = location.toLowerCase(Locale.ROOT).replaceFirst("\\.(gz|bz2|zst)$", "");
    if (name.endsWith(".csv")) {
      return CSV;
    }
    if (name.endsWith(".json") || name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return JSON;
    }
    return name.endsWith(".parquet") || name.contains("/") ? PARQUET : TABLE;
  }
}

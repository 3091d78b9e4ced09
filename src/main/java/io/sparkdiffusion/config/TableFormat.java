package io.sparkdiffusion.config;

import java.util.Locale;

/** How a prompt table is stored. */
public enum TableFormat {
  /** Decided by the location: see {@link #resolve(String)}. */
  AUTO,
  PARQUET,
  CSV,
  /** CSV with tabs instead of commas. */
  TSV,
  /** JSON lines, or one list of objects. */
  JSON,
  /** One prompt a line. */
  TXT,
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
    String name =
        location
            .toLowerCase(Locale.ROOT)
            .replaceFirst("/+$", "")
            .replaceFirst("\\.(gz|bz2|zst|lz4|snappy|deflate)$", "");
    if (name.endsWith(".csv")) {
      return CSV;
    }
    if (name.endsWith(".tsv") || name.endsWith(".tab")) {
      return TSV;
    }
    if (name.endsWith(".txt")) {
      return TXT;
    }
    if (name.endsWith(".json") || name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return JSON;
    }
    return name.endsWith(".parquet") || location.contains("/") ? PARQUET : TABLE;
  }

  /** Whether it is text with columns between separators. */
  public boolean hasSeparators() {
    return this == CSV || this == TSV;
  }

  /** Whether its files are text, of which an encoding must be known. */
  public boolean isText() {
    return hasSeparators() || this == JSON || this == TXT;
  }
}

package io.sparkdiffusion.spark.job;

/** Names of columns as Spark parses them. */
final class Columns {

  private Columns() {}

  /** A name whose dots and other characters mean nothing. */
  static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }
}

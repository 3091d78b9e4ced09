package io.sparkdiffusion.spark.table;

/** Names of columns as Spark parses them. */
public final class Columns {

  private Columns() {}

  /** A name whose dots and other characters mean nothing. */
  public static String quoted(String name) {
    return "`" + name.replace("`", "``") + "`";
  }
}

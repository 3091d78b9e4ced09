package io.sparkdiffusion.spark.table;

import java.util.Collection;
import java.util.regex.Pattern;

/** Paths for Spark's readers, which take what they are given for patterns of paths. */
public final class LiteralPath {

  private static final Pattern SPECIAL = Pattern.compile("[\\[\\]{}*?\\\\]");

  private LiteralPath() {}

  /** The pattern that means this path alone. */
  public static String of(String path) {
    return SPECIAL.matcher(path).replaceAll("\\\\$0");
  }

  /** The patterns that mean these paths alone. */
  public static String[] of(Collection<String> paths) {
    return paths.stream().map(LiteralPath::of).toArray(String[]::new);
  }
}

package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.concat_ws;
import static org.apache.spark.sql.functions.encode;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.when;

import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.types.BinaryType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;

/** How the cells of a column hold images: which of them are files in the table, which are paths. */
public enum ImageCells {
  /** Where a file is. */
  PATH,
  /** A file's bytes. */
  BYTES,
  /** Hugging Face datasets' struct: a file's bytes or, where there are none, where it is. */
  DATASETS,
  /** Spark's image struct: pixels, blue first. */
  SPARK;

  /** What the column must be, for a message. */
  static final String RULE = "a path, binary, a struct of bytes and path, or Spark's image struct";

  /** What the bytes of {@link #SPARK}'s begin with here, before its height, width and channels. */
  public static final String SPARK_MARK = "spark image";

  private static final List<String> SPARK_NUMBERS = List.of("height", "width", "nChannels");

  /** Of a column's type; nothing where it holds no images. */
  static Optional<ImageCells> of(DataType type) {
    if (type instanceof StringType) {
      return Optional.of(PATH);
    }
    if (type instanceof BinaryType) {
      return Optional.of(BYTES);
    }
    if (!(type instanceof StructType struct)) {
      return Optional.empty();
    }
    if (isBinary(struct, "bytes") && Arrays.asList(struct.fieldNames()).contains("path")) {
      return Optional.of(DATASETS);
    }
    boolean isSpark =
        isBinary(struct, "data") && Arrays.asList(struct.fieldNames()).containsAll(SPARK_NUMBERS);
    return isSpark ? Optional.of(SPARK) : Optional.empty();
  }

  private static boolean isBinary(StructType struct, String field) {
    return Arrays.asList(struct.fieldNames()).contains(field)
        && struct.apply(field).dataType() instanceof BinaryType;
  }

  /** Whether the table holds files, and not only says where they are. */
  boolean holdsFiles() {
    return this != PATH;
  }

  /** A cell's file as bytes, null where it has none. */
  Column file(Column cell) {
    return switch (this) {
      case PATH -> throw new IllegalStateException("Cannot read a file: a path is none");
      case BYTES -> cell;
      case DATASETS -> cell.getField("bytes");
      case SPARK ->
          when(
              cell.isNotNull(),
              concat(
                  encode(
                      concat_ws(
                          " ",
                          lit(SPARK_MARK),
                          number(cell, "height"),
                          number(cell, "width"),
                          number(cell, "nChannels"),
                          lit("")),
                      "UTF-8"),
                  coalesce(cell.getField("data"), lit(new byte[0]))));
    };
  }

  private static Column number(Column cell, String field) {
    return coalesce(cell.getField(field).cast("string"), lit("null"));
  }

  /** Where a cell's file is: an empty text where it is in the table, null where there is none. */
  Column path(Column cell) {
    return switch (this) {
      case PATH -> cell;
      case DATASETS -> when(file(cell).isNotNull(), lit("")).otherwise(cell.getField("path"));
      case BYTES, SPARK -> when(file(cell).isNotNull(), lit(""));
    };
  }
}

package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.types.DataTypes.BinaryType;
import static org.apache.spark.sql.types.DataTypes.DoubleType;
import static org.apache.spark.sql.types.DataTypes.IntegerType;
import static org.apache.spark.sql.types.DataTypes.StringType;

import java.util.Arrays;
import org.apache.spark.sql.types.StructType;

/** The result: one row for each image. */
public final class ResultColumns {

  /** The status of an image that was made. */
  public static final String GENERATED = "generated";

  /** The status of a request that gave no image; {@code error} says why. */
  public static final String FAILED = "failed";

  /**
   * The column that holds, for an image made anew because its row has changed, the request hash of
   * the newest image that was there.
   */
  public static final String REPLACES = "replaces";

  /** The image column, as Hugging Face datasets has it. */
  public static final StructType IMAGE =
      new StructType().add("bytes", BinaryType).add("path", StringType);

  /** The columns of every result; those that pass through come after them. */
  public static final StructType SCHEMA =
      ImageColumns.SCHEMA
          .add("request_hash", StringType)
          .add(REPLACES, StringType)
          .add("token_count", IntegerType)
          .add("negative_token_count", IntegerType)
          .add("lost_text", StringType)
          .add("negative_lost_text", StringType)
          .add("image", IMAGE)
          .add("sha256", StringType)
          .add("inference_seconds", DoubleType)
          .add("provenance", StringType)
          .add("status", StringType, false)
          .add("error", StringType)
          .add("output_format", StringType, false)
          .add("run_id", StringType, false);

  /** The column that says with which group a row was committed: run and number. */
  public static final String GROUP = "group";

  private ResultColumns() {}

  /** Whether a column of the prompt table would hide one of the result's. */
  public static boolean isTaken(String name) {
    return name.equalsIgnoreCase(GROUP)
        || Arrays.stream(SCHEMA.fieldNames()).anyMatch(name::equalsIgnoreCase);
  }
}

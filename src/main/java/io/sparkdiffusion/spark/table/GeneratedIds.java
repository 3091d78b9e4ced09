package io.sparkdiffusion.spark.table;

import static org.apache.spark.sql.functions.coalesce;
import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.concat;
import static org.apache.spark.sql.functions.lit;
import static org.apache.spark.sql.functions.monotonically_increasing_id;
import static org.apache.spark.sql.functions.row_number;
import static org.apache.spark.sql.functions.sha2;
import static org.apache.spark.sql.functions.when;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.expressions.Window;
import org.apache.spark.sql.types.DataTypes;

/**
 * Ids for rows that have none: the prompt's SHA-256. Of rows with the same prompt the second has
 * {@code -2} behind it, the third {@code -3}: by the order of files' names and of rows in a file,
 * so that what is appended gets ids of its own; without files by what stands in the other columns.
 */
final class GeneratedIds {

  private static final int SHA_BITS = 256;
  private static final String HASH = "spark_diffusion_hash";
  private static final String ORDER = "spark_diffusion_order_";

  private GeneratedIds() {}

  /** The id of a prompt's first row. */
  static Column of(Column prompt) {
    return sha2(coalesce(prompt, lit("")), SHA_BITS);
  }

  /**
   * The table with a column {@code id} behind its own.
   *
   * @param hasFileOrder whether the rows come from files as they are
   */
  static Dataset<Row> addedTo(Dataset<Row> raw, String prompt, boolean hasFileOrder) {
    List<Column> own =
        Arrays.stream(raw.columns()).map(name -> raw.col(PromptColumns.quoted(name))).toList();
    List<Column> order = hasFileOrder ? filePositions() : contents(own);
    List<Column> placed = new ArrayList<>(own);
    placed.add(of(raw.col(PromptColumns.quoted(prompt))).as(HASH));
    for (int i = 0; i < order.size(); i++) {
      placed.add(order.get(i).as(ORDER + i));
    }
    Column[] inOrder =
        Stream.iterate(0, i -> i + 1)
            .limit(order.size())
            .map(i -> col(ORDER + i))
            .toArray(Column[]::new);
    Column number = row_number().over(Window.partitionBy(HASH).orderBy(inOrder));
    Column id =
        when(number.gt(1), concat(col(HASH), lit("-"), number)).otherwise(col(HASH)).as("id");
    List<Column> all =
        new ArrayList<>(
            Arrays.stream(raw.columns()).map(name -> col(PromptColumns.quoted(name))).toList());
    all.add(id);
    return raw.select(placed.toArray(Column[]::new)).select(all.toArray(Column[]::new));
  }

  /** A file may be read in pieces, whose rows are numbered upwards. */
  private static List<Column> filePositions() {
    return List.of(
        col("_metadata.file_path"),
        col("_metadata.file_block_start"),
        monotonically_increasing_id());
  }

  private static List<Column> contents(List<Column> own) {
    return own.stream().map(column -> column.cast(DataTypes.StringType)).toList();
  }
}

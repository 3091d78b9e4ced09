package io.sparkdiffusion.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;

import io.sparkdiffusion.spark.table.ReadColumns;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** The column that {@link TextToImage} adds: what the job's rows have of a picture, as a struct. */
final class PictureColumn {

  private static final String BYTES = "bytes";

  /** Columns of the result that stand in the struct as they are. */
  private static final List<String> FACTS =
      List.of(
          "status",
          "error",
          "image_index",
          "seed",
          "negative_prompt",
          "num_inference_steps",
          "guidance_scale",
          "guidance_rescale",
          "height",
          "width",
          "scheduler",
          "eta",
          "token_count",
          "negative_token_count",
          "lost_text",
          "negative_lost_text",
          "sha256",
          "inference_seconds",
          "request_hash",
          "provenance");

  private PictureColumn() {}

  /** The struct: the PNG file, then what is known of it; a failed picture has no bytes. */
  static StructType type() {
    StructField bytes = ResultColumns.IMAGE.apply(BYTES);
    Stream<StructField> facts = FACTS.stream().map(ResultColumns.SCHEMA::apply);
    return new StructType(Stream.concat(Stream.of(bytes), facts).toArray(StructField[]::new));
  }

  /** The columns of a table, as they were, and the pictures beside them. */
  static Dataset<Row> beside(StructType table, Dataset<Row> results, String name) {
    StructField[] fields = table.fields();
    Stream<Column> kept =
        IntStream.range(0, fields.length)
            .mapToObj(i -> col(ReadColumns.kept(i)).as(fields[i].name(), fields[i].metadata()));
    Stream<Column> facts = FACTS.stream().map(fact -> col(fact));
    Column[] parts =
        Stream.concat(Stream.of(col("image").getField(BYTES).as(BYTES)), facts)
            .toArray(Column[]::new);
    return results.select(
        Stream.concat(kept, Stream.of(struct(parts).as(name))).toArray(Column[]::new));
  }
}

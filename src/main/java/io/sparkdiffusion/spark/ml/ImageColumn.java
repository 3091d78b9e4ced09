package io.sparkdiffusion.spark.ml;

import static org.apache.spark.sql.functions.col;
import static org.apache.spark.sql.functions.struct;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.ValueType;
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

/** The column that {@link TextToImage} adds: what the job's rows have of an image, as a struct. */
final class ImageColumn {

  private static final String BYTES = "bytes";

  /** Columns of the result that stand in the struct as they are. */
  private static final List<String> FACTS =
      Stream.of(
              Stream.of("status", "error", "image_index", Parameters.SEED.name()),
              Parameters.OF_IMAGE.stream().filter(ImageColumn::isAdded).map(Parameter::name),
              Stream.of(
                  "token_count",
                  "negative_token_count",
                  "lost_text",
                  "negative_lost_text",
                  "sha256",
                  "inference_seconds",
                  "request_hash",
                  "provenance"))
          .flatMap(names -> names)
          .toList();

  private ImageColumn() {}

  /** The prompt and embeddings are the table's, and the seed stands before the others. */
  private static boolean isAdded(Parameter<?> parameter) {
    return parameter != Parameters.PROMPT
        && parameter != Parameters.SEED
        && parameter.type() != ValueType.EMBEDS;
  }

  /** The struct: the PNG file, then what is known of it; a failed image has no bytes. */
  static StructType type() {
    StructField bytes = ResultColumns.IMAGE.apply(BYTES);
    Stream<StructField> facts = FACTS.stream().map(ResultColumns.SCHEMA::apply);
    return new StructType(Stream.concat(Stream.of(bytes), facts).toArray(StructField[]::new));
  }

  /** The columns of a table, as they were, and the images beside them. */
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

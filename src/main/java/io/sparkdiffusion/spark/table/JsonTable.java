package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.ProblemsException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.sql.DataFrameReader;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.DoubleType;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** A table of JSON: an object in each line, or files that are lists of objects. */
final class JsonTable {

  private static final String CORRUPT = "columnNameOfCorruptRecord";

  /** Where lines stand while columns are found, so that a column of the other name is seen. */
  private static final String UNREAD = "spark_diffusion_unread";

  /** Parameters that fractions elsewhere in the column must not round. */
  private static final List<String> WHOLE =
      List.of("seed", "num_inference_steps", "height", "width", "num_images");

  private final SparkSession spark;
  private final InputConfig.Table table;
  private final Configuration hadoop;

  JsonTable(SparkSession spark, InputConfig.Table table, Configuration hadoop) {
    this.spark = spark;
    this.table = table;
    this.hadoop = hadoop;
  }

  /** A file that Spark's reader of lines cannot read is decoded first. */
  OpenedTable open(DataFrameReader reader, PromptPath path, TextFiles texts) {
    Charset encoding = table.options().encoding();
    int files = texts.names().size();
    if (texts.areDocuments()) {
      Dataset<String> whole = DecodedText.whole(spark, texts.names(), encoding, hadoop);
      return new OpenedTable(rows(schema(whole), whole), false, files);
    }
    if (!encoding.equals(StandardCharsets.UTF_8)) {
      Dataset<String> lines = DecodedText.lines(spark, texts.names(), encoding, hadoop);
      return new OpenedTable(rows(schema(lines), lines), false, files);
    }
    StructType schema = schema(reader.textFile(path.path()));
    return new OpenedTable(
        reader.schema(schema).option(CORRUPT, PromptColumns.MALFORMED).json(path.path()),
        true,
        files);
  }

  private Dataset<Row> rows(StructType schema, Dataset<String> texts) {
    return spark.read().schema(schema).option(CORRUPT, PromptColumns.MALFORMED).json(texts);
  }

  private StructType schema(Dataset<String> texts) {
    StructType found = spark.read().option(CORRUPT, UNREAD).json(texts).schema();
    StructType schema = new StructType();
    for (StructField field : found.fields()) {
      if (field.name().equals(PromptColumns.MALFORMED)) {
        throw new ProblemsException(
            "Cannot use column %s of prompts %s: the name must be free, rename it (it is there)"
                .formatted(field.name(), table.location()));
      }
      if (!field.name().equals(UNREAD)) {
        schema = schema.add(field.name(), exact(field), true);
      }
    }
    if (schema.isEmpty() && !found.isEmpty()) {
      throw new ProblemsException(
          "Cannot read prompts %s: every line must be a JSON object (none is)"
              .formatted(table.location()));
    }
    StructType known = schema.isEmpty() ? TableReader.NOTHING : schema;
    return known.add(PromptColumns.MALFORMED, DataTypes.StringType);
  }

  /** Numbers as they are written, where a double would not hold their last digits. */
  private static DataType exact(StructField field) {
    return field.dataType() instanceof DoubleType && WHOLE.contains(field.name())
        ? DataTypes.StringType
        : field.dataType();
  }
}

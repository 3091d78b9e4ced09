package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.request.Parameter;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Start;
import io.sparkdiffusion.request.ValueType;
import io.sparkdiffusion.request.Values;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToIntFunction;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructType;

/** The columns that say which image it is, with which a request and a result begin. */
public final class ImageColumns {

  /** The row's id, which of its images, then a column for each parameter that decides the image. */
  static final StructType SCHEMA = schema();

  private ImageColumns() {}

  private static StructType schema() {
    StructType schema =
        new StructType()
            .add(Parameters.ID.name(), DataTypes.StringType, false)
            .add("image_index", DataTypes.IntegerType, false);
    for (Parameter<?> parameter : Parameters.OF_IMAGE) {
      schema = schema.add(parameter.name(), type(parameter.type()));
    }
    return schema;
  }

  /** The values of an image's row that has these columns by name, but perhaps for embeddings. */
  public static Values values(Row row) {
    List<String> names = Arrays.asList(row.schema().fieldNames());
    return values(row, names::indexOf);
  }

  /**
   * The values of a row whose columns stand at these positions. What a row of an earlier version
   * does not have was as it usually is.
   */
  static Values values(Row row, ToIntFunction<String> positions) {
    List<Parameter.Value<?>> values = new ArrayList<>();
    for (Parameter<?> parameter : Parameters.OF_IMAGE) {
      int position = positions.applyAsInt(parameter.name());
      if (position >= 0 || parameter.type() != ValueType.EMBEDS) {
        parameter.read(Cells.plain(row.get(position))).ifPresent(values::add);
      }
    }
    return Start.completed(Values.of(values));
  }

  private static DataType type(ValueType type) {
    return switch (type) {
      case TEXT -> DataTypes.StringType;
      case INTEGER -> DataTypes.IntegerType;
      case LONG -> DataTypes.LongType;
      case NUMBER -> DataTypes.DoubleType;
      case EMBEDS -> Cells.EMBEDS;
    };
  }
}

package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.request.PromptEmbeds;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import scala.collection.Seq;

/** Values of cells, which Spark has as Scala's sequences where they are lists. */
final class Cells {

  /** A column of embeddings. */
  static final DataType EMBEDS =
      DataTypes.createArrayType(DataTypes.createArrayType(DataTypes.FloatType));

  private Cells() {}

  /** A cell with Java's lists in the place of arrays and Scala's. */
  static Object plain(Object cell) {
    if (cell instanceof Seq<?> sequence) {
      return BothSparks.list(sequence).stream().map(Cells::plain).toList();
    }
    if (cell instanceof float[][] rows) {
      List<Object> list = new ArrayList<>(rows.length);
      for (float[] row : rows) {
        list.add(numbers(row));
      }
      return list;
    }
    return cell;
  }

  private static List<Object> numbers(float[] row) {
    List<Object> list = new ArrayList<>(row.length);
    for (float number : row) {
      list.add(number);
    }
    return list;
  }

  /** A parameter's value as a cell. */
  static Object of(Object value) {
    return value instanceof PromptEmbeds embeds ? embeds.table() : value;
  }

  /** Whether a column holds lists of lists. */
  static boolean isTable(DataType type) {
    return type instanceof ArrayType rows && rows.elementType() instanceof ArrayType;
  }

  /** The type of the numbers in a column of lists of lists. */
  static DataType numbers(DataType type) {
    return ((ArrayType) ((ArrayType) type).elementType()).elementType();
  }
}

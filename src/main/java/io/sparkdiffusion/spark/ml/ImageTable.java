package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.table.BothSparks;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.FunctionTableSubqueryArgumentExpression;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import org.apache.spark.sql.catalyst.util.MapData;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.MapType;
import scala.collection.Seq;

/**
 * {@code text_to_image(TABLE(prompts), map('modelUrl', '/models/sd2-1', 'height', '512'))}: a table
 * with the images of its rows, as {@link TextToImage} makes them. The map has that transformer's
 * parameters.
 */
final class ImageTable {

  static final String NAME = "text_to_image";

  private static final String USE = "text_to_image(TABLE(prompts), map('modelUrl', '...'))";

  private ImageTable() {}

  /**
   * The plan of the table with images.
   *
   * @throws ProblemsException where the arguments, the parameters or the table are of no use
   */
  static LogicalPlan of(Seq<Expression> arguments) {
    List<Expression> given = BothSparks.list(arguments);
    if (given.size() != 2
        || !(given.get(0) instanceof FunctionTableSubqueryArgumentExpression table)) {
      throw new ProblemsException(
          "Cannot call text_to_image: its arguments must be a table and a map, as in %s (%s given)"
              .formatted(USE, given.size()));
    }
    TextToImage generator = new TextToImage();
    options(given.get(1)).forEach(generator::set);
    return generator
        .transform(BothSparks.rowsOf(SparkSession.active(), table.plan()))
        .queryExecution()
        .analyzed();
  }

  private static Map<String, String> options(Expression map) {
    if (!map.foldable() || !isOfTexts(map)) {
      throw new ProblemsException(
          "Cannot call text_to_image: the map must hold constant texts, numbers in quotes too (%s)"
              .formatted(map.dataType().simpleString()));
    }
    MapData data = (MapData) map.eval(null);
    Map<String, String> options = new LinkedHashMap<>();
    for (int i = 0; i < data.numElements(); i++) {
      options.put(
          data.keyArray().getUTF8String(i).toString(),
          String.valueOf(data.valueArray().getUTF8String(i)));
    }
    return options;
  }

  private static boolean isOfTexts(Expression map) {
    return map.dataType() instanceof MapType type
        && type.keyType().equals(DataTypes.StringType)
        && type.valueType().equals(DataTypes.StringType);
  }
}

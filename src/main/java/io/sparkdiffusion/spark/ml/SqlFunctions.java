package io.sparkdiffusion.spark.ml;

import io.sparkdiffusion.spark.executor.SparkRelease;
import org.apache.spark.sql.SparkSessionExtensions;
import org.apache.spark.sql.SparkSessionExtensionsProvider;
import org.apache.spark.sql.catalyst.FunctionIdentifier;
import org.apache.spark.sql.catalyst.expressions.Expression;
import org.apache.spark.sql.catalyst.expressions.ExpressionInfo;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.Function1;
import scala.Tuple3;
import scala.collection.Seq;
import scala.runtime.BoxedUnit;

/**
 * The SQL function {@code text_to_image}, which every session has that starts with this jar on its
 * class path: Spark finds this class as a service.
 */
public final class SqlFunctions implements SparkSessionExtensionsProvider {

  /** Spark's type names each line's own Seq, both of which are the one that is asked for here. */
  @Override
  @SuppressWarnings({"unchecked", "rawtypes"})
  public BoxedUnit apply(SparkSessionExtensions extensions) {
    SparkRelease.require();
    Function1<Seq<Expression>, LogicalPlan> builder = ImageTable::of;
    ExpressionInfo info = new ExpressionInfo(ImageTable.class.getName(), null, ImageTable.NAME);
    extensions.injectTableFunction(
        new Tuple3(new FunctionIdentifier(ImageTable.NAME), info, builder));
    return BoxedUnit.UNIT;
  }
}

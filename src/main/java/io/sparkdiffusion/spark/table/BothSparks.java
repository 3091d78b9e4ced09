package io.sparkdiffusion.spark.table;

import java.io.Serializable;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.catalyst.plans.logical.LogicalPlan;
import scala.collection.JavaConverters;
import scala.collection.Seq;

/**
 * What Spark 3.5 and Spark 4, or their Scala, have in different places, so that one source serves
 * both. Methods that have moved to the classes behind session and dataset are called by name.
 */
public final class BothSparks {

  private BothSparks() {}

  /** A session with settings of its own, which sees what another sees, its views among them. */
  public static SparkSession copyOf(SparkSession session) {
    return called(
        SparkSession.class, () -> session.getClass().getMethod("cloneSession").invoke(session));
  }

  /** The rows of a plan. */
  @SuppressWarnings("unchecked") // a method of Spark's that gives rows
  public static Dataset<Row> rowsOf(SparkSession session, LogicalPlan plan) {
    return called(
        Dataset.class,
        () ->
            session
                .emptyDataFrame()
                .getClass()
                .getMethod("ofRows", session.getClass(), LogicalPlan.class)
                .invoke(null, session, plan));
  }

  /**
   * What a method gives whose owner is a class in some releases of Spark and an interface in
   * others: a call that is compiled for one fails on the other.
   */
  public static <T> T result(Class<T> type, Object owner, String method, String... arguments) {
    Class<?>[] types = new Class<?>[arguments.length];
    Arrays.fill(types, String.class);
    return called(
        type, () -> owner.getClass().getMethod(method, types).invoke(owner, (Object[]) arguments));
  }

  /** A sequence of Scala's; its own new converters are not there in Spark 3.5. */
  @SuppressWarnings("deprecation")
  public static <T> List<T> list(Seq<T> values) {
    return JavaConverters.seqAsJavaList(values);
  }

  /** A map of Scala's. */
  @SuppressWarnings("deprecation")
  static <K, V> Map<K, V> map(scala.collection.Map<K, V> values) {
    return JavaConverters.mapAsJavaMap(values);
  }

  /**
   * What Spark takes for a serializable instance of an interface of its own: Scala 2.12 asks for
   * its own mark, which Scala 2.13 has no more.
   */
  public static <T> T marked(Class<T> type, InvocationHandler handler) {
    Class<?> mark;
    try {
      mark = Class.forName("scala.Serializable");
    } catch (ClassNotFoundException e) {
      mark = Serializable.class;
    }
    return type.cast(
        Proxy.newProxyInstance(type.getClassLoader(), new Class<?>[] {type, mark}, handler));
  }

  private interface Call {
    Object run() throws ReflectiveOperationException;
  }

  private static <T> T called(Class<T> type, Call call) {
    try {
      return type.cast(call.run());
    } catch (InvocationTargetException e) {
      throw e.getCause() instanceof RuntimeException own ? own : new IllegalStateException(e);
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(
          "Cannot use this session: it must be a Spark driver's own", e);
    }
  }
}

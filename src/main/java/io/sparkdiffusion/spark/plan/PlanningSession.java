package io.sparkdiffusion.spark.plan;

import io.sparkdiffusion.spark.table.BothSparks;
import java.util.Map;
import org.apache.spark.sql.SparkSession;

/**
 * The session that reads the table. Where there is little to read, Spark's preparations are what
 * takes the time: compiling each query's code, and planning anew after each of its stages.
 */
public final class PlanningSession {

  private static final Map<String, String> FOR_FEW =
      Map.of("spark.sql.adaptive.enabled", "false", "spark.sql.codegen.wholeStage", "false");

  private final SparkSession usual;
  private final SparkSession session;

  private PlanningSession(SparkSession usual) {
    this.usual = usual;
    this.session = BothSparks.copyOf(usual);
  }

  /** A session of its own: the caller's keeps its settings. */
  public static PlanningSession of(SparkSession usual) {
    return new PlanningSession(usual);
  }

  /** The session, set for a small table. */
  public SparkSession forFew() {
    FOR_FEW.forEach(session.conf()::set);
    return session;
  }

  /** From now on its queries run as the caller's do, those on what has been read already too. */
  public void setForMany() {
    FOR_FEW.keySet().forEach(key -> session.conf().set(key, usual.conf().get(key)));
  }
}

/**
 * The batch job as one action: read, plan, generate, commit, report. It imports the other Spark
 * packages but {@code spark.ml}.
 */
package io.sparkdiffusion.spark.job;

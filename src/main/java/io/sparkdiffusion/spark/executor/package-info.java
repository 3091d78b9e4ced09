/**
 * What runs on executors: one loaded model for each JVM and device, and the function that turns
 * planned images into results. It imports {@code spark.device}, {@code spark.model}, {@code
 * spark.output}, {@code spark.plan}, {@code spark.table}, what is below them, and Spark.
 */
package io.sparkdiffusion.spark.executor;

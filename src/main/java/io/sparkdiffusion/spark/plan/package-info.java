/**
 * Which images are missing, and in which batches, partitions and groups they are made. It imports
 * {@code spark.table}, {@code spark.model}, {@code spark.output}, config, prompt, metadata and
 * Spark.
 */
package io.sparkdiffusion.spark.plan;

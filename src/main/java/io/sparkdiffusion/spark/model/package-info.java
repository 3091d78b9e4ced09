/**
 * Where a model comes from, how a machine gets it, and how it is loaded there. It imports {@code
 * spark.device}, the hub, the pipeline and what is below them, Hadoop, and of Spark its files.
 */
package io.sparkdiffusion.spark.model;

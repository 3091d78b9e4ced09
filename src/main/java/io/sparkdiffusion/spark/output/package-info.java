/**
 * The commit protocol: the output folder and its lock, groups, manifests and tables, and files that
 * appear whole. It imports {@code spark.table}, config, metadata, image, Spark and Hadoop.
 */
package io.sparkdiffusion.spark.output;

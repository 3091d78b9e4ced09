/**
 * What runs on Spark's executors: one loaded model for each JVM and device, and the function that
 * turns rows of requests into rows of pictures; it imports everything below it and Spark.
 */
package io.sparkdiffusion.spark.executor;

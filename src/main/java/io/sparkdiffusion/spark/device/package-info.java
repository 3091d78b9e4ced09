/** libtorch and the GPUs of the JVM that computes. It imports config, graph and Spark. */
package io.sparkdiffusion.spark.device;

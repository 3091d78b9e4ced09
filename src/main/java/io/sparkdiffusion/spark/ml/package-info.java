/**
 * The door for programs: a Spark ML transformer that draws by the job's code. It imports the
 * executors' rooms and Spark.
 */
package io.sparkdiffusion.spark.ml;

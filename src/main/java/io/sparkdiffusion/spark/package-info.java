/**
 * The door for programs, a Spark ML transformer, and the planning of pictures that the job shares
 * with it; it imports the executors' and the table's package, what is below them, and Spark.
 */
package io.sparkdiffusion.spark;

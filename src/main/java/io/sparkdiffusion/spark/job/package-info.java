/**
 * The batch job as one action: read, plan, generate, commit, report; it imports the other Spark
 * packages.
 */
package io.sparkdiffusion.spark.job;

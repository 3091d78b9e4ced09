/**
 * What a run says of itself: progress, {@code run.json}, the gallery. It imports the executors'
 * counters and the rooms below them.
 */
package io.sparkdiffusion.spark.report;

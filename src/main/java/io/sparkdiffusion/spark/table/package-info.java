/**
 * Tables: the prompts as users have them, read and checked, and the columns of planned images and
 * of results. It imports config, prompt, metadata and Spark.
 */
package io.sparkdiffusion.spark.table;

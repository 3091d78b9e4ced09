/** The table of prompts, read and checked; it imports config, prompt and Spark. */
package io.sparkdiffusion.spark.table;

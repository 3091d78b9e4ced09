package io.sparkdiffusion.spark.table;

import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * A table as Spark reads it.
 *
 * @param hasFileOrder whether its rows are those of files, in whose order they are
 * @param files how many there are, 0 for a catalog's table
 */
record OpenedTable(Dataset<Row> rows, boolean hasFileOrder, int files) {}

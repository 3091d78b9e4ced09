package io.sparkdiffusion.spark.report;

import static org.apache.spark.sql.functions.col;

import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.spark.plan.TablePartitions;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.api.java.JavaRDD;
import org.apache.spark.sql.Column;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/**
 * Files of images that the table of prompts holds, read again by the ids of their rows.
 *
 * @param files id and files of each row of the table
 * @param partitions of the table, by the ids of rows that may be read again
 */
record TableFiles(Dataset<Row> files, Map<String, Integer> partitions) {

  /** Whether a row is one of the table's that may be read again. */
  boolean has(String id) {
    return partitions.containsKey(id);
  }

  /** The rows with these ids, and all others of their partitions. */
  JavaRDD<Row> around(Set<String> ids, Set<InputImage> inputs) {
    Column[] columns =
        Stream.concat(
                Stream.of(Parameters.ID.name()), inputs.stream().map(input -> input.path().name()))
            .map(name -> col(name))
            .toArray(Column[]::new);
    TreeSet<Integer> wanted =
        ids.stream().map(partitions::get).collect(Collectors.toCollection(TreeSet::new));
    return TablePartitions.each(wanted).of(files.select(columns).toJavaRDD());
  }
}

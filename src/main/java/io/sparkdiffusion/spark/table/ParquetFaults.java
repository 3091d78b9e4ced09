package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;
import org.apache.parquet.column.ColumnDescriptor;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.hadoop.util.HadoopInputFile;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimestampLogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.UUIDLogicalTypeAnnotation;

/** What Spark cannot read of a Parquet file, which its own message does not name. */
final class ParquetFaults {

  /** Of these, Spark has no code. */
  private static final Set<CompressionCodecName> FOREIGN =
      Set.of(CompressionCodecName.BROTLI, CompressionCodecName.LZO);

  private ParquetFaults() {}

  /**
   * Looks at a file's footer.
   *
   * @throws ProblemsException with every column and codec that Spark cannot read
   */
  static void refuse(String location, String file, Configuration hadoop) {
    List<String> problems = new ArrayList<>();
    try (ParquetFileReader reader =
        ParquetFileReader.open(HadoopInputFile.fromPath(new Path(file), hadoop))) {
      ParquetMetadata footer = reader.getFooter();
      for (ColumnDescriptor column : footer.getFileMetaData().getSchema().getColumns()) {
        fault(column).ifPresent(rule -> problems.add(problem(location, column, rule)));
      }
      codec(footer)
          .map(
              codec ->
                  "Cannot read prompts %s: its pages must be compressed by snappy, gzip or zstd, write it anew (%s)"
                      .formatted(location, codec))
          .ifPresent(problems::add);
    } catch (IOException | RuntimeException e) {
      return; // Spark says what is wrong with the file as a whole
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
  }

  private static String problem(String location, ColumnDescriptor column, String rule) {
    return "Cannot read column %s of prompts %s: %s (%s)"
        .formatted(
            Shown.text(String.join(".", column.getPath())),
            location,
            rule,
            column.getPrimitiveType().getLogicalTypeAnnotation());
  }

  /** The rule that a column breaks. */
  private static Optional<String> fault(ColumnDescriptor column) {
    LogicalTypeAnnotation type = column.getPrimitiveType().getLogicalTypeAnnotation();
    if (type instanceof TimestampLogicalTypeAnnotation time && time.getUnit() == TimeUnit.NANOS) {
      return Optional.of(
          "times must be in microseconds, with pandas to_parquet(..., coerce_timestamps='us',"
              + " allow_truncated_timestamps=True)");
    }
    if (type instanceof TimeLogicalTypeAnnotation) {
      return Optional.of("Spark has no times without a date, write it as text or leave it out");
    }
    if (type instanceof UUIDLogicalTypeAnnotation) {
      return Optional.of("Spark has no UUIDs, write it as text");
    }
    return Optional.empty();
  }

  private static Optional<CompressionCodecName> codec(ParquetMetadata footer) {
    return footer.getBlocks().stream()
        .flatMap(block -> block.getColumns().stream())
        .map(column -> column.getCodec())
        .filter(FOREIGN::contains)
        .findFirst();
  }
}

package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputConfig;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.NumberedImages;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import java.io.IOException;
import org.apache.spark.sql.SparkSession;
import org.apache.spark.sql.types.StructType;

/** What a run writes into the folder that it holds: rows and images. */
record RunOutput(JobConfig config, OutputFolder folder) {

  /** The rows of all runs, to which this one adds. */
  ResultStore rows(SparkSession session, StructType schema) throws IOException {
    ResultStore rows = ResultStore.open(session, config.output().table(), folder, schema);
    rows.newestRun(folder.runId()).ifPresent(folder::sortAfter);
    boolean isNumbered =
        naming() == ImageStore.Naming.NUMBERED && config.output().format().hasPngFiles();
    return isNumbered ? new NumberedImages(rows, folder) : rows;
  }

  /** The images, as PNG files, in rows or both. */
  ImageStore images() {
    OutputConfig settings = config.output();
    return new ImageStore(
        folder.root(),
        folder.staging(),
        settings.format(),
        naming(),
        settings.pngParameters(),
        settings.pngAiMark(),
        folder.hold());
  }

  private ImageStore.Naming naming() {
    return config.input() instanceof InputConfig.Single
        ? ImageStore.Naming.NUMBERED
        : ImageStore.Naming.BY_REQUEST;
  }
}

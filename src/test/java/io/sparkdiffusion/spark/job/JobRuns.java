package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.spark.output.HandBeats;
import io.sparkdiffusion.spark.output.OutputFolder;
import io.sparkdiffusion.spark.output.ResultStore;
import io.sparkdiffusion.spark.table.LiteralPath;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.TableSpark;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Encoders;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.SparkSession;

/** Runs the job with a fake model over a table of prompts, into a folder or into a table. */
public final class JobRuns {

  public static final String FOLDER = "folder";

  /** A folder whose groups count once they are listed. */
  public static final String MANIFEST = "manifest";

  public static final String ICEBERG = "iceberg";
  public static final String DELTA = "delta";

  private static final AtomicInteger TABLES = new AtomicInteger();

  public final SparkSession spark = TableSpark.session();
  final Path folder;
  public final Path output;

  /** The table that takes the rows, empty where the folder does. */
  public final String table;

  private final String commit;

  /** A table that is not there yet. */
  public JobRuns(Path folder, String store) {
    this(folder, store, "out");
  }

  /** The same, with an output folder of that name. */
  public JobRuns(Path folder, String store, String outputName) {
    this.folder = folder;
    this.output = folder.resolve(outputName);
    this.commit = store.equals(MANIFEST) ? "manifest" : "auto";
    if (store.equals(ICEBERG) || store.equals(DELTA)) {
      TableSpark.assumeTables();
    }
    String name = "images" + TABLES.incrementAndGet();
    this.table =
        switch (store) {
          case FOLDER, MANIFEST -> "";
          case ICEBERG -> "lake.db." + name;
          case DELTA -> name;
          default -> throw new IllegalArgumentException(store);
        };
    write(folder.resolve("job.yml"), "run_name: job\n");
  }

  public void prompts(String csv) {
    write(folder.resolve("prompts.csv"), csv);
  }

  public GenerateJob.Result run(String... overrides) {
    return job(overrides).execute();
  }

  GenerateJob job(String... overrides) {
    return new GenerateJob(spark, settings(overrides))
        .models(any -> FakeModel.named("job runs"))
        .heartbeats(new HandBeats());
  }

  public JobConfig settings(String... overrides) {
    Stream<String> common =
        Stream.of(
            "pretrained_model_name_or_path=" + folder,
            "prompts=" + folder.resolve("prompts.csv"),
            "output_dir=" + output,
            "output_table=" + table,
            "output_commit=" + commit,
            "resolution=8",
            "num_inference_steps=3",
            "device=cpu",
            "per_device_batch_size=2");
    return JobConfig.load(
        folder.resolve("job.yml"), Stream.concat(common, Stream.of(overrides)).toList());
  }

  /** The table of prompts. */
  public String promptsFile() {
    return folder.resolve("prompts.csv").toString();
  }

  /** The output folder as of one more run. */
  public OutputFolder open() {
    return OutputFolder.open(
        output.toString(),
        OutputCommit.AUTO,
        "opened",
        spark.sessionState().newHadoopConf(),
        new HandBeats());
  }

  /** The rows as a run has them. */
  public ResultStore store(OutputFolder opened) throws IOException {
    return ResultStore.open(spark, table, opened, rows().drop("group").schema());
  }

  public Dataset<Row> rows() {
    if (!table.isEmpty()) {
      return spark.table(table);
    }
    String rows = output.resolve("rows").toString();
    return commit.equals("manifest")
        ? ListedRows.of(spark, rows)
        : spark.read().parquet(LiteralPath.of(rows));
  }

  /** Texts, sorted; null stands as {@code -}. */
  public List<String> texts(String... expressions) {
    String texts =
        Stream.of(expressions)
            .map("coalesce(cast(%s as string), '-')"::formatted)
            .collect(Collectors.joining(", "));
    return rows()
        .selectExpr("concat_ws(' ', %s)".formatted(texts))
        .as(Encoders.STRING())
        .collectAsList()
        .stream()
        .sorted()
        .toList();
  }

  public List<String> names(String of) throws IOException {
    try (Stream<Path> files = Files.list(output.resolve(of))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    }
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}

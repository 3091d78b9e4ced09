package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.metadata.Provenance;
import io.sparkdiffusion.pipeline.ImageResult;
import io.sparkdiffusion.pipeline.PipelineTimes;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.testing.FakeModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkConf;
import org.apache.spark.SparkEnv;
import org.apache.spark.sql.SparkSession;

/** The job on a cluster of executors with a GPU each, as far as they know; one's gives only NaN. */
public final class NoNumbersJob {

  private static final int ROWS = 512;

  private NoNumbersJob() {}

  /** Takes the cluster and a folder for what it writes; prints counts and who was left out. */
  public static void main(String[] arguments) throws IOException {
    Path folder = Path.of(arguments[1]);
    SparkConf conf =
        new SparkConf()
            .setMaster(arguments[0])
            .set("spark.executor.memory", "700m")
            .set("spark.executor.cores", "1")
            .set("spark.executor.resource.gpu.amount", "1")
            .set("spark.task.resource.gpu.amount", "1")
            .set("spark.executor.extraClassPath", System.getProperty("java.class.path"))
            .set("spark.scheduler.minRegisteredResourcesRatio", "1")
            .set("spark.cores.max", "2")
            .set("spark.ui.enabled", "false");
    SparkSession spark =
        SparkSession.builder().config(SparkSettings.of(conf, "cuda")).getOrCreate();
    try {
      GenerateJob.Result result = job(spark, folder).execute();
      System.out.printf(
          "done: %d generated, %d failed%n", result.counts().generated(), result.counts().failed());
      result.leftOut().forEach(line -> System.out.println("left out: " + line));
    } finally {
      spark.stop();
    }
  }

  private static GenerateJob job(SparkSession spark, Path folder) throws IOException {
    Path prompts =
        Files.writeString(
            folder.resolve("prompts.csv"),
            IntStream.range(0, ROWS)
                .mapToObj(i -> i + ",number " + i)
                .collect(Collectors.joining("\n", "id,prompt\n", "\n")));
    JobConfig config =
        JobConfig.load(
            Files.writeString(folder.resolve("job.yml"), "run_name: job\n"),
            List.of(
                "pretrained_model_name_or_path=" + folder,
                "prompts=" + prompts,
                "output_dir=" + folder.resolve("out"),
                "output_format=parquet",
                "resolution=8",
                "num_inference_steps=3",
                "device=cuda",
                "activations_dtype=float32",
                "per_device_batch_size=4",
                "commit_group_images=" + ROWS));
    return new GenerateJob(spark, config).models(any -> model(folder));
  }

  private static Model model(Path folder) {
    Model fake = FakeModel.named("no numbers");
    return new Model(
        fake.name(),
        fake.commit(),
        fake.digest(),
        fake.schedulers(),
        fake.trainedSizePixels(),
        fake.tileSizePixels(),
        fake.doubts(),
        new Factory(fake.generators(), folder.toString()));
  }

  private record Factory(GeneratorFactory fake, String folder) implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {
      fake.check(hadoop);
    }

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return new Generator(fake.load(device, hadoop), isFirst());
    }

    /** Of all executors; the file says which it was. */
    private boolean isFirst() {
      try {
        Files.writeString(
            Path.of(folder, "broken"), SparkEnv.get().executorId(), StandardOpenOption.CREATE_NEW);
        return true;
      } catch (FileAlreadyExistsException e) {
        return false;
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    public int gpuCount() {
      return 2;
    }
  }

  private record Generator(ImageGenerator fake, boolean isBroken) implements ImageGenerator {

    @Override
    public List<ImageResult> generate(List<ImageRequest> requests, int batchSize) {
      return isBroken
          ? requests.stream().<ImageResult>map(Generator::notFinite).toList()
          : fake.generate(requests, batchSize);
    }

    private static ImageResult notFinite(ImageRequest request) {
      return ImageResult.Failed.notFinite(request, "Cannot keep image: it holds NaN");
    }

    @Override
    public PipelineTimes times() {
      return fake.times();
    }

    @Override
    public Provenance.Computation computation() {
      return fake.computation();
    }

    @Override
    public Provenance.Versions versions() {
      return fake.versions();
    }

    @Override
    public void close() {
      fake.close();
    }
  }
}

package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.OutputFormat;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.spark.model.GeneratorFactory;
import io.sparkdiffusion.spark.model.ImageGenerator;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.spark.output.OutputHold;
import io.sparkdiffusion.testing.FakeModel;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.torch.CudaDevice;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkContext;
import org.apache.spark.util.SerializableConfiguration;
import org.junit.jupiter.api.Test;

class PreflightTest {

  private final SparkContext spark = LocalSpark.session().sparkContext();

  @Test
  void findsNothingWhereAllIsWell() {
    Model model = FakeModel.named("preflight");

    assertThatCode(() -> checkExecutors(model, on("cpu"))).doesNotThrowAnyException();
    assertThatCode(() -> Preflight.checkDriver(spark, model, on("auto")))
        .doesNotThrowAnyException();
    assertThat(FakeModel.loads("preflight")).isZero();
  }

  /** Thrown by the driver itself: what a task throws comes inside Spark's own exceptions. */
  @Test
  void givesProblemsBackOnceEachAndWithoutAFailedTask() {
    assertThatThrownBy(() -> checkExecutors(FakeModel.withProblem("x", "Cannot a"), on("cpu")))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessage("Cannot a");
    assertThatThrownBy(() -> checkExecutors(FakeModel.named("x"), on("cuda:3")))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use device cuda:3: libtorch must see that GPU (it sees 0;")
        .hasMessageNotContaining("\n");
  }

  /** The number format that the chosen device cannot have is known on the executor only. */
  @Test
  void findsAFormatThatTheDeviceCannotHave() {
    ExecutionConfig half = new ExecutionConfig("auto", Precision.FLOAT16, 2);

    assertThatThrownBy(() -> checkExecutors(FakeModel.named("x"), half))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessageContaining("float16 needs a GPU");
  }

  /** A T4 has none, and cuDNN would say it as it says that memory is short. */
  @Test
  void findsBfloat16OnAGpuWithoutIt() {
    ExecutionConfig execution = new ExecutionConfig("auto", Precision.BFLOAT16, 2);

    assertThatThrownBy(
            () -> checkExecutors(on(new T4s(FakeModel.named("t4").generators())), execution))
        .isExactlyInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot compute in bfloat16 on device cuda:0:")
        .hasMessageEndingWith("use weights_dtype=float16 and activations_dtype=float16");
    assertThatCode(
            () -> checkExecutors(on(new T4s(FakeModel.named("t4").generators())), on("auto")))
        .doesNotThrowAnyException();
  }

  private static Model on(GeneratorFactory generators) {
    return new Model(
        "t4",
        "",
        "d".repeat(64),
        new Schedulers(Map.of(), Map.of()),
        16,
        16,
        List.of(),
        generators);
  }

  /** Two GPUs of compute capability 7.5. */
  private record T4s(GeneratorFactory fake) implements GeneratorFactory {

    @Override
    public void check(Configuration hadoop) {
      fake.check(hadoop);
    }

    @Override
    public ImageGenerator load(String device, Configuration hadoop) {
      return fake.load(device, hadoop);
    }

    @Override
    public int gpuCount() {
      return 2;
    }

    @Override
    public Optional<CudaDevice> gpu(int index) {
      return Optional.of(new CudaDevice("Tesla T4", 7, 5, "GPU-" + index));
    }
  }

  @Test
  void checksTheDriversDeviceInLocalMode() {
    Model model = FakeModel.named("x");

    assertThatThrownBy(() -> Preflight.checkDriver(spark, model, on("cuda")))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith("Cannot use device cuda:0: libtorch must see that GPU (it sees 0;");
  }

  private void checkExecutors(Model model, ExecutionConfig execution) {
    ImageStore store =
        new ImageStore(
            "out",
            "staging",
            OutputFormat.PARQUET,
            ImageStore.Naming.BY_REQUEST,
            true,
            true,
            OutputHold.UNSHARED);
    Preflight.checkExecutors(
        spark,
        new GenerationRun("run", model, execution, store),
        new SerializableConfiguration(new Configuration()));
  }

  private static ExecutionConfig on(String device) {
    return new ExecutionConfig(device, Precision.FLOAT32, 2);
  }
}

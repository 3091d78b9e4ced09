package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.NarrowModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkFiles;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelTest {

  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  private static final ExecutionConfig EXECUTION = new ExecutionConfig("cpu", Precision.FLOAT32, 1);

  private final Configuration hadoop = new Configuration();

  @TempDir private Path folder;
  private Path local;

  @BeforeEach
  void copy() throws IOException {
    local = CopiedModel.of("base", folder.resolve("my model"));
  }

  @Test
  void usesALocalFolderWhereItIs() {
    Model model = open(local.toString(), "");

    assertThat(model.name()).isEqualTo("my model");
    assertThat(model.digest()).isEqualTo(ModelFolder.open(local).sums().digest());
    assertThat(open("file:" + local, "").digest()).isEqualTo(model.digest());
    assertThat(open("file://" + local, "").name()).isEqualTo("my model");
    assertThat(folder.resolve("cache")).doesNotExist();
  }

  /** As Spark has unpacked {@code --archives}: nobody has it in the working directory. */
  @Test
  void findsAModelThatSparkHasUnpacked() throws IOException {
    String digest = open(local.toString(), "").digest();
    LocalSpark.session();
    Path files = Path.of(SparkFiles.getRootDirectory());
    String name = "unpacked-" + folder.getFileName();
    Files.move(local, files.resolve(name));

    assertThat(open("./" + name, "").digest()).isEqualTo(digest);
    String path = Path.of("elsewhere").toAbsolutePath().toString();
    ModelLocation<ModelFolder> ofDriver =
        new ModelLocation<>(FolderKind.MODEL, path, name, WeightChoice.USUAL, "");
    assertThat(ofDriver.open(hadoop).sums().digest()).isEqualTo(digest);
    assertThatThrownBy(
            () -> new ModelLocation<>(FolderKind.MODEL, path, WeightChoice.USUAL, "").open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining(path);
  }

  @Test
  void takesOnlyTheModelThatIsPinned() {
    String digest = open(local.toString(), "").digest();
    String other = "0".repeat(64);

    assertThat(open(local.toString(), digest).digest()).isEqualTo(digest);
    assertThatThrownBy(() -> open(local.toString(), other))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot use the model: its digest must be model_digest's %s (%s)"
                .formatted(other, digest));
  }

  /** Alone for the executor: the driver has opened the model before. */
  @Test
  void anExecutorLoadsNoOtherFilesThanTheDriver() throws IOException {
    GeneratorFactory executor = open(local.toString(), "").generators();
    executor.check(hadoop);
    String before = ModelFolder.open(local).sums().byFile().get(UNET);
    CopiedModel.alter(local.resolve(UNET));
    Files.delete(local.resolve("tokenizer/special_tokens_map.json"));

    String unet =
        "Cannot load the model: every executor must have the same files as the driver (%s has"
                .formatted(UNET)
            + " sha256 %s, the driver's has %s)"
                .formatted(ModelFolder.open(local).sums().byFile().get(UNET), before);
    assertThatThrownBy(() -> executor.check(hadoop))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .hasSize(2)
                    .contains(unet)
                    .anyMatch(
                        problem ->
                            problem.contains("tokenizer/special_tokens_map.json is missing")));
    assertThatThrownBy(() -> executor.load("cpu", hadoop)).hasMessageContaining(unet);
  }

  @Test
  void anExecutorChecksTheManifestToo() throws IOException {
    GeneratorFactory executor = open(local.toString(), "").generators();
    Files.writeString(local.resolve("sha256sums.txt"), "0".repeat(64) + "  " + UNET + "\n");

    assertThatThrownBy(() -> executor.check(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot use model %s: %s must be as sha256sums.txt lists it".formatted(local, UNET));
  }

  @Test
  void takesARevisionOnlyOfTheHub() {
    assertThatThrownBy(() -> open(local.toString(), "fp16", ""))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot use revision: it goes with a hub id or a folder models--ORG--NAME of a hub's"
                    + " cache, %s is neither (fp16)")
                .formatted(local));
  }

  @Test
  void downloadsOnlyTheWeightsThatAreAskedFor() throws IOException {
    Path both = NarrowModel.both(folder.resolve("both"));
    try (HubServer server = new HubServer(both)) {
      Model model =
          Model.open(
              config("org/tiny", "", WeightFormat.FLAX, ""),
              EXECUTION,
              "ddim",
              hadoop,
              HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder));

      assertThat(model.digest())
          .isEqualTo(ModelFolder.open(both, WeightFormat.FLAX).sums().digest());
      model.generators().check(hadoop);
      assertThat(server.downloads())
          .anyMatch(line -> line.contains("unet/diffusion_flax_model.msgpack"))
          .noneMatch(line -> line.contains(".safetensors"));
    }
  }

  private Model open(String path, String digest) {
    return open(path, "", digest);
  }

  private Model open(String path, String revision, String digest) {
    return Model.open(
        config(path, revision, WeightFormat.SAFETENSORS, digest), EXECUTION, "ddim", hadoop);
  }

  private ModelConfig config(String path, String revision, WeightFormat format, String digest) {
    String cache = folder.resolve("cache").toString();
    return new ModelConfig(
        path, revision, WeightChoice.of(format), digest, cache, Map.of(), AccessToken.NONE);
  }
}

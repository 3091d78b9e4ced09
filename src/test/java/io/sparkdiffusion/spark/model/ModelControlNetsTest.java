package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ControlNetFolder;
import io.sparkdiffusion.config.ControlNetFolders;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.LocalSpark;
import io.sparkdiffusion.testing.PipelineCase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.spark.SparkFiles;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** ControlNets beside a model, from wherever they come. */
class ModelControlNetsTest {

  private static final Path EDGES = PipelineCase.CONTROL_NETS.resolve("v21");
  private static final String WEIGHTS = "diffusion_pytorch_model.safetensors";

  private static final ExecutionConfig EXECUTION = new ExecutionConfig("cpu", Precision.FLOAT32, 1);

  private final Configuration hadoop = new Configuration();

  @TempDir private Path folder;

  @Test
  void aControlNetOnAnotherFileSystemIsCopiedOnce() throws IOException {
    Path edges = withOtherFiles(CopiedModel.of("controlnet/v21", folder.resolve("edges")));
    Path log = folder.resolve("opened");
    CountedFileSystem.register(hadoop, log);
    String remote = CountedFileSystem.locationOf(edges);

    Model model = open(remote);
    assertThat(model.digest()).isEqualTo(open(EDGES.toString()).digest());
    assertThat(model.controlNets().setting()).isEqualTo(remote);
    model.generators().check(hadoop);
    assertThat(CountedFileSystem.opened(log))
        .hasSize(2)
        .anyMatch(line -> line.contains("config.json"))
        .anyMatch(line -> line.contains(WEIGHTS));
  }

  @Test
  void aControlNetOfTheHubIsNamedAtItsCommit() throws IOException {
    Path edges = withOtherFiles(CopiedModel.of("controlnet/v21", folder.resolve("edges")));
    try (HubServer server = new HubServer(edges)) {
      HubEnvironment hub =
          HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);
      Model model = open(hub, "org/tiny");

      assertThat(model.digest()).isEqualTo(open(EDGES.toString()).digest());
      assertThat(model.controlNets().setting()).isEqualTo("org/tiny@" + HubServer.COMMIT);
      assertThat(server.downloads())
          .hasSize(2)
          .anyMatch(line -> line.contains("/config.json"))
          .anyMatch(line -> line.contains("/" + WEIGHTS));
      assertThat(open(hub, model.controlNets().setting()).digest()).isEqualTo(model.digest());
      assertThat(open(hub, "org/tiny@main").digest()).isEqualTo(model.digest());
      assertThatThrownBy(() -> open(hub, "org/tiny@v2"))
          .isInstanceOf(ProblemsException.class)
          .hasMessageContaining("v2");
      model.generators().check(hadoop);
    }
  }

  /** Large files are named before they are fetched. */
  @Test
  void whatTheHubHasAsAPickleAloneIsNotFetched() throws IOException {
    Path edges = CopiedModel.of("controlnet/v21", folder.resolve("edges"));
    Files.move(edges.resolve(WEIGHTS), edges.resolve("diffusion_pytorch_model.bin"));
    try (HubServer server = new HubServer(edges)) {
      HubEnvironment hub =
          HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);

      assertThatThrownBy(() -> open(hub, "org/tiny"))
          .isInstanceOf(ProblemsException.class)
          .hasMessageStartingWith(
              "Cannot load ControlNet of org/tiny at %s: a .bin or .ckpt file is a pickle"
                  .formatted(HubServer.COMMIT));
      assertThat(server.downloads()).noneMatch(line -> line.contains(".bin"));
    }
  }

  /** A folder wins over the hub, and may have a sign of a revision in its name. */
  @Test
  void aFolderThatIsThereIsTaken() throws IOException {
    Path parent = Files.createDirectories(Path.of("target"));
    Path edges = Files.createTempDirectory(parent, "edges@");
    try {
      Files.delete(edges);
      CopiedModel.of("controlnet/v21", edges);
      Model model = open(edges.toString());

      assertThat(model.digest()).isEqualTo(open(EDGES.toString()).digest());
      assertThat(model.controlNets().setting()).isEqualTo(edges.toString());
    } finally {
      NeededFiles.delete(edges);
    }
  }

  @Test
  void findsAControlNetThatSparkHasUnpacked() throws IOException {
    LocalSpark.session();
    String name = "unpacked-edges-" + folder.getFileName();
    CopiedModel.of("controlnet/v21", Path.of(SparkFiles.getRootDirectory(), name));

    assertThat(open("./" + name).digest()).isEqualTo(open(EDGES.toString()).digest());
  }

  @Test
  void everyExecutorMustHaveTheDriversFiles() throws IOException {
    Path edges = CopiedModel.of("controlnet/v21", folder.resolve("edges"));
    Model model = open(edges.toString());
    model.generators().check(hadoop);
    Path config = edges.resolve("config.json");
    String other = Files.readString(config) + "\n";
    Files.delete(config);
    Files.writeString(config, other);

    assertThatThrownBy(() -> model.generators().check(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot load ControlNet %s: every executor must have the same files as the driver (config.json has "
                .formatted(edges));
  }

  private static Path withOtherFiles(Path edges) throws IOException {
    Files.writeString(edges.resolve("README.md"), "edges");
    Files.writeString(edges.resolve("diffusion_pytorch_model.bin"), "x");
    Files.writeString(edges.resolve("diffusion_pytorch_model.fp16.safetensors"), "x");
    Files.createDirectories(edges.resolve("images"));
    Files.writeString(edges.resolve("images/sample.png"), "x");
    return edges;
  }

  private Model open(String named) {
    return open(HubEnvironment.of(Map.of("HF_HUB_OFFLINE", "1"), folder), named);
  }

  private Model open(HubEnvironment hub, String named) {
    ModelConfig model =
        NamedModels.with(
            "v21",
            folder,
            LoraConfig.NONE,
            EmbeddingConfig.NONE,
            new ControlNetFolders(List.of(new ControlNetFolder(named, 1))));
    return Model.open(model, EXECUTION, "ddim", hadoop, hub);
  }
}

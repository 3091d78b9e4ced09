package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ControlNetFolders;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.Lora;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** LoRAs of a model, from wherever they come. */
class ModelLorasTest {

  private static final Path PEFT = PipelineCase.ADAPTERS.resolve("peft.safetensors");
  private static final Path OF_PEFT =
      PipelineCase.ADAPTERS.resolve("base_model/adapter_model.safetensors");

  private static final ExecutionConfig EXECUTION = new ExecutionConfig("cpu", Precision.FLOAT32, 1);

  private final Configuration hadoop = new Configuration();

  @TempDir private Path folder;

  @Test
  void theDigestIsOfModelAndLorasWithTheirWeights() {
    Model plain = open();
    assertThat(plain.digest()).isEqualTo(plain.baseDigest());
    assertThat(Stream.of(open(at(PEFT, 1)), open(at(PEFT, 0.5)), open(at(OF_PEFT, 1)), plain))
        .extracting(Model::digest)
        .doesNotHaveDuplicates();
    Model both = open(at(PEFT, 1), at(OF_PEFT, 0.5));
    assertThat(both.digest()).isNotEqualTo(open(at(OF_PEFT, 0.5), at(PEFT, 1)).digest());
    assertThat(both.baseDigest()).isEqualTo(plain.digest());
    assertThat(both.loras().setting()).isEqualTo("%s,%s:0.5".formatted(PEFT, OF_PEFT));
  }

  @Test
  void alphaBesideAFileIsAPartOfItsDigest() throws IOException {
    Path copy =
        Files.createDirectories(folder.resolve("copy")).resolve("adapter_model.safetensors");
    Files.copy(OF_PEFT, copy);
    Path config = OF_PEFT.resolveSibling("adapter_config.json");
    Files.copy(config, copy.resolveSibling("adapter_config.json"));
    String digest = open(at(OF_PEFT, 1)).digest();
    assertThat(open(at(copy, 1)).digest()).isEqualTo(digest);

    Files.writeString(
        copy.resolveSibling("adapter_config.json"),
        Files.readString(config).replaceFirst("\"lora_alpha\": \\d+", "\"lora_alpha\": 7"));
    assertThat(open(at(copy, 1)).digest()).isNotEqualTo(digest);
  }

  @Test
  void aLoraOnAnotherFileSystemIsCopiedOnceWithWhatGoesWithIt() throws IOException {
    Path log = folder.resolve("opened");
    CountedFileSystem.register(hadoop, log);
    Lora remote = new Lora(CountedFileSystem.locationOf(OF_PEFT), 1);

    assertThat(open(remote).digest()).isEqualTo(open(at(OF_PEFT, 1)).digest());
    assertThat(open(remote).loras().setting()).isEqualTo(remote.path());
    assertThat(CountedFileSystem.opened(log)).hasSize(2).doesNotHaveDuplicates();
  }

  @Test
  void aLoraOfTheHubIsNamedAtItsCommit() throws IOException {
    try (HubServer server = new HubServer(PipelineCase.ADAPTERS)) {
      HubEnvironment hub =
          HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);
      Lora lora = new Lora("org/tiny/base_model/adapter_model.safetensors", 1);
      Model model = open(hub, lora);

      assertThat(model.digest()).isEqualTo(open(at(OF_PEFT, 1)).digest());
      assertThat(model.loras().setting())
          .isEqualTo(
              "org/tiny@%s/base_model/adapter_model.safetensors".formatted(HubServer.COMMIT));
      assertThat(server.downloads()).hasSize(2).allMatch(line -> line.contains("/base_model/"));
      Lora pinned = new Lora(model.loras().setting(), 1);
      assertThat(open(hub, pinned).digest()).isEqualTo(model.digest());
      assertThatThrownBy(() -> open(hub, new Lora("org/tiny/none.safetensors", 1)))
          .isInstanceOf(ProblemsException.class)
          .hasMessageStartingWith(
              "Cannot open LoRA none.safetensors of org/tiny at %s: the repository must have the file, and no local file has that path (its safetensors: "
                  .formatted(HubServer.COMMIT));
    }
  }

  /** As a job with that setting finds it; sets that are the same are one model. */
  @Test
  void rowsNameFurtherSets() throws IOException {
    Path cut = Files.write(folder.resolve("cut.safetensors"), new byte[9]);
    Model usual = open(at(PEFT, 0.5));
    String path = PEFT.toString();
    List<String> cells =
        List.of("none", path, path + ":1.0", path + ":.5", "org/x/a.safetensors", cut.toString());
    HubEnvironment offline = HubEnvironment.of(Map.of("HF_HUB_OFFLINE", "1"), folder);
    Models models = Models.find(usual, named(at(PEFT, 0.5)), cells, any -> {}, hadoop, offline);

    assertThat(models.all()).startsWith(usual);
    assertThat(models.all())
        .extracting(Model::digest)
        .containsExactlyInAnyOrder(usual.digest(), open().digest(), open(at(PEFT, 1)).digest());
    assertThat(settled(models, "")).isEqualTo(path + ":0.5");
    assertThat(settled(models, path + ":.5")).isEqualTo(path + ":0.5");
    assertThat(settled(models, path)).isEqualTo(path).isEqualTo(settled(models, path + ":1.0"));
    assertThat(settled(models, "none")).isEmpty();
    assertThat(models.of(Requests.of("a", 0, "fox", "")).digest()).isEqualTo(usual.baseDigest());
    assertThatThrownBy(() -> settled(models, cut.toString()))
        .hasMessageStartingWith("Cannot read %s".formatted(cut));
    assertThatThrownBy(() -> settled(models, "org/x/a.safetensors"))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("org/x");
  }

  private static String settled(Models models, String cell) {
    ImageRequest asked = Requests.of("a", 0, "fox", "").with(Parameters.LORAS.of(cell));
    return models.settled(asked).values().get(Parameters.LORAS);
  }

  @Test
  void everyExecutorMustHaveTheDriversFile() throws IOException {
    Path copy = Files.copy(PEFT, folder.resolve("a.safetensors"));
    Model model = open(at(copy, 1));
    model.generators().check(hadoop);
    Files.copy(
        PipelineCase.ADAPTERS.resolve("locon.safetensors"),
        Files.createDirectories(folder.resolve("new")).resolve("a.safetensors"));
    Files.move(folder.resolve("new/a.safetensors"), copy, StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> model.generators().check(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot load LoRA %s: every executor must have the same file as the driver (digest "
                .formatted(copy));
  }

  @Test
  void theNameOfATagHoldsNothingThatWouldEndIt() {
    ModelAdapters.Seen seen =
        new ModelAdapters.Seen(
            LocalAdapter.of("x"), new Lora("/a/b <1>:2, c.safetensors", 1), "", "");
    assertThat(seen.name()).isEqualTo("b__1__2__c");
  }

  private static Lora at(Path file, double weight) {
    return new Lora(file.toString(), weight);
  }

  private Model open(Lora... loras) {
    return open(HubEnvironment.of(Map.of("HF_HUB_OFFLINE", "1"), folder), loras);
  }

  private Model open(HubEnvironment hub, Lora... loras) {
    return Model.open(named(loras), EXECUTION, "ddim", hadoop, hub);
  }

  private ModelConfig named(Lora... loras) {
    return NamedModels.with(
        "base",
        folder,
        new LoraConfig(List.of(loras), LoraUnmatched.REFUSE),
        EmbeddingConfig.NONE,
        ControlNetFolders.NONE);
  }
}

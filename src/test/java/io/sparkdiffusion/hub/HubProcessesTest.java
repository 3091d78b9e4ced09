package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The official client's variables, and a cache that processes share. */
class HubProcessesTest {

  private static final String REPOSITORY = "models--org--tiny/snapshots/" + HubServer.COMMIT;

  @TempDir private Path folder;
  private Path source;
  private HubServer server;

  @BeforeEach
  void serve() throws IOException {
    source = CopiedModel.of("base", folder.resolve("source"));
    server = new HubServer(source);
  }

  @AfterEach
  void end() {
    server.close();
  }

  private Map<String, String> variables(String... more) {
    Map<String, String> all = new HashMap<>();
    all.put("HOME", folder.resolve("user").toString());
    all.put("HF_ENDPOINT", server.address().toString());
    for (int i = 0; i < more.length; i += 2) {
      all.put(more[i], more[i + 1].replace("{folder}", folder.toString()));
    }
    return all;
  }

  /** Each holds what the other needs: whoever comes second waits and finds all of it. */
  @Test
  void twoAtOnceDownloadEachFileOnce() throws Exception {
    server.pauseMillis = 20;
    Map<String, String> both = variables("HF_HOME", "{folder}/shared");
    Process one = HubProcess.start(both);
    Process other = HubProcess.start(both);
    assertThat(one.inputReader().readLine()).isEqualTo("ready");
    assertThat(other.inputReader().readLine()).isEqualTo("ready");
    HubProcess.letGo(one);
    HubProcess.letGo(other);

    Path snapshot = folder.resolve("shared/hub").resolve(REPOSITORY);
    assertThat(HubProcess.end(one)).isEqualTo(snapshot.toString());
    assertThat(HubProcess.end(other)).isEqualTo(snapshot.toString());
    assertThat(server.downloads())
        .hasSize(CopiedModel.files(source).size())
        .doesNotHaveDuplicates();
    assertThat(server.asked.stream().filter(line -> line.startsWith("GET /api/"))).hasSize(2);
    for (String name : CopiedModel.files(source)) {
      assertThat(snapshot.resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
    assertThat(CopiedModel.files(folder.resolve("shared")))
        .noneMatch(name -> name.endsWith(".incomplete") || name.endsWith(".tmp"));
  }

  /** The first one is killed in the middle of its work, which the second one finishes. */
  @Test
  void oneThatIsKilledHoldsNobodyUp() throws Exception {
    server.pauseMillis = 50;
    Map<String, String> both = variables("HF_HOME", "{folder}/shared");
    Process killed = HubProcess.start(both);
    killed.inputReader().readLine();
    HubProcess.letGo(killed);
    while (server.downloads().isEmpty()) {
      assertThat(killed.isAlive()).isTrue();
      Thread.sleep(1);
    }
    killed.destroyForcibly().waitFor();
    server.pauseMillis = 0;

    Path snapshot = folder.resolve("shared/hub").resolve(REPOSITORY);
    assertThat(snapshot.resolve("model_index.json")).doesNotExist();
    assertThat(HubProcess.run(both)).isEqualTo(snapshot.toString());
    for (String name : CopiedModel.files(source)) {
      assertThat(snapshot.resolve(name)).hasSameBinaryContentAs(source.resolve(name));
    }
  }

  @Test
  void cacheAndTokenAreWhereTheVariablesSay() throws Exception {
    server.token = "hf_secret";
    Files.createDirectories(folder.resolve("home"));
    Files.writeString(folder.resolve("home/token"), "hf_secret\n");

    assertThat(HubProcess.run(variables("HF_TOKEN", "hf_secret")))
        .isEqualTo(place("user/.cache/huggingface/hub"));
    assertThat(HubProcess.run(variables("HF_HOME", "{folder}/home"))).isEqualTo(place("home/hub"));
    assertThat(
            HubProcess.run(
                variables("HF_HOME", "{folder}/home", "HF_HUB_CACHE", "{folder}/other/hub")))
        .isEqualTo(place("other/hub"));
    assertThat(server.strayTokens).isEmpty();
    assertThat(HubProcess.run(variables("HF_HOME", "{folder}/none")))
        .startsWith("Cannot open model org/tiny: ")
        .endsWith("(401 RepoNotFound without a token)");
    assertThat(HubProcess.run(variables("HF_HOME", "{folder}/home", "HF_TOKEN", "hf_other")))
        .isEqualTo(
            "Cannot download model org/tiny: the token of hf_access_token, HF_TOKEN or the token"
                + " file must be valid (401)");
  }

  private String place(String cache) {
    return folder.resolve(cache).resolve(REPOSITORY).toString();
  }

  @Test
  void offlineNothingIsAsked() throws Exception {
    String there = HubProcess.run(variables("HF_HOME", "{folder}/home"));
    server.asked.clear();

    assertThat(HubProcess.run(variables("HF_HOME", "{folder}/home", "HF_HUB_OFFLINE", "1")))
        .isEqualTo(there);
    assertThat(HubProcess.run(variables("HF_HOME", "{folder}/none", "HF_HUB_OFFLINE", "YES")))
        .isEqualTo(
            ("Cannot open main of %s: HF_HUB_OFFLINE or TRANSFORMERS_OFFLINE is set, so the cache"
                    + " must have it (refs/main is missing)")
                .formatted(folder.resolve("none/hub/models--org--tiny")));
    assertThat(server.asked).isEmpty();
  }
}

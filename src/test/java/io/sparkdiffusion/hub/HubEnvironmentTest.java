package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.AccessToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** As huggingface_hub's constants.py reads the variables. */
class HubEnvironmentTest {

  private static final AccessToken TOKEN = new AccessToken("hf_secret");

  @TempDir private Path home;

  @ParameterizedTest
  @CsvSource({
    "X=, /home/me/.cache/huggingface/hub",
    "XDG_CACHE_HOME=/xdg, /xdg/huggingface/hub",
    "XDG_CACHE_HOME=/xdg HF_HOME=/hf, /hf/hub",
    "HF_HOME=~/hf, /home/me/hf/hub",
    "HF_HOME=$DISK/hf DISK=/disk, /disk/hf/hub",
    "HF_HOME=${DISK}/hf DISK=/disk, /disk/hf/hub",
    "HF_HOME=/hf HUGGINGFACE_HUB_CACHE=/old, /old",
    "HF_HOME=/hf HUGGINGFACE_HUB_CACHE=/old HF_HUB_CACHE=/new, /new",
    "HF_HOME=/hf HF_HUB_CACHE=, /hf/hub"
  })
  void findsTheCache(String variables, Path cache) {
    assertThat(HubEnvironment.of(map(variables), Path.of("/home/me")).cache()).isEqualTo(cache);
  }

  @ParameterizedTest
  @CsvSource({
    "X=, https://huggingface.co",
    "HF_ENDPOINT=http://hub.example:8080//, http://hub.example:8080",
    "HF_ENDPOINT=https://example.org/hub/, https://example.org/hub"
  })
  void findsTheHub(String variables, String endpoint) {
    assertThat(HubEnvironment.of(map(variables), home).endpoint()).hasToString(endpoint);
  }

  @ParameterizedTest
  @CsvSource({
    "X=, false",
    "HF_HUB_OFFLINE=1, true",
    "HF_HUB_OFFLINE=true, true",
    "HF_HUB_OFFLINE=On, true",
    "HF_HUB_OFFLINE=yes, true",
    "HF_HUB_OFFLINE=0, false",
    "TRANSFORMERS_OFFLINE=1, true",
    "TRANSFORMERS_OFFLINE=1 HF_HUB_OFFLINE=0, false"
  })
  void isOfflineWhereItIsSaid(String variables, boolean offline) {
    assertThat(HubEnvironment.of(map(variables), home).offline()).isEqualTo(offline);
  }

  @Test
  void readsTheTokenFromAVariableOrAFile() throws IOException {
    assertThat(token("X=")).isEqualTo(AccessToken.NONE);
    Files.createDirectories(home.resolve(".cache/huggingface"));
    Files.writeString(home.resolve(".cache/huggingface/token"), "hf_secret\n");
    Files.writeString(home.resolve("other"), "hf_other");

    assertThat(token("X=")).isEqualTo(TOKEN);
    assertThat(token("HF_TOKEN_PATH=~/other")).isEqualTo(new AccessToken("hf_other"));
    assertThat(token("HF_TOKEN=hf_mine")).isEqualTo(new AccessToken("hf_mine"));
    assertThat(token("HUGGING_FACE_HUB_TOKEN=hf_old")).isEqualTo(new AccessToken("hf_old"));
    assertThat(token("HF_TOKEN=hf_mine HUGGING_FACE_HUB_TOKEN=hf_old"))
        .isEqualTo(new AccessToken("hf_mine"));
    assertThat(token("HF_HOME=~/none")).isEqualTo(AccessToken.NONE);
    assertThat(token("HF_HUB_DISABLE_IMPLICIT_TOKEN=1")).isEqualTo(AccessToken.NONE);
  }

  private AccessToken token(String variables) {
    return HubEnvironment.of(map(variables), home).token();
  }

  @Test
  void waitsAsLongAsTheVariablesSay() {
    assertThat(
            HubEnvironment.of(
                    map("HF_HUB_ETAG_TIMEOUT=7 HF_HUB_DOWNLOAD_TIMEOUT=33"), Path.of("/home/me"))
                .patience())
        .isEqualTo(Patience.usual(Duration.ofSeconds(7), Duration.ofSeconds(33)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "HF_ENDPOINT=huggingface.co; Cannot use HF_ENDPOINT: it must be the address of a hub, as"
            + " https://huggingface.co (huggingface.co)",
        "HF_ENDPOINT=https://me:secret@hub?x; Cannot use HF_ENDPOINT: it must be the address of a"
            + " hub, as https://huggingface.co (https://...@hub?x)",
        "HF_HUB_DOWNLOAD_TIMEOUT=soon; Cannot use HF_HUB_DOWNLOAD_TIMEOUT: it must be a number of"
            + " seconds (soon)"
      })
  void refusesWhatHasNoMeaning(String variables, String message) {
    assertThatThrownBy(() -> HubEnvironment.of(map(variables), home)).hasMessage(message);
  }

  private static Map<String, String> map(String variables) {
    return Arrays.stream(variables.split(" ", -1))
        .map(variable -> variable.split("=", 2))
        .collect(Collectors.toMap(parts -> parts[0], parts -> parts[1]));
  }
}

package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Hubs that are slow, silent, busy or say things in other ways. */
@Timeout(15)
class HubDownloadsTest {

  private static final HubId TINY = new HubId("org/tiny");
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

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

  private Path fetch(Patience patience) throws IOException {
    Map<String, String> variables = Map.of("HF_ENDPOINT", server.address().toString());
    Hub hub = new Hub(HubEnvironment.of(variables, folder).withPatience(patience));
    return hub.fetch(hub.list(TINY, ""));
  }

  private static Patience patience(Duration longestWait, Duration silence) {
    return new Patience(3, Duration.ofMillis(1), longestWait, Duration.ofSeconds(5), silence);
  }

  private static Patience usual() {
    return patience(Duration.ofSeconds(5), Duration.ofSeconds(5));
  }

  @Test
  void downloadsSideBySide() throws IOException {
    server.pauseMillis = 50;
    fetch(usual());
    // Two may meet where one comes after the other: the server ends an answer after its last byte.
    assertThat(server.mostAtOnce()).isBetween(3, 8);
  }

  @Test
  void refusesWhatTheDiskHasNoRoomFor() {
    server.boasts = 1L << 50;

    assertThatThrownBy(() -> fetch(usual()))
        .hasMessageContaining("its disk must have room for")
        .hasMessageContaining("are free");
    assertThat(server.downloads()).isEmpty();
  }

  /** The connection stays, but nothing comes any more. */
  @Test
  void goesOnWhereAServerFallsSilent() throws IOException {
    server.silentAfter = 100_000;
    server.breaks.set(1);

    Path snapshot = fetch(patience(Duration.ofSeconds(5), Duration.ofMillis(200)));

    assertThat(snapshot.resolve(UNET)).hasSameBinaryContentAs(source.resolve(UNET));
    assertThat(server.downloads()).anyMatch(line -> line.endsWith(" bytes=100000-"));
  }

  @ParameterizedTest
  @CsvSource({"Retry-After, 7200, 7200", "RateLimit, '\"api\";r=0;t=7199', 7200"})
  void doesNotWaitForHours(String header, String value, int seconds) {
    server.busy.set(1);
    server.busyHeader = Map.entry(header, value);
    assertThatThrownBy(() -> fetch(usual()))
        .isInstanceOf(IOException.class)
        .hasMessage("%s answers 429 and asks to wait %d s".formatted(server.address(), seconds));
  }

  @Test
  void waitsUntilTheTimeThatTheHubNames() throws IOException {
    ZonedDateTime time = ZonedDateTime.now(ZoneOffset.UTC).plusSeconds(2);
    server.busy.set(1);
    server.busyHeader = Map.entry("Retry-After", DateTimeFormatter.RFC_1123_DATE_TIME.format(time));
    fetch(usual());
    assertThat(ZonedDateTime.now(ZoneOffset.UTC)).isAfterOrEqualTo(time.withNano(0));
  }

  @Test
  void takesWeakETagsAndRevisionsWithSlashes() throws IOException {
    server.tellsBlobs = false;
    server.etagsAreWeak = true;
    Path snapshot = fetch(usual());
    assertThat(Files.readSymbolicLink(snapshot.resolve("model_index.json")))
        .hasToString("../../blobs/" + server.etag("model_index.json"));

    Map<String, String> variables = Map.of("HF_ENDPOINT", server.address().toString());
    Hub hub = new Hub(HubEnvironment.of(variables, folder));
    assertThatThrownBy(() -> hub.list(TINY, "refs/pr/1"))
        .hasMessage(
            "Cannot use revision: org/tiny must have it as a branch, tag or commit (refs/pr/1)");
    assertThat(server.asked).contains("GET /api/models/org/tiny/revision/refs%2Fpr%2F1?blobs=true");
  }
}

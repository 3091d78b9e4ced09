package io.sparkdiffusion.hub;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.HubServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A cache that other users may write to: what they lay there leads to no file of this user's. */
class SharedCacheTest {

  private static final HubId TINY = new HubId("org/tiny");
  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";
  private static final String PRIVATE = "a private file of this user's\n";

  @TempDir private Path folder;
  private Path victim;
  private Path cache;
  private HubServer server;
  private HubEnvironment environment;

  @BeforeEach
  void serve() throws IOException {
    server = new HubServer(CopiedModel.of("base", folder.resolve("source")));
    Path real = Files.createDirectories(folder.resolve("disk"));
    cache = Files.createSymbolicLink(folder.resolve("cache"), real);
    environment =
        HubEnvironment.of(
            Map.of("HF_ENDPOINT", server.address() + "/", "HF_HUB_CACHE", cache.toString()),
            folder.resolve("home"));
    victim = Files.writeString(folder.resolve("victim"), PRIVATE);
  }

  @AfterEach
  void end() {
    server.close();
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void writesThroughNoLinkInThePlaceOfAPartialFile(boolean isHard) throws IOException {
    Path partial = new RepositoryCache(cache, TINY).partial(server.etag(UNET));
    Files.createDirectories(partial.getParent());
    if (isHard) {
      Files.createLink(partial, victim);
    } else {
      Files.createSymbolicLink(partial, victim);
    }
    Path snapshot = fetch();
    assertThat(victim).content().isEqualTo(PRIVATE);
    assertThat(snapshot.resolve(UNET))
        .hasSameBinaryContentAs(folder.resolve("source").resolve(UNET));
    assertThat(new RepositoryCache(cache, TINY).blob(server.etag(UNET)))
        .satisfies(
            blob -> assertThat(Files.isRegularFile(blob, LinkOption.NOFOLLOW_LINKS)).isTrue());
  }

  @ParameterizedTest
  @ValueSource(strings = {"spark-diffusion.lock", "blob"})
  void opensNoLinkAsALock(String name) throws IOException {
    RepositoryCache repository = new RepositoryCache(cache, TINY);
    Path lock =
        name.equals("blob")
            ? repository.lock(server.etag(UNET))
            : repository.lock("any").resolveSibling(name);
    Files.createDirectories(lock.getParent());
    Path missing = folder.resolve("missing");
    Files.createSymbolicLink(lock, missing);
    assertThatThrownBy(this::fetch)
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot lock %s: it must be a file and no link, which another user may have laid (it is"
                    .formatted(lock)
                + " a link); remove it");
    assertThat(missing).doesNotExist();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "models--org--tiny",
        "models--org--tiny/blobs",
        "models--org--tiny/refs",
        "models--org--tiny/snapshots",
        "models--org--tiny/snapshots/" + HubServer.COMMIT + "/unet",
        ".locks",
        ".locks/models--org--tiny"
      })
  void writesToNoLinkedFolder(String name) throws IOException {
    Path elsewhere = Files.createDirectories(folder.resolve("elsewhere"));
    Path link = cache.resolve(name);
    Files.createDirectories(link.getParent());
    Files.createSymbolicLink(link, elsewhere);
    assertThatThrownBy(this::fetch)
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot write to %s: it must be a folder and no link, which another user may have laid"
                .formatted(link));
    assertThat(elsewhere).isEmptyDirectory();
  }

  /** Large files are compared by whoever opens the model. */
  @Test
  void bringsASmallFileAgainThatSomebodyHasChanged() throws IOException {
    Path config = fetch().resolve("vae/config.json");
    String right = Files.readString(config);
    Files.writeString(config, right.replace("3", "4"));
    server.asked.clear();
    assertThat(fetch().resolve("vae/config.json")).content().isEqualTo(right);
    assertThat(server.downloads()).singleElement().asString().contains("vae/config.json");
  }

  private Path fetch() throws IOException {
    Hub hub = new Hub(environment);
    return hub.fetch(hub.list(TINY, "main"));
  }
}

package io.sparkdiffusion.spark.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.hub.CacheLock;
import io.sparkdiffusion.spark.output.Failures;
import io.sparkdiffusion.testing.CopiedModel;
import io.sparkdiffusion.testing.CountedFileSystem;
import io.sparkdiffusion.testing.NarrowModel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelCacheTest {

  private static final String UNET = "unet/diffusion_pytorch_model.safetensors";

  @TempDir private Path folder;
  private Path source;
  private Path cache;
  private Path log;
  private ModelLocation<ModelFolder> location;
  private Configuration hadoop;

  @BeforeEach
  void copy() throws IOException {
    source = CopiedModel.of("base", folder.resolve("source"));
    cache = folder.resolve("the.partial-cache");
    log = folder.resolve("opened");
    location =
        new ModelLocation<>(
            FolderKind.MODEL,
            CountedFileSystem.locationOf(source),
            WeightChoice.USUAL,
            cache.toString());
    hadoop = newHadoop();
  }

  private Configuration newHadoop() {
    Configuration made = new Configuration();
    CountedFileSystem.register(made, log);
    return made;
  }

  @Test
  void fetchesOnlyWhatTheModelNeeds() throws IOException {
    List<String> needed = ModelFolder.open(source).files();
    for (String other :
        List.of(
            "README.md",
            "model.ckpt",
            "unet/diffusion_pytorch_model.bin",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "tokenizer/notes.txt",
            "safety_checker/config.json")) {
      Files.createDirectories(source.resolve(other).getParent());
      Files.writeString(source.resolve(other), "x");
    }
    Files.createDirectory(source.resolve("unet/folder"));

    ModelFolder copy = location.open(hadoop);

    assertThat(copy.root()).isEqualTo(cache.resolve(copy.sums().digest()));
    assertThat(copy.files()).isEqualTo(needed);
    assertThat(copy.sums()).isEqualTo(ModelFolder.open(source).sums());
    assertThat(CopiedModel.files(copy.root())).isEqualTo(needed);
    assertThat(opened()).hasSameSizeAs(needed);
  }

  @Test
  void fetchesShardsWithTheirIndex() throws IOException {
    Path shards = CopiedModel.of("v21", folder.resolve("shards"));

    ModelFolder copy =
        new ModelLocation<>(
                FolderKind.MODEL,
                CountedFileSystem.locationOf(shards),
                WeightChoice.USUAL,
                cache.toString())
            .open(hadoop);

    assertThat(copy.sums()).isEqualTo(ModelFolder.open(shards).sums());
  }

  @Test
  void keepsACopyForEachFormatOfTheWeights() throws IOException {
    Path both = NarrowModel.both(folder.resolve("both"));
    ModelLocation<ModelFolder> flax =
        new ModelLocation<>(
            FolderKind.MODEL,
            CountedFileSystem.locationOf(both),
            WeightChoice.of(WeightFormat.FLAX),
            cache.toString());
    ModelLocation<ModelFolder> pytorch =
        new ModelLocation<>(FolderKind.MODEL, flax.path(), WeightChoice.USUAL, cache.toString());

    ModelFolder first = flax.open(hadoop);
    assertThat(first.sums()).isEqualTo(ModelFolder.open(both, WeightFormat.FLAX).sums());
    assertThat(CopiedModel.files(first.root()))
        .contains("unet/diffusion_flax_model.msgpack")
        .noneMatch(file -> file.endsWith(".safetensors"));
    assertThat(pytorch.open(hadoop).sums()).isEqualTo(ModelFolder.open(both).sums());
    int before = opened().size();
    assertThat(flax.open(newHadoop()).root()).isEqualTo(first.root());
    assertThat(opened()).hasSize(before);
  }

  @Test
  void fetchesOnceForAllThreads() throws Exception {
    int threads = 4;
    CyclicBarrier start = new CyclicBarrier(threads);
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    List<Future<ModelFolder>> copies = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      copies.add(
          pool.submit(
              () -> {
                start.await();
                return location.open(newHadoop());
              }));
    }
    for (Future<ModelFolder> copy : copies) {
      assertThat(copy.get().root()).isEqualTo(copies.get(0).get().root());
    }
    pool.shutdown();

    assertThat(opened()).hasSize(12).doesNotHaveDuplicates();
  }

  @Test
  void waitsForAnotherProcessAndSharesItsCopy() throws Exception {
    Files.createDirectories(cache);
    Process other;
    try (CacheLock lock = CacheLock.take(cache.resolve("lock"))) {
      other = FetchingProcess.start(location, log);
      assertThat(other.inputReader().readLine()).isEqualTo("fetching");
      Thread.sleep(500);
      assertThat(opened()).as("opened while the lock is held").isEmpty();
    }
    String theirs = other.inputReader().readLine();
    assertThat(other.waitFor()).isZero();
    ModelFolder ours = location.open(hadoop);

    assertThat(ours.root()).hasToString(theirs);
    assertThat(opened()).hasSize(12).doesNotHaveDuplicates();
  }

  @Test
  void leavesNothingWhereTheConnectionBreaks() throws IOException {
    CountedFileSystem.breakAfter(hadoop, 600_000);

    assertThatThrownBy(() -> location.open(hadoop))
        .isInstanceOf(UncheckedIOException.class)
        .satisfies(
            e ->
                assertThat(Failures.reason(e))
                    .isEqualTo(
                        ("Cannot fetch model %s: its files must be readable, and %s must have room"
                                + " for them (%s: the connection broke)")
                            .formatted(location.path(), cache, UNET)));
    assertThat(CopiedModel.files(cache)).containsExactly("lock");

    assertThat(location.open(newHadoop()).sums()).isEqualTo(ModelFolder.open(source).sums());
  }

  @Test
  void saysWhereTheCopyCannotBeWritten() throws IOException {
    Path file = Files.writeString(folder.resolve("file"), "in the way");
    ModelLocation<ModelFolder> elsewhere =
        new ModelLocation<>(FolderKind.MODEL, location.path(), WeightChoice.USUAL, file + "/cache");

    assertThatThrownBy(() -> elsewhere.open(hadoop))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageStartingWith(
            "Cannot fetch model %s: its files must be readable, and %s/cache must have room"
                .formatted(location.path(), file));
  }

  @Test
  void removesWhatADeadProcessLeftHalfDone() throws IOException {
    Path left = cache.resolve("0123.partial-4567/unet");
    Files.createDirectories(left);
    Files.writeString(left.resolve("half"), "x");

    Path copy = location.open(hadoop).root();

    try (Stream<Path> found = Files.list(cache)) {
      assertThat(found)
          .containsExactlyInAnyOrder(cache.resolve("lock"), cache.resolve("sources"), copy);
    }
  }

  @Test
  void fetchesAgainWhatIsNotWhole() throws IOException {
    Path copy = location.open(hadoop).root();
    Files.writeString(copy.resolve(UNET), "x");

    assertThat(location.open(hadoop).sums()).isEqualTo(ModelFolder.open(source).sums());
    assertThat(opened()).hasSize(24);
  }

  @Test
  void namesAFileOfTheCopyThatHasChanged() throws IOException {
    ModelFolder copy = location.open(hadoop);
    String before = copy.sums().byFile().get(UNET);
    CopiedModel.alter(copy.root().resolve(UNET));
    String after = copy.sums().byFile().get(UNET);

    assertThatThrownBy(() -> location.open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot load the model's copy %s: it must be as it was fetched (%s has sha256 %s, the"
                    .formatted(copy.root(), UNET, after)
                + " source's has %s); remove that folder".formatted(before));
  }

  @Test
  void fetchesAChangedSourceUnderAnotherName() throws IOException {
    Path before = location.open(hadoop).root();
    CopiedModel.alter(source.resolve(UNET));

    Path after = location.open(hadoop).root();

    assertThat(after).isNotEqualTo(before);
    assertThat(before.resolve(UNET)).isRegularFile();
    assertThat(after.resolve(UNET)).hasSameBinaryContentAs(source.resolve(UNET));
  }

  @Test
  void checksTheManifestBeforeTheCopyHasItsName() throws IOException {
    Files.writeString(source.resolve("sha256sums.txt"), "0".repeat(64) + "  " + UNET + "\n");
    String actual = ModelFolder.open(source).sums().byFile().get(UNET);

    assertThatThrownBy(() -> location.open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            ("Cannot use model %s: %s must be as sha256sums.txt lists it (it has sha256 %s, listed"
                    + " is %s)")
                .formatted(location.path(), UNET, actual, "0".repeat(64)));
    assertThat(CopiedModel.files(cache)).containsExactly("lock");
  }

  @Test
  void tellsWhatTheSourceLacks() throws IOException {
    Files.delete(source.resolve(UNET));
    Files.delete(source.resolve("vae/config.json"));

    assertThatThrownBy(() -> location.open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            """
            Cannot load unet of %1$s: diffusion_pytorch_model.safetensors must be there (missing)
            Cannot open %1$s/vae/config.json: the file must be there and readable (missing)"""
                .formatted(location.path()));
    assertThat(opened()).as("large files").noneMatch(name -> name.endsWith(".safetensors"));
  }

  @Test
  void refusesNamesThatLeadOutOfTheirFolder() {
    CountedFileSystem.lie(hadoop, "counted:/../config.json");

    assertThatThrownBy(() -> location.open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot fetch model %s: each name in it must stay in its folder"
                    .formatted(location.path())
                + " (counted:/../config.json)");
  }

  @Test
  void refusesWhatIsNoFolderOfAKnownFileSystem() {
    assertThatThrownBy(
            () ->
                new ModelLocation<>(FolderKind.MODEL, "nowhere://x/m", WeightChoice.USUAL, "")
                    .open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot open model nowhere://x/m: Hadoop must know its file system (No FileSystem for"
                + " scheme \"nowhere\")");
    assertThatThrownBy(
            () ->
                new ModelLocation<>(
                        FolderKind.MODEL, location.path() + "/none", WeightChoice.USUAL, "")
                    .open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot open model %s/none: it must be a folder in diffusers' layout ("
                .formatted(location.path()));
    assertThatThrownBy(
            () ->
                new ModelLocation<>(
                        FolderKind.MODEL,
                        location.path() + "/model_index.json",
                        WeightChoice.USUAL,
                        "")
                    .open(hadoop))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot open model %s/model_index.json: it must be a folder in diffusers' layout (it is"
                    .formatted(location.path())
                + " a file)");
  }

  private List<String> opened() throws IOException {
    return CountedFileSystem.opened(log);
  }
}

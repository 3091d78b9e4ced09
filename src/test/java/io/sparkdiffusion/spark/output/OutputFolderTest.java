package io.sparkdiffusion.spark.output;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.job.TwoRuns;
import io.sparkdiffusion.testing.FullDisk;
import io.sparkdiffusion.testing.StrictRename;
import io.sparkdiffusion.testing.WatchedDisk;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class OutputFolderTest {

  private final HandBeats beats = new HandBeats();

  @TempDir private Path folder;

  @Test
  void refusesASecondRunWhileTheFirstIsAlive() throws IOException {
    try (OutputFolder first = open("first")) {
      assertThatThrownBy(() -> open("second"))
          .isInstanceOf(ProblemsException.class)
          .hasMessageMatching(
              ("\\QCannot write to output_dir %s: it must be a folder that can be made and written"
                      + " (another run is writing to it, wait for its end: first \\E\\d+\\)")
                  .formatted(folder));
      assertThat(folder.resolve("_staging/first")).isDirectory();
      assertThat(first.staging()).endsWith("/_staging/first");
    }
    open("second").close();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void takesOverFromADeadRunAndRemovesWhatItLeft() throws IOException {
    Files.writeString(folder.resolve("_lock"), "dead 17\n");
    Path left = Files.createDirectories(folder.resolve("_staging/dead/group-0"));
    Files.writeString(left.resolve("part.parquet"), "half");
    try (OutputFolder next = open("next")) {
      assertThat(folder.resolve("_staging/dead")).doesNotExist();
      assertThat(folder.resolve("_lock")).content().startsWith("next ");
      assertThat(next.hasRows()).isFalse();
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void commitsNothingOnceAnotherRunHasTakenOver() throws IOException {
    OutputFolder slow = open("slow");
    Files.createDirectories(Path.of(java.net.URI.create(slow.stagedGroup(0))));
    Files.writeString(folder.resolve("_lock"), "quick 0\n");
    String lost =
        ("Cannot go on: this run must hold its output folder, and another one has taken it over"
                + " while this one stood still (quick 0 holds file:%s/_lock)")
            .formatted(folder);
    assertThatThrownBy(() -> slow.commit(0)).isInstanceOf(IOException.class).hasMessage(lost);
    assertThatThrownBy(() -> slow.writeText("run.json", "{}")).hasMessage(lost);
    assertThatThrownBy(() -> slow.place(List.of("image_0.png"))).hasMessage(lost);
    assertThatThrownBy(slow::close).hasMessage(lost);
    assertThat(folder.resolve("rows")).isEmptyDirectory();
    assertThat(folder.resolve("run.json")).doesNotExist();
    assertThat(folder.resolve("image_0.png")).doesNotExist();
    assertThat(folder.resolve("_lock")).hasContent("quick 0");
  }

  @Test
  void removesNoGroupOnceAnotherRunHasTakenOver() throws IOException {
    OutputFolder slow = open("slow");
    Path group = Files.createDirectories(folder.resolve("rows/group=earlier-0"));
    Path later = Files.createDirectories(folder.resolve("rows/group=zeta-0"));
    slow.removeEarlierGroups();
    assertThat(group).doesNotExist();
    assertThat(later).exists();
    Files.createDirectories(group);
    Files.writeString(folder.resolve("_lock"), "quick 0\n");
    assertThatThrownBy(slow::removeEarlierGroups).isInstanceOf(LostOutputException.class);
    assertThat(group).exists();
  }

  /** It was stopped between its last look at the lock and the rename of its heartbeat. */
  @Test
  void aLateHeartbeatDoesNotTakeTheLockBack() throws Exception {
    Configuration hadoop = new Configuration();
    WatchedDisk.register(hadoop);
    OutputFolder slow = open("watched:" + folder, "slow", hadoop);
    AtomicBoolean isLost = new AtomicBoolean();
    slow.whenLost(() -> isLost.set(true));
    AtomicInteger looks = new AtomicInteger();
    WatchedDisk.beforeOpen(
        file -> {
          if (looks.incrementAndGet() == 1) {
            write(folder.resolve("_lock"), "quick 0\n");
          }
        });
    beats.await(3);
    assertThat(looks).hasPositiveValue();
    assertThat(folder.resolve("_lock")).hasContent("quick 0");
    assertThat(isLost).isTrue();
    assertThatThrownBy(slow::requireHeld).isInstanceOf(LostOutputException.class);
    Files.writeString(folder.resolve("_lock"), "slow 9\n");
    assertThatThrownBy(slow::requireHeld).as("for ever").isInstanceOf(LostOutputException.class);
  }

  @Test
  void keepsItsLockOnAFullDisk() throws Exception {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.full.impl", FullDisk.class.getName());
    OutputFolder run = open("full://" + folder, "alive", hadoop);
    FullDisk.setRoom(3);
    try {
      beats.await(4);
      run.requireHeld();
      assertThatThrownBy(() -> run.writeText("run.json", "{}\n"))
          .isInstanceOf(IOException.class)
          .hasMessage("No space left on device");
      run.close();
    } finally {
      FullDisk.setRoom(Long.MAX_VALUE);
    }
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void leavesNoLockWhereTheDiskIsFullFromTheStart() throws IOException {
    Configuration hadoop = new Configuration();
    hadoop.set("fs.full.impl", FullDisk.class.getName());
    FullDisk.setRoom(0);
    try {
      assertThatThrownBy(() -> open("full://" + folder, "late", hadoop))
          .isInstanceOf(ProblemsException.class)
          .hasMessageContaining("No space left on device");
    } finally {
      FullDisk.setRoom(Long.MAX_VALUE);
    }
    assertThat(folder.resolve("_lock")).doesNotExist();
  }

  /** The slower one writes its name once the faster one has read its own. */
  @Test
  void letsOneOfTwoTakeOverFromADeadRun() throws Exception {
    Files.writeString(folder.resolve("_lock"), "dead 17\n");
    Configuration hadoop = new Configuration();
    WatchedDisk.register(hadoop);
    CyclicBarrier both = new CyclicBarrier(2);
    AtomicInteger reads = new AtomicInteger();
    AtomicInteger names = new AtomicInteger();
    TwoBeats two = new TwoBeats();
    WatchedDisk.beforeOpen(file -> onlyIf(reads.incrementAndGet() <= 4, both::await));
    // The first two find that the lock is there; the other two write one after the other.
    WatchedDisk.beforeCreate(file -> onlyIf(names.incrementAndGet() == 4, two::awaitTheFirst));
    TwoRuns.onlyOneOf(
            () -> openWatched("one", OutputCommit.RENAME, hadoop, two),
            () -> openWatched("two", OutputCommit.RENAME, hadoop, two))
        .close();
    assertThat(folder).isEmptyDirectory();
  }

  /** On a file system that nothing is known of another run writes its name after ours. */
  @Test
  void waitsWhetherCreatingTheLockWasExclusive() {
    Configuration hadoop = new Configuration();
    WatchedDisk.register(hadoop);
    Path lock = folder.resolve("_lock");
    beats.start(() -> write(lock, "other 0\n"));
    assertThatThrownBy(() -> openWatched("run", OutputCommit.AUTO, hadoop, beats))
        .isInstanceOf(ProblemsException.class)
        .hasMessageContaining("(another run is writing to it, wait for its end: other 0)");
    assertThat(lock).hasContent("other 0");
  }

  @Test
  void goesOnShowingThatItIsAliveAfterAStrangeError() throws Exception {
    Configuration hadoop = new Configuration();
    WatchedDisk.register(hadoop);
    try (OutputFolder run = open("watched:" + folder, "alive", hadoop)) {
      AtomicInteger written = new AtomicInteger();
      WatchedDisk.beforeCreate(
          file -> {
            if (written.incrementAndGet() == 1) {
              throw new IllegalStateException("a store's own error");
            }
          });
      beats.await(2);
      assertThat(written).hasValueGreaterThan(1);
      assertThat(folder.resolve("_lock")).hasContent("alive 2");
      run.requireHeld();
    }
  }

  /** HDFS may create a file after the one who asked for it was interrupted and has given up. */
  @Test
  void letsAHeartbeatEndBeforeItGivesTheLockBack() throws Exception {
    Configuration hadoop = new Configuration();
    WatchedDisk.register(hadoop);
    org.apache.hadoop.fs.Path output = new org.apache.hadoop.fs.Path("watched:" + folder);
    OutputLock lock =
        OutputLock.take(output.getFileSystem(hadoop), output, "run", CommitWay.RENAME, beats);
    CountDownLatch begun = new CountDownLatch(1);
    AtomicBoolean hasEnded = new AtomicBoolean();
    Thread closing = Thread.currentThread();
    WatchedDisk.beforeCreate(
        file -> {
          begun.countDown();
          take(() -> awaitBlocked(closing));
          hasEnded.set(true);
        });
    CompletableFuture<Void> beat = CompletableFuture.runAsync(beats::beat);
    begun.await();
    lock.close();
    assertThat(hasEnded).isTrue();
    beat.join();
    assertThat(folder).isEmptyDirectory();
  }

  @Test
  void removesWhatADeadRunsHeartbeatHasLeft() throws IOException {
    Files.writeString(folder.resolve("_lock.dead"), "dead 18\n");
    open("next").close();
    assertThat(folder).isEmptyDirectory();
  }

  /** On HDFS, where a rename does not replace. */
  @Test
  void replacesItsReportInOneStep() throws IOException {
    Configuration hadoop = new Configuration();
    StrictRename.register(hadoop, true);
    try (OutputFolder run = open("strict:" + folder, "run", hadoop)) {
      run.writeText("run.json", "{\"run\": 1}\n");
      run.writeText("run.json", "{\"run\": 2}\n");
    }
    assertThat(folder.resolve("run.json")).hasContent("{\"run\": 2}");
    assertThat(folder.toFile().list()).containsExactly("run.json");
  }

  /** Until it waits for what another thread holds, which may never be. */
  private static void awaitBlocked(Thread thread) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(5);
    while (thread.getState() != Thread.State.BLOCKED && System.nanoTime() < end) {
      Thread.sleep(1);
    }
  }

  private interface Wait {
    void take() throws Exception;
  }

  private static void onlyIf(boolean isTime, Wait wait) throws IOException {
    if (isTime) {
      take(wait);
    }
  }

  private static void take(Wait wait) throws IOException {
    try {
      wait.take();
    } catch (Exception e) {
      throw new IOException("the other one did not come", e);
    }
  }

  private OutputFolder open(String runId) {
    return open(folder.toString(), runId, new Configuration());
  }

  private static void write(Path file, String text) {
    try {
      Files.writeString(file, text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private OutputFolder openWatched(
      String runId, OutputCommit commit, Configuration hadoop, Heartbeats heartbeats) {
    return OutputFolder.open("watched:" + folder, commit, runId, hadoop, heartbeats);
  }

  private OutputFolder open(String directory, String runId, Configuration hadoop) {
    return OutputFolder.open(directory, OutputCommit.RENAME, runId, hadoop, beats);
  }
}

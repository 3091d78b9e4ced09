package io.sparkdiffusion.spark.job;

import io.sparkdiffusion.spark.executor.Storage;
import io.sparkdiffusion.spark.executor.WholeFiles;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.hdfs.protocol.AlreadyBeingCreatedException;
import org.apache.hadoop.ipc.RemoteException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps two runs from writing to one output folder. The file {@code _lock} names the run that
 * writes and changes with each heartbeat; where it stands still, that run is dead and another one
 * takes over. No clocks are compared. A run that has lost its lock commits nothing more. Where two
 * may have written their names at once, because creating a file is not exclusive or both took over
 * from a dead run, a run waits for a heartbeat and holds the lock if its own name is still there:
 * the one that wrote last goes on. A heartbeat that cannot be written leaves the lock as it was.
 */
final class OutputLock implements AutoCloseable {

  /** How often a run shows that it is alive. */
  static final Duration HEARTBEAT = Duration.ofSeconds(5);

  private static final Logger LOG = LoggerFactory.getLogger(OutputLock.class);
  private static final int MISSED_HEARTBEATS = 3;
  private static final String NAME = "_lock";
  private static final String BESIDE = NAME + ".";

  private final FileSystem files;
  private final Path file;
  private final Path beside;
  private final WholeFiles whole;
  private final String runId;
  private final ScheduledExecutorService clock =
      Executors.newSingleThreadScheduledExecutor(DaemonThreads.named("spark-diffusion-lock"));
  private long beats;

  private OutputLock(FileSystem files, Path folder, String runId) {
    this.files = files;
    this.file = new Path(folder, NAME);
    this.beside = new Path(folder, BESIDE + runId);
    this.runId = runId;
    this.whole = new WholeFiles(files);
  }

  /**
   * Takes the lock, after some heartbeats' time where a dead run has left one.
   *
   * @param way whose atomic rename stands for exclusive creation too
   * @throws IOException where another run is alive
   */
  static OutputLock take(
      FileSystem files, Path folder, String runId, CommitWay way, Duration heartbeat)
      throws IOException {
    OutputLock lock = new OutputLock(files, folder, runId);
    boolean isFirst = lock.create();
    if (!isFirst) {
      lock.takeOver(heartbeat);
    }
    boolean isExclusive =
        way == CommitWay.RENAME && Storage.of(files) != Storage.OBJECT_STORE && isFirst;
    if (!isExclusive) {
      sleep(heartbeat);
    }
    lock.requireFirst();
    long period = heartbeat.toMillis();
    var unused = lock.clock.scheduleAtFixedRate(lock::beat, period, period, TimeUnit.MILLISECONDS);
    return lock;
  }

  private boolean create() throws IOException {
    FSDataOutputStream created;
    try {
      created = files.create(file, false);
    } catch (FileAlreadyExistsException e) {
      return false;
    } catch (RemoteException e) {
      if (isBeingCreated(e)) {
        return false;
      }
      throw e;
    }
    try (created) {
      created.write(nextBeat());
      return true;
    } catch (IOException e) {
      files.delete(file, false);
      throw e;
    }
  }

  /** What HDFS says of a file that somebody has not closed yet, also where that one has died. */
  private static boolean isBeingCreated(RemoteException refusal) {
    return refusal.unwrapRemoteException(AlreadyBeingCreatedException.class)
        instanceof AlreadyBeingCreatedException;
  }

  private void takeOver(Duration heartbeat) throws IOException {
    Optional<String> before = read();
    LOG.info("Waiting whether the run of {} is alive", file);
    sleep(heartbeat.multipliedBy(MISSED_HEARTBEATS));
    Optional<String> after = read();
    if (after.isPresent() && !after.equals(before)) {
      throw new IOException("another run is writing to it, wait for its end: " + after.get());
    }
    LOG.warn("Taking over from a run that ended without cleaning up");
    renew();
  }

  private static void sleep(Duration time) throws IOException {
    try {
      Thread.sleep(time.toMillis());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for another run", e);
    }
  }

  /**
   * Writes the next heartbeat. On a full disk the lock stays as it is; where no rename replaces it
   * at once it is written over, so that it is never gone and nobody else finds none.
   */
  private synchronized void renew() throws IOException {
    byte[] beat = nextBeat();
    if (Storage.of(files) == Storage.OBJECT_STORE) {
      whole.create(file, beat);
      return;
    }
    whole.create(beside, beat);
    if (!whole.replace(beside, file)) {
      whole.create(file, beat);
      files.delete(beside, false);
    }
  }

  private byte[] nextBeat() {
    return (runId + " " + beats++ + "\n").getBytes(StandardCharsets.UTF_8);
  }

  /** Removes what dead runs' heartbeats have left. */
  void removeUnfinished() throws IOException {
    for (FileStatus left : files.listStatus(file.getParent(), OutputLock::isBeside)) {
      files.delete(left.getPath(), false);
    }
  }

  private static boolean isBeside(Path path) {
    return path.getName().startsWith(BESIDE);
  }

  /** The run that holds the lock and its heartbeat, nothing where the file is gone. */
  private Optional<String> read() throws IOException {
    try (FSDataInputStream in = files.open(file)) {
      return Optional.of(new String(in.readAllBytes(), StandardCharsets.UTF_8).strip());
    } catch (FileNotFoundException e) {
      return Optional.empty();
    }
  }

  private boolean isHeld() throws IOException {
    return read().filter(this::isOwn).isPresent();
  }

  private boolean isOwn(String holder) {
    return holder.startsWith(runId + " ");
  }

  /**
   * Makes sure that this run still is the one that writes.
   *
   * @throws IOException where another one has taken over
   */
  synchronized void requireHeld() throws IOException {
    if (!isHeld()) {
      throw new IOException(
          "Cannot go on: the output folder must be this run's (%s holds %s)"
              .formatted(read().orElse("nobody"), file));
    }
  }

  private void requireFirst() throws IOException {
    Optional<String> holder = read();
    if (holder.filter(this::isOwn).isEmpty()) {
      throw new IOException(
          "another run is writing to it, wait for its end: " + holder.orElse("nobody"));
    }
  }

  private synchronized void beat() {
    if (clock.isShutdown()) {
      return;
    }
    try {
      requireHeld();
      renew();
    } catch (IOException | RuntimeException e) {
      // Whatever it is: the clock would stop for good.
      LOG.warn("Cannot renew the lock {}: {}", file, e.getMessage());
    }
  }

  /**
   * Gives the lock back, once a heartbeat that is underway has ended: what an interrupted one has
   * asked of HDFS may still be done after what follows here.
   */
  @Override
  public void close() throws IOException {
    clock.shutdown();
    synchronized (this) {
      files.delete(beside, false);
      if (isHeld()) {
        files.delete(file, false);
      }
    }
  }
}

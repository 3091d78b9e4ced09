package io.sparkdiffusion.spark.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicReference;
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
 * takes over. No clocks are compared. A run that has lost its lock writes nothing more that readers
 * see, and ends; it does not get the lock back, whoever has it by then. Where two may have written
 * their names at once, because creating a file is not exclusive or both took over from a dead run,
 * a run waits for a heartbeat and holds the lock if its own name is still there: the one that wrote
 * last goes on. A heartbeat that cannot be written leaves the lock as it was.
 */
public final class OutputLock implements AutoCloseable {

  /** How often a run shows that it is alive. */
  public static final Heartbeats HEARTBEATS = Heartbeats.each(Duration.ofSeconds(5));

  private static final Logger LOG = LoggerFactory.getLogger(OutputLock.class);
  private static final int MISSED_HEARTBEATS = 3;
  private static final String NAME = "_lock";
  private static final String BESIDE = NAME + ".";

  private final FileSystem files;
  private final Path file;
  private final OutputHold hold;
  private final Path beside;
  private final WholeFiles whole;
  private final String runId;
  private final AtomicReference<Runnable> whenLost = new AtomicReference<>(() -> {});
  private volatile Runnable endOfBeats = () -> {};
  private volatile boolean hasStopped;
  private volatile boolean isLost;
  private long beats;

  private OutputLock(FileSystem files, Path folder, String runId) {
    this.files = files;
    this.file = new Path(folder, NAME);
    this.beside = new Path(folder, BESIDE + runId);
    this.runId = runId;
    this.hold = new OutputHold(file.toString(), runId);
    this.whole = new WholeFiles(files);
  }

  /**
   * Takes the lock, after some heartbeats' time where a dead run has left one.
   *
   * @param way whose atomic rename stands for exclusive creation too
   * @throws IOException where another run is alive
   */
  static OutputLock take(
      FileSystem files, Path folder, String runId, CommitWay way, Heartbeats heartbeats)
      throws IOException {
    OutputLock lock = new OutputLock(files, folder, runId);
    boolean isFirst = lock.create();
    if (!isFirst) {
      lock.takeOver(heartbeats);
    }
    boolean isExclusive =
        way == CommitWay.RENAME && Storage.of(files) != Storage.OBJECT_STORE && isFirst;
    if (!isExclusive) {
      await(heartbeats, 1);
    }
    lock.requireFirst();
    lock.startBeating(heartbeats);
    return lock;
  }

  private synchronized void startBeating(Heartbeats heartbeats) {
    endOfBeats = heartbeats.start(this::beat);
  }

  private void stopBeating() {
    hasStopped = true;
    endOfBeats.run();
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

  private void takeOver(Heartbeats heartbeats) throws IOException {
    String before = hold.read(files);
    LOG.info("Waiting whether the run of {} is alive", file);
    await(heartbeats, MISSED_HEARTBEATS);
    String after = hold.read(files);
    if (!after.isEmpty() && !after.equals(before)) {
      throw new IOException("another run is writing to it, wait for its end: " + after.strip());
    }
    LOG.warn("Taking over from a run that ended without cleaning up");
    renew(() -> {});
  }

  private static void await(Heartbeats heartbeats, int count) throws IOException {
    try {
      heartbeats.await(count);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while waiting for another run", e);
    }
  }

  /**
   * Writes the next heartbeat. On a full disk the lock stays as it is; where no rename replaces it
   * at once it is written over, so that it is never gone and nobody else finds none. Who takes over
   * removes what this has written beside the lock, so that a rename that comes too late fails.
   */
  private synchronized void renew(WholeFiles.Guard guard) throws IOException {
    byte[] beat = nextBeat();
    if (Storage.of(files) == Storage.OBJECT_STORE) {
      guard.require();
      whole.create(file, beat);
      return;
    }
    whole.create(beside, beat);
    guard.require();
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

  /** The right to write that goes with the lock, for those who ask from elsewhere. */
  OutputHold hold() {
    return hold;
  }

  /** What happens once a heartbeat finds that another run has taken over. */
  void whenLost(Runnable action) {
    whenLost.set(action);
  }

  /**
   * Makes sure that this run still is the one that writes.
   *
   * @throws LostOutputException where another one has taken over, for ever
   */
  synchronized void requireHeld() throws IOException {
    if (isLost) {
      throw hold.lost(files);
    }
    try {
      hold.require(files);
    } catch (LostOutputException e) {
      isLost = true;
      throw e;
    }
  }

  private void requireFirst() throws IOException {
    try {
      hold.require(files);
    } catch (LostOutputException e) {
      String holder = hold.read(files).strip();
      throw new IOException(
          "another run is writing to it, wait for its end: "
              + (holder.isEmpty() ? "nobody" : holder),
          e);
    }
  }

  private synchronized void beat() {
    if (hasStopped) {
      return;
    }
    try {
      renew(this::requireHeld);
    } catch (LostOutputException e) {
      stopBeating();
      whenLost.get().run();
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
    stopBeating();
    synchronized (this) {
      files.delete(beside, false);
      if (!isLost && hold.isHolder(hold.read(files))) {
        files.delete(file, false);
      }
    }
  }
}

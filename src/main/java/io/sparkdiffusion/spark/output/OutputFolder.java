package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.config.OutputCommit;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.spark.table.ResultColumns;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.spark.sql.SparkSession;

/**
 * The folder of a run. What is unfinished lies under {@code _staging/<run>}; finished rows appear
 * under {@code rows} by one rename, so that no reader sees half, or where a rename copies, are
 * written there and count once they are listed.
 */
public final class OutputFolder implements AutoCloseable {

  private final Path root;
  private final Path staging;
  private final FileSystem files;
  private final OutputLock lock;
  private final FinalNames names;

  /** Whether it was not there; of two runs that begin at once the refused one may have made it. */
  private final boolean isNew;

  private final CommitWay way;

  /** At first the name that the lock has. */
  private volatile String runId;

  /** Groups that are written where they stay and cannot have been committed. */
  private final Set<Path> unfinished = ConcurrentHashMap.newKeySet();

  private OutputFolder(
      Path root, String runId, FileSystem files, OutputLock lock, boolean isNew, CommitWay way) {
    this.isNew = isNew;
    this.way = way;
    this.root = root;
    this.staging = new Path(root, "_staging/" + runId);
    this.runId = runId;
    this.files = files;
    this.lock = lock;
    this.names = new FinalNames(files, root, staging, lock::requireHeld);
  }

  /**
   * Opens the folder for this run alone, proves that it can be written to, and removes what dead
   * runs have left unfinished.
   *
   * @param commit how groups are to appear
   * @param heartbeats how often this run shows that it is alive
   * @throws ProblemsException where it cannot be written to, or another run is writing
   */
  public static OutputFolder open(
      String directory,
      OutputCommit commit,
      String runId,
      Configuration hadoop,
      Heartbeats heartbeats) {
    try {
      Path given = new Path(directory);
      FileSystem files = given.getFileSystem(hadoop);
      Path root = files.makeQualified(given);
      boolean isNew = !files.exists(root);
      CommitWay way = CommitWay.of(commit, files, root);
      if (!files.mkdirs(root)) {
        throw new IOException("the folder could not be made");
      }
      OutputLock lock = OutputLock.take(WholeFiles.raw(files), root, runId, way, heartbeats);
      try {
        OutputFolder folder = new OutputFolder(root, runId, files, lock, isNew, way);
        lock.removeUnfinished();
        files.delete(folder.staging.getParent(), true);
        files.mkdirs(folder.staging);
        return folder;
      } catch (IOException | RuntimeException e) {
        try (lock) {
          throw e;
        }
      }
    } catch (IOException | IllegalArgumentException e) {
      throw new ProblemsException(
          "Cannot write to output_dir %s: it must be a folder that can be made and written (%s)"
              .formatted(directory, e.getMessage()),
          e);
    }
  }

  /** How groups appear. */
  public CommitWay way() {
    return way;
  }

  /** The lists of its groups. */
  GroupManifests manifests(SparkSession spark) {
    return new GroupManifests(spark, WholeFiles.raw(files), new Path(rows()), lock::requireHeld);
  }

  /** From now on a group's files may be there that do not count. */
  void begun(Path group) {
    unfinished.add(group);
  }

  /** The group is about to be committed; if that fails, the next run finds out how far it went. */
  void finished(Path group) {
    unfinished.remove(group);
  }

  /** The folder itself. */
  public String root() {
    return root.toString();
  }

  public String runId() {
    return runId;
  }

  /** Gives the run an id that sorts after one that is there. */
  public void sortAfter(String newest) {
    runId = RunIds.after(newest, runId, root());
  }

  /** The right to write here, for those who write on other machines. */
  public OutputHold hold() {
    return lock.hold();
  }

  /** What happens as soon as it is seen that another run has taken over. */
  public void whenLost(Runnable action) {
    lock.whenLost(action);
  }

  /** What is to be said where another run has taken over. */
  public Optional<LostOutputException> loss() {
    try {
      lock.requireHeld();
      return Optional.empty();
    } catch (LostOutputException e) {
      return Optional.of(e);
    } catch (IOException e) {
      return Optional.empty(); // nobody can tell; what failed by itself is the reason then
    }
  }

  /** Where this run keeps what is unfinished. */
  public String staging() {
    return staging.toString();
  }

  /** Where the rows of a group are written before they are committed. */
  String stagedGroup(int group) {
    return new Path(staging, "group-" + group).toString();
  }

  /** The rows of all finished groups. */
  String rows() {
    return new Path(root, "rows").toString();
  }

  public boolean hasRows() throws IOException {
    return files.exists(new Path(rows()));
  }

  /**
   * Makes a group's rows visible, all at once.
   *
   * @throws IOException where that fails, or another run has taken over
   */
  void commit(int group) throws IOException {
    names.commit(new Path(stagedGroup(group)), groupFolder(groupName(group)));
  }

  private Path groupFolder(String name) {
    return new Path(rows(), ResultColumns.GROUP + "=" + name);
  }

  /** What a group is called where its rows are kept. */
  String groupName(int group) {
    return runId + "-" + group;
  }

  /** Removes a group's rows that have been committed elsewhere. */
  void discardStaged(int group) throws IOException {
    files.delete(new Path(stagedGroup(group)), true);
  }

  /**
   * Removes the groups of earlier runs.
   *
   * @throws IOException where that fails, or another run has taken over
   */
  void removeEarlierGroups() throws IOException {
    if (hasRows()) {
      names.removeGroupsBefore(groupFolder(runId));
    }
  }

  /**
   * Gives numbered PNG files their names in place of earlier ones.
   *
   * @param files their names, as in {@code image_0.png}
   * @throws IOException where that fails, or another run has taken over
   */
  void place(List<String> files) throws IOException {
    names.place(files);
  }

  /**
   * Makes sure that the folder still is this run's.
   *
   * @throws IOException where another run has taken over
   */
  public void requireHeld() throws IOException {
    lock.requireHeld();
  }

  /**
   * Writes a small text file, whole, in place of an earlier one.
   *
   * @throws IOException where that fails, or another run has taken over; an earlier one is still
   *     there
   */
  public void writeText(String name, String text) throws IOException {
    names.write(name, text);
  }

  /** Whether this run has made the folder and nothing in it that is finished. */
  public boolean isUntouched() throws IOException {
    return isNew
        && Arrays.stream(files.listStatus(root))
            .allMatch(entry -> entry.getPath().getName().startsWith("_"));
  }

  /**
   * Removes what this run left unfinished, and lets another run write. What others have in the
   * folder stays where they have taken over.
   */
  @Override
  public void close() throws IOException {
    try (lock) {
      files.delete(staging, true);
      for (Path group : unfinished) {
        files.delete(group, true);
      }
      removeWhereEmpty(staging.getParent());
      lock.requireHeld();
      files.delete(staging.getParent(), true);
    }
    if (isNew) {
      removeWhereEmpty(root);
    }
  }

  private void removeWhereEmpty(Path folder) throws IOException {
    if (files.exists(folder) && files.listStatus(folder).length == 0) {
      files.delete(folder, false);
    }
  }

  /**
   * Writes a small file of any kind, whole, in place of an earlier one.
   *
   * @param path below this folder
   * @throws IOException where that fails, or another run has taken over
   */
  public void writeFile(String path, byte[] content) throws IOException {
    names.write(path, content);
  }

  /** The names of what is in a folder below this one; nothing where that is not there. */
  public List<String> files(String folder) throws IOException {
    Path listed = new Path(root, folder);
    return files.exists(listed)
        ? Arrays.stream(files.listStatus(listed)).map(file -> file.getPath().getName()).toList()
        : List.of();
  }

  /**
   * Removes a file below this folder.
   *
   * @throws IOException where that fails, or another run has taken over
   */
  public void delete(String path) throws IOException {
    names.remove(path);
  }
}

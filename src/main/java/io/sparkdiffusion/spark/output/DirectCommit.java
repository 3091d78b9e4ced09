package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.spark.table.BothSparks;
import java.io.IOException;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.mapreduce.JobContext;
import org.apache.hadoop.mapreduce.TaskAttemptContext;
import org.apache.spark.internal.io.FileCommitProtocol;
import scala.Option;
import scala.collection.Seq;

/**
 * Lets Spark write files where they are to stay, each attempt of a task under names of its own, and
 * tells which of them belong to the tasks that counted. Nothing is renamed. Spark's own protocols
 * rename, which on an object store copies, and shows half of a folder to who looks meanwhile.
 */
@SuppressWarnings("deprecation") // Spark declares the names of files in the deprecated form only.
public final class DirectCommit extends FileCommitProtocol implements Serializable {

  private static final long serialVersionUID = 1L;

  /** Of this JVM's finished jobs, by folder. */
  private static final Map<String, List<String>> WRITTEN = new ConcurrentHashMap<>();

  private final String folder;
  private transient List<String> ofTask;

  /** Called by Spark. */
  public DirectCommit(String jobId, String folder) {
    this.folder = folder;
  }

  /**
   * The files that a job has written to a folder, which is asked once.
   *
   * @throws IllegalStateException where no job has ended well there
   */
  public static List<String> takeWritten(Path folder) {
    return Optional.ofNullable(WRITTEN.remove(folder.toString()))
        .orElseThrow(() -> new IllegalStateException("Nothing was written to " + folder));
  }

  @Override
  public void setupJob(JobContext job) {}

  /** Overrides Spark's own with Scala 2.13, where a Seq is immutable. */
  @SuppressWarnings("MissingOverride") // with Scala 2.12 it is another method
  public void commitJob(JobContext job, scala.collection.immutable.Seq<TaskCommitMessage> tasks) {
    commitJob(job, (Seq<TaskCommitMessage>) tasks);
  }

  /** Overrides Spark's own with Scala 2.12. */
  @SuppressWarnings("MissingOverride") // with Scala 2.13 it is another method
  public void commitJob(JobContext job, Seq<TaskCommitMessage> tasks) {
    List<String> files = new ArrayList<>();
    for (TaskCommitMessage task : BothSparks.list(tasks)) {
      ((List<?>) task.obj()).forEach(file -> files.add((String) file));
    }
    WRITTEN.put(new Path(folder).toString(), List.copyOf(files));
  }

  @Override
  public void abortJob(JobContext job) {}

  @Override
  public void setupTask(TaskAttemptContext task) {
    ofTask = new ArrayList<>();
  }

  @Override
  public String newTaskTempFile(TaskAttemptContext task, Option<String> below, String suffix) {
    String name =
        String.format(
            Locale.ROOT,
            "part-%05d-%s%s",
            task.getTaskAttemptID().getTaskID().getId(),
            UUID.randomUUID(),
            suffix);
    String file =
        new Path(below.isDefined() ? folder + "/" + below.get() : folder, name).toString();
    ofTask.add(file);
    return file;
  }

  @Override
  public String newTaskTempFileAbsPath(TaskAttemptContext task, String elsewhere, String suffix) {
    throw new UnsupportedOperationException("files are written to one folder");
  }

  @Override
  public TaskCommitMessage commitTask(TaskAttemptContext task) {
    return new TaskCommitMessage(new ArrayList<>(ofTask));
  }

  @Override
  public void abortTask(TaskAttemptContext task) {
    for (String file : ofTask) {
      try {
        Path path = new Path(file);
        path.getFileSystem(task.getConfiguration()).delete(path, false);
      } catch (IOException e) {
        // No list will ever name it.
        log().warn("Cannot remove an unfinished file: {}", e.getMessage());
      }
    }
  }
}

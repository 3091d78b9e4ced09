package io.sparkdiffusion.spark.output;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/**
 * Gives what is staged the names under which readers find it, and takes names away; neither without
 * the lock, which is looked at last.
 *
 * @param root the output folder
 * @param staging this run's own, on the same file system
 */
record FinalNames(FileSystem files, Path root, Path staging, WholeFiles.Guard guard) {

  /** Writes a small text, whole, in place of an earlier one. */
  void write(String name, String text) throws IOException {
    write(name, text.getBytes(StandardCharsets.UTF_8));
  }

  /** Writes a small file of any kind, whole, in place of an earlier one. */
  void write(String name, byte[] content) throws IOException {
    Path target = new Path(root, name);
    files.mkdirs(target.getParent());
    new WholeFiles(WholeFiles.raw(files)).write(target, staging, content, guard);
  }

  /** Removes a file. */
  void remove(String name) throws IOException {
    guard.require();
    files.delete(new Path(root, name), false);
  }

  /** Lets numbered PNG files appear in place of earlier ones. */
  void place(List<String> names) throws IOException {
    WholeFiles whole = new WholeFiles(WholeFiles.raw(files));
    Path waiting = new Path(ImageStore.numberedFolder(staging.toString()));
    for (String name : names) {
      whole.move(new Path(waiting, name), new Path(root, name), guard);
    }
  }

  /** Lets a group's folder appear, by one rename. */
  void commit(Path staged, Path group) throws IOException {
    files.mkdirs(group.getParent());
    guard.require();
    if (files.exists(group) || !files.rename(staged, group)) {
      throw new IOException("Cannot commit the rows: the rename failed (%s)".formatted(group));
    }
  }

  /** Removes the groups whose names sort before another one; they were listed with the lock. */
  void removeGroupsBefore(Path own) throws IOException {
    for (FileStatus group : files.listStatus(own.getParent())) {
      if (GroupManifests.isGroup(group) && group.getPath().getName().compareTo(own.getName()) < 0) {
        guard.require();
        files.delete(group.getPath(), true);
      }
    }
  }
}

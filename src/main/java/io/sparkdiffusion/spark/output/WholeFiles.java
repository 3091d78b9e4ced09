package io.sparkdiffusion.spark.output;

import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.fs.FSDataInputStream;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileAlreadyExistsException;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/**
 * Writes small files that appear whole, on any file system that Hadoop knows. An object store shows
 * an object once it is closed. Elsewhere a file is written under another name and renamed; a local
 * disk and HDFS replace an earlier one in that step. Others may delete it first, and have it
 * neither way for a moment.
 */
final class WholeFiles {

  private final FileSystem files;
  private Replacing replacing = new Replacing.Unasked();

  /** HDFS replaces in one step, but only for those who ask for it through its context. */
  private sealed interface Replacing {

    /** Nobody has needed to know. */
    record Unasked() implements Replacing {}

    record InOneStep(FileContext context) implements Replacing {}

    record Unknown() implements Replacing {}
  }

  /** Files of one file system. */
  public WholeFiles(FileSystem files) {
    this.files = files;
  }

  /** Without the checksum files that Hadoop keeps beside local ones. */
  public static FileSystem raw(FileSystem files) {
    return files instanceof LocalFileSystem local ? local.getRawFileSystem() : files;
  }

  /** Whether a file may still get its final name. */
  @FunctionalInterface
  public interface Guard {
    /** Fails where it may not. */
    void require() throws IOException;
  }

  /**
   * Writes a file, or replaces it.
   *
   * @param staging a folder of the same file system for what is half written
   * @param guard asked once all is written, right before the file appears
   * @throws IOException where that fails; an earlier file then is still there
   */
  public void write(Path target, Path staging, byte[] content, Guard guard) throws IOException {
    if (Storage.of(files) == Storage.OBJECT_STORE) {
      guard.require();
      create(target, content);
      return;
    }
    Path beside = new Path(staging, UUID.randomUUID() + ".tmp");
    create(beside, content);
    try {
      move(beside, target, guard);
    } catch (IOException e) {
      files.delete(beside, false);
      throw e;
    }
  }

  /**
   * Gives a file that is all written its final name, in place of an earlier one. Whoever takes an
   * output folder over removes what others have staged before it writes anything; so a rename that
   * comes too late finds nothing to rename, however long this run stood still since the guard was
   * asked. On an object store, where a rename copies, the file is read and written again.
   *
   * @throws IOException where that fails; an earlier file then is still there
   */
  public void move(Path from, Path target, Guard guard) throws IOException {
    if (Storage.of(files) == Storage.OBJECT_STORE) {
      byte[] content = read(from);
      guard.require();
      create(target, content);
      return;
    }
    guard.require();
    try {
      if (!replace(from, target) && !deleteAndRename(from, target, guard)) {
        throw new IOException("Cannot write a file: the rename failed (" + target + ")");
      }
    } catch (IOException e) {
      guard.require(); // which tells the cause, where it is that one
      throw e;
    }
  }

  private byte[] read(Path file) throws IOException {
    try (FSDataInputStream in = files.open(file)) {
      return in.readAllBytes();
    }
  }

  /** Writes a file where it stays; on an object store that appears whole. */
  public void create(Path file, byte[] content) throws IOException {
    if (files.getClass() == RawLocalFileSystem.class) {
      LocalFiles.write((RawLocalFileSystem) files, file, content);
      return;
    }
    try (FSDataOutputStream out = files.create(file, true)) {
      writeOrAbort(content, out);
    }
  }

  /** On an object store closing makes visible what there is, also where writing has failed. */
  private static void writeOrAbort(byte[] content, FSDataOutputStream out) throws IOException {
    try {
      out.write(content);
    } catch (IOException e) {
      if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
        out.abort();
      }
      throw e;
    }
  }

  /**
   * Renames a file onto one that may be there: in one step where the file system can do that.
   *
   * @return false where the file system offers no such rename; nothing has changed then
   */
  public boolean replace(Path from, Path to) throws IOException {
    if (rename(from, to)) {
      return true;
    }
    if (replacing() instanceof Replacing.InOneStep way) {
      way.context().rename(from, to, Options.Rename.OVERWRITE);
      return true;
    }
    return false;
  }

  /** A local file is replaced by this in one step; HDFS does not rename onto an existing one. */
  private boolean rename(Path from, Path to) throws IOException {
    try {
      return files.rename(from, to);
    } catch (FileAlreadyExistsException e) {
      return false;
    }
  }

  /** A context is opened by the first file that needs it, once. */
  private synchronized Replacing replacing() throws IOException {
    if (replacing instanceof Replacing.Unasked) {
      replacing = ask();
    }
    return replacing;
  }

  private Replacing ask() throws IOException {
    try {
      return new Replacing.InOneStep(FileContext.getFileContext(files.getUri(), files.getConf()));
    } catch (UnsupportedFileSystemException e) {
      return new Replacing.Unknown();
    }
  }

  private boolean deleteAndRename(Path from, Path to, Guard guard) throws IOException {
    if (!files.exists(from)) {
      return false;
    }
    guard.require();
    files.delete(to, false);
    return files.rename(from, to);
  }
}

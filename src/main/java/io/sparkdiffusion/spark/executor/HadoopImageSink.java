package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.sink.ImageSink;
import java.io.IOException;
import java.util.UUID;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileContext;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Options;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.StreamCapabilities;
import org.apache.hadoop.fs.UnsupportedFileSystemException;

/** PNG files on any file system that Hadoop knows. */
final class HadoopImageSink implements ImageSink {

  private final FileSystem files;
  private final Path folder;
  private final Path staging;
  private final boolean appearsWhole;

  /**
   * Opens a folder.
   *
   * @param folder where finished files appear
   * @param staging where they are while they are being written; on the same file system
   */
  HadoopImageSink(Path folder, Path staging, Configuration configuration) throws IOException {
    FileSystem found = folder.getFileSystem(configuration);
    // The raw one: a .crc file beside each picture would help nobody.
    this.files = found instanceof LocalFileSystem local ? local.getRawFileSystem() : found;
    this.folder = folder;
    this.staging = staging;
    this.appearsWhole = Storage.of(files) == Storage.OBJECT_STORE;
    files.mkdirs(folder);
    files.mkdirs(staging);
  }

  @Override
  public void write(String name, byte[] png) throws IOException {
    if (appearsWhole) {
      create(new Path(folder, name), true, png);
    } else {
      createAndRename(name, png);
    }
  }

  private void create(Path file, boolean overwrite, byte[] png) throws IOException {
    try (FSDataOutputStream out = files.create(file, overwrite)) {
      writeOrAbort(png, out);
    }
  }

  /** On an object store closing makes visible what there is, also where writing has failed. */
  private static void writeOrAbort(byte[] png, FSDataOutputStream out) throws IOException {
    try {
      out.write(png);
    } catch (IOException e) {
      if (out.hasCapability(StreamCapabilities.ABORTABLE_STREAM)) {
        out.abort();
      }
      throw e;
    }
  }

  private void createAndRename(String name, byte[] png) throws IOException {
    Path temporary = new Path(staging, UUID.randomUUID() + ".tmp");
    create(temporary, false, png);
    Path target = new Path(folder, name);
    // A local file is replaced by this in one step; HDFS does not rename onto an existing one.
    if (!files.rename(temporary, target) && !replace(temporary, target)) {
      files.delete(temporary, false);
      throw new IOException("Cannot write a picture: the rename failed (" + target + ")");
    }
  }

  /** In one step where the file system can, which it says by having a {@link FileContext}. */
  private boolean replace(Path temporary, Path target) throws IOException {
    try {
      FileContext.getFileContext(files.getUri(), files.getConf())
          .rename(temporary, target, Options.Rename.OVERWRITE);
      return true;
    } catch (UnsupportedFileSystemException e) {
      files.delete(target, false);
      return files.rename(temporary, target);
    }
  }

  @Override
  public void close() {}
}

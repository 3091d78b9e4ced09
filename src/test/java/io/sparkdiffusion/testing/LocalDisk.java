package io.sparkdiffusion.testing;

import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import org.apache.hadoop.fs.FSDataOutputStream;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.hadoop.fs.permission.FsPermission;
import org.apache.hadoop.util.Progressable;

/** The local disk under a scheme of its own, for a test that lets it behave as others do. */
abstract class LocalDisk extends RawLocalFileSystem {

  /** With the scheme that Hadoop knows it by; asked before the constructor has run. */
  abstract String root();

  /** Creates a file as the local disk does. */
  @FunctionalInterface
  interface Creation {
    FSDataOutputStream create() throws IOException;
  }

  /** In whichever of Hadoop's ways a file is created. */
  FSDataOutputStream created(Path file, boolean overwrite, Creation onDisk) throws IOException {
    return onDisk.create();
  }

  /** Without the owner, which Hadoop asks the machine for by a path of scheme {@code file}. */
  @Override
  public FileStatus getFileStatus(Path file) throws IOException {
    return plain(super.getFileStatus(file));
  }

  @Override
  public FileStatus[] listStatus(Path folder) throws IOException {
    return Arrays.stream(super.listStatus(folder)).map(LocalDisk::plain).toArray(FileStatus[]::new);
  }

  private static FileStatus plain(FileStatus file) {
    return new FileStatus(
        file.getLen(),
        file.isDirectory(),
        file.getReplication(),
        file.getBlockSize(),
        file.getModificationTime(),
        file.getPath());
  }

  @Override
  public final URI getUri() {
    return URI.create(root());
  }

  @Override
  public final String getScheme() {
    return getUri().getScheme();
  }

  @Override
  public final FSDataOutputStream create(
      Path file,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return created(
        file,
        overwrite,
        () -> super.create(file, overwrite, bufferSize, replication, blockSize, progress));
  }

  @Override
  public final FSDataOutputStream create(
      Path file,
      FsPermission permission,
      boolean overwrite,
      int bufferSize,
      short replication,
      long blockSize,
      Progressable progress)
      throws IOException {
    return created(
        file,
        overwrite,
        () ->
            super.create(
                file, permission, overwrite, bufferSize, replication, blockSize, progress));
  }
}

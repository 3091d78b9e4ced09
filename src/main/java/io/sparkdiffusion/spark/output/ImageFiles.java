package io.sparkdiffusion.spark.output;

import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** A folder of finished PNG files, on any file system that Hadoop knows. */
public final class ImageFiles {

  private final Path folder;
  private final Path staging;
  private final OutputHold hold;
  private final FileSystem raw;
  private final WholeFiles files;

  /**
   * Opens a folder.
   *
   * @param folder where finished files appear
   * @param staging where they are while they are being written; on the same file system
   * @param hold without which none appears
   */
  public ImageFiles(Path folder, Path staging, OutputHold hold, Configuration configuration)
      throws IOException {
    // The raw one: a .crc file beside each image would help nobody.
    this.raw = WholeFiles.raw(folder.getFileSystem(configuration));
    this.folder = folder;
    this.staging = staging;
    this.hold = hold;
    this.files = new WholeFiles(raw);
    raw.mkdirs(folder);
    raw.mkdirs(staging);
  }

  /**
   * Writes one file under a temporary name and renames it in one step, so that a reader sees the
   * whole file or none. A file of that name is replaced.
   *
   * @param name the file's name, without folders
   * @param png the whole file, borrowed
   */
  public void write(String name, byte[] png) throws IOException {
    files.write(new Path(folder, name), staging, png, () -> hold.require(raw));
  }
}

package io.sparkdiffusion.spark.output;

import io.sparkdiffusion.sink.ImageSink;
import java.io.IOException;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.Path;

/** PNG files on any file system that Hadoop knows. */
public final class HadoopImageSink implements ImageSink {

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
  public HadoopImageSink(Path folder, Path staging, OutputHold hold, Configuration configuration)
      throws IOException {
    // The raw one: a .crc file beside each picture would help nobody.
    this.raw = WholeFiles.raw(folder.getFileSystem(configuration));
    this.folder = folder;
    this.staging = staging;
    this.hold = hold;
    this.files = new WholeFiles(raw);
    raw.mkdirs(folder);
    raw.mkdirs(staging);
  }

  @Override
  public void write(String name, byte[] png) throws IOException {
    files.write(new Path(folder, name), staging, png, () -> hold.require(raw));
  }

  @Override
  public void close() {}
}

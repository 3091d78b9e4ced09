package io.sparkdiffusion.sink;

import java.io.IOException;

/** A folder of finished pictures. */
public interface ImageSink extends AutoCloseable {

  /**
   * Writes one file under a temporary name and renames it in one step, so that a reader sees the
   * whole file or none. A file of that name is replaced.
   *
   * @param name the file's name, without folders
   * @param png the whole file, borrowed
   */
  void write(String name, byte[] png) throws IOException;

  @Override
  void close() throws IOException;
}

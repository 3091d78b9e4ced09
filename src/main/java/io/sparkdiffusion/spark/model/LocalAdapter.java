package io.sparkdiffusion.spark.model;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * The file of a LoRA or an embedding at the same place on every machine.
 *
 * @param path absolute
 * @param pinned as it was given
 */
record LocalAdapter(String path, String pinned) implements AdapterSource {

  /** A relative path counts from the driver's working directory. */
  static LocalAdapter of(String named) {
    String absolute = Path.of(named).toAbsolutePath().normalize().toString();
    return new LocalAdapter(absolute, named);
  }

  /** The file of a {@code file:} URI; empty for any other. */
  static Optional<LocalAdapter> ofUri(String uri) {
    URI parsed = new org.apache.hadoop.fs.Path(uri).toUri();
    return "file".equals(parsed.getScheme())
        ? Optional.of(new LocalAdapter(Path.of(parsed.getPath()).toString(), uri))
        : Optional.empty();
  }

  @Override
  public Path open(Configuration hadoop) {
    return Path.of(path);
  }
}

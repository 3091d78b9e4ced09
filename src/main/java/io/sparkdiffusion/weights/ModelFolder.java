package io.sparkdiffusion.weights;

import java.nio.file.Path;
import java.util.Map;

/** A model in the layout that diffusers writes. */
public final class ModelFolder {

  private final Path root;

  private ModelFolder(Path root) {
    this.root = root;
  }

  /**
   * Opens a folder and checks its layout.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every problem found
   */
  public static ModelFolder open(Path root) {
    return new ModelFolder(root);
  }

  /** The folder itself. */
  public Path root() {
    return root;
  }

  /** {@code scheduler/scheduler_config.json} as it stands. */
  public Map<String, Object> schedulerConfig() {
    throw new UnsupportedOperationException();
  }

  /** SHA-256 over the sorted lines {@code sha256 relative path} of the files used, in hex. */
  public String digest() {
    throw new UnsupportedOperationException();
  }
}

package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.family.ControlNetFiles;
import io.sparkdiffusion.family.DiffusersFolder;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.family.ModelFolder;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.List;

/**
 * What is looked for where a folder may lie elsewhere: which of its files are fetched, and how it
 * is opened.
 *
 * @param <F> the opened folder
 */
sealed interface FolderKind<F extends DiffusersFolder> extends Serializable {

  /** A whole model. */
  FolderKind<ModelFolder> MODEL = new OfModels();

  /** A ControlNet alone, of which the usual weights are taken. */
  FolderKind<ControlNetFiles> CONTROL_NET = new OfControlNets();

  /** What problems call it. */
  String label();

  /** Its folders that may hold what is needed, by path relative to it. */
  List<String> folders();

  /** True for the small files that tell which others are needed. */
  boolean isDescription(String path);

  /** True for these and for what lies where weights are. */
  boolean mayBePart(String path);

  /**
   * Opens a folder of this machine; no weights are read.
   *
   * @throws io.sparkdiffusion.config.ProblemsException with every problem found
   */
  F open(Path folder, WeightChoice weights);

  /** {@link #MODEL}. */
  record OfModels() implements FolderKind<ModelFolder> {

    @Override
    public String label() {
      return "model";
    }

    @Override
    public List<String> folders() {
      return ModelFamily.folders();
    }

    @Override
    public boolean isDescription(String path) {
      return ModelFamily.isDescription(path);
    }

    @Override
    public boolean mayBePart(String path) {
      boolean isFlat = path.indexOf('/') == path.lastIndexOf('/');
      return isDescription(path) || (isFlat && ModelFamily.isInNetworkFolder(path));
    }

    @Override
    public ModelFolder open(Path folder, WeightChoice weights) {
      return ModelFolder.open(folder, weights);
    }
  }

  /** {@link #CONTROL_NET}. */
  record OfControlNets() implements FolderKind<ControlNetFiles> {

    @Override
    public String label() {
      return "ControlNet";
    }

    @Override
    public List<String> folders() {
      return List.of("");
    }

    @Override
    public boolean isDescription(String path) {
      return ControlNetFiles.isDescription(path);
    }

    @Override
    public boolean mayBePart(String path) {
      return path.indexOf('/') < 0;
    }

    @Override
    public ControlNetFiles open(Path folder, WeightChoice weights) {
      return ControlNetFiles.open(folder);
    }
  }
}

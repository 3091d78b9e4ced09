package io.sparkdiffusion.config;

import io.sparkdiffusion.request.InputImage;
import java.io.Serializable;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Which ControlNets steer the model.
 *
 * @param all in the order of their images
 */
public record ControlNetFolders(List<ControlNetFolder> all) implements Serializable {

  /** The model alone. */
  public static final ControlNetFolders NONE = new ControlNetFolders(List.of());

  /** As many have an image of their own. */
  static final int MOST = InputImage.OF_CONTROL_NETS.size();

  /** Keeps a copy. */
  public ControlNetFolders {
    all = new ArrayList<>(all);
    Problems problems = new Problems();
    problems.require(
        all.size() <= MOST, "controlnets", "there must be at most " + MOST, all.size());
    problems.throwIfAny();
  }

  /**
   * Reads entries {@code PATH[:WEIGHT]}.
   *
   * @throws ProblemsException with every one that is none
   */
  public static ControlNetFolders parse(List<String> entries) {
    Problems problems = new Problems();
    List<ControlNetFolder> folders = new ArrayList<>();
    entries.forEach(
        text -> problems.gather(() -> ControlNetFolder.parse(text)).ifPresent(folders::add));
    problems.throwIfAny();
    return new ControlNetFolders(folders);
  }

  /** As the setting has them. */
  @Override
  public String toString() {
    return all.stream().map(ControlNetFolder::toString).collect(Collectors.joining(","));
  }
}

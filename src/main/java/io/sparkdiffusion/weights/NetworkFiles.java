package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.WeightFormat;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/**
 * How the weights of one network of a model are called.
 *
 * @param name what problems call the network
 * @param folder in which they lie, relative to the model's; empty where they lie in that itself
 * @param fileName of safetensors, before the extensions
 * @param flaxFileName the same of Flax's
 * @param unused true for the names of tensors that a file may hold and no image needs
 * @param renamed today's name of a tensor that may be stored under an old one
 */
public record NetworkFiles(
    String name,
    String folder,
    String fileName,
    String flaxFileName,
    Predicate<String> unused,
    UnaryOperator<String> renamed) {

  private static final Pattern WRAPPED =
      Pattern.compile("^module\\.|(?<=^|\\.)(_orig_mod|_fsdp_wrapped_module)\\.");

  /** A part of a model, called as its folder is. */
  public NetworkFiles(
      String folder,
      String fileName,
      String flaxFileName,
      Predicate<String> unused,
      UnaryOperator<String> renamed) {
    this(folder, folder, fileName, flaxFileName, unused, renamed);
  }

  /** The same files of a network with another name. */
  public NetworkFiles called(String other) {
    return new NetworkFiles(other, folder, fileName, flaxFileName, unused, renamed);
  }

  /** The name of its weight files before the extensions. */
  String fileName(WeightFormat format) {
    return switch (format) {
      case SAFETENSORS -> fileName;
      case FLAX -> flaxFileName;
    };
  }

  /** The path of a file relative to the model's folder. */
  String path(String file) {
    return folder.isEmpty() ? file : folder + "/" + file;
  }

  /** True for tensors that a file may hold and no image needs. */
  boolean isUnused(String tensor) {
    return unused.test(tensor);
  }

  /**
   * Today's name of a tensor that may be stored under an old one, or under one of a module that
   * torch.compile or parallel training has wrapped, which changes nothing but the name.
   */
  String currentName(String stored) {
    return renamed.apply(WRAPPED.matcher(stored).replaceAll(""));
  }

  @Override
  public String toString() {
    return name;
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.config.WeightChoice;
import io.sparkdiffusion.config.WeightFormat;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Says what a folder has instead of the weights that are looked for, and how to choose it. */
final class MissingWeights {

  private final Path root;
  private final WeightChoice choice;
  private final List<NetworkFiles> networks;

  MissingWeights(WeightFiles files) {
    this.root = files.root();
    this.choice = files.choice();
    this.networks = files.networks();
  }

  /** The problem of one network that has no weights that can be used. */
  ProblemsException of(NetworkFiles network) {
    Optional<String> otherFormat = otherFormat(network);
    if (otherFormat.isPresent()) {
      return missing(network, otherFormat.get());
    }
    if (choice.format() == WeightFormat.FLAX) {
      return missing(network, "; from_pt=false asks for Flax's weights");
    }
    if (!choice.variant().isEmpty() && isUsualThere(network)) {
      return variantNowhere();
    }
    NavigableSet<String> variants = variants(network);
    if (!variants.isEmpty()) {
      return otherVariants(variants);
    }
    Optional<String> pickle = pickle(network);
    return pickle.isPresent() ? pickle(network, pickle.get()) : missing(network, average(network));
  }

  private ProblemsException missing(NetworkFiles network, String hint) {
    return new ProblemsException(
        "Cannot load %s of %s: %s%s must be there (missing)%s"
            .formatted(
                network,
                root,
                network.fileName(choice.format()),
                WeightNames.endings(choice).get(0),
                hint));
  }

  private Optional<String> otherFormat(NetworkFiles network) {
    WeightFormat other =
        choice.format() == WeightFormat.FLAX ? WeightFormat.SAFETENSORS : WeightFormat.FLAX;
    if (!WeightFiles.isThere(root, other, network)) {
      return Optional.empty();
    }
    return Optional.of(
        other == WeightFormat.FLAX
            ? "; the weights there are Flax's, set from_pt=false"
            : "; the weights there are PyTorch's, set from_pt=true");
  }

  private boolean isUsualThere(NetworkFiles network) {
    return WeightFiles.isThere(root, choice.format(), network);
  }

  /** The same line for each network, so that it is told once. */
  private ProblemsException variantNowhere() {
    NavigableSet<String> others = new TreeSet<>();
    networks.forEach(network -> others.addAll(variants(network)));
    return ProblemsException.withFix(
        "Cannot use variant of %s: its weight files must have it in their names (%s, there %s)"
            .formatted(
                root,
                choice.variant(),
                others.isEmpty() ? "are only files without one" : "is " + Shown.some(others)),
        others.isEmpty() ? "leave variant= out" : "set " + settings(others));
  }

  /** The same line for each network that lacks the same, so that it is told once. */
  private ProblemsException otherVariants(NavigableSet<String> variants) {
    List<String> alike =
        networks.stream()
            .filter(network -> !isUsualThere(network) && variants(network).equals(variants))
            .map(NetworkFiles::toString)
            .toList();
    return ProblemsException.withFix(
        "Cannot load %s of %s: its weight files must be of the variant that is asked for (%s, there"
                .formatted(String.join(", ", alike), root, asked())
            + " is %s)".formatted(Shown.some(variants)),
        "set " + settings(variants) + " to use them");
  }

  private String asked() {
    return choice.variant().isEmpty() ? "none" : choice.variant();
  }

  private static String settings(NavigableSet<String> variants) {
    return String.join(
        " or ", variants.stream().limit(3).map(name -> "variant=" + Shown.text(name)).toList());
  }

  /** Each of a network's variants; its weight files without one are none. */
  private NavigableSet<String> variants(NetworkFiles network) {
    NavigableSet<String> variants = new TreeSet<>();
    for (String file : files(network)) {
      WeightNames.variant(network, choice, file).ifPresent(variants::add);
    }
    variants.remove(choice.variant());
    return variants;
  }

  private ProblemsException pickle(NetworkFiles network, String name) {
    return ProblemsException.withFix(
        ("Cannot load %s of %s: a .bin or .ckpt file is a pickle, which can run code when it is read,"
                + " so only safetensors are (%s)")
            .formatted(network, root, name),
        "convert it once with diffusers' save_pretrained(..., safe_serialization=True)");
  }

  private Optional<String> pickle(NetworkFiles network) {
    return files(network).stream()
        .filter(name -> name.matches(".*\\.(bin|ckpt|pt|pth)(\\.index\\.json)?"))
        .map(Shown::text)
        .findFirst();
  }

  /** Training scripts leave a network's moving average beside it. */
  private String average(NetworkFiles network) {
    String average = network.folder() + "_ema";
    return Files.isDirectory(root.resolve(average))
        ? "; a training's average is in %s/, rename that folder to %s/ to use it"
            .formatted(average, network)
        : "";
  }

  private List<String> files(NetworkFiles network) {
    try (Stream<Path> files = Files.list(root.resolve(network.folder()))) {
      return files.map(file -> file.getFileName().toString()).sorted().toList();
    } catch (IOException e) {
      return List.of();
    }
  }
}

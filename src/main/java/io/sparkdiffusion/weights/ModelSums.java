package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.util.Sha256;
import java.io.Serializable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;

/**
 * What {@code sha256sum} says of a model's files, and one digest for all.
 *
 * @param byFile SHA-256 in hex by path relative to the model folder
 */
public record ModelSums(SortedMap<String, String> byFile) implements Serializable {

  /** Lines that are told one by one. */
  private static final int MOST_TOLD = 5;

  private static final Pattern LINE =
      Pattern.compile("([0-9a-fA-F]{64}) [ *](?:\\./)?(\\P{Cntrl}+)");

  /** Keeps a sorted copy. */
  public ModelSums {
    byFile = Collections.unmodifiableSortedMap(new TreeMap<>(byFile));
  }

  /**
   * Reads every byte of the files, once in a JVM.
   *
   * @param root the model folder
   * @param files by path relative to it
   */
  public static ModelSums of(Path root, List<String> files) {
    return new ModelSums(
        files.parallelStream()
            .collect(
                Collectors.toMap(
                    Function.identity(),
                    file -> FileHashes.of(root.resolve(file)),
                    (first, second) -> first,
                    TreeMap::new)));
  }

  /**
   * Reads lines as {@code sha256sum} writes them; empty ones may lie between.
   *
   * @param name what problems call the text
   * @throws ProblemsException with every line that is none, names a file twice or one outside the
   *     folder
   */
  public static ModelSums parse(String text, String name) {
    SortedMap<String, String> sums = new TreeMap<>();
    List<String> problems = new ArrayList<>();
    List<String> lines = text.lines().toList();
    for (int i = 0; i < lines.size(); i++) {
      if (!lines.get(i).isBlank()) {
        int number = i + 1;
        problem(lines.get(i), sums)
            .ifPresent(
                rule -> problems.add("Cannot read %s: %s".formatted(at(name, number), rule)));
      }
    }
    if (problems.size() > MOST_TOLD) {
      int others = problems.size() - MOST_TOLD;
      problems.subList(MOST_TOLD, problems.size()).clear();
      problems.add(
          "Cannot read %s: each line must be as sha256sum writes it (%s others are not)"
              .formatted(name, others));
    }
    if (!problems.isEmpty()) {
      throw new ProblemsException(problems);
    }
    return new ModelSums(sums);
  }

  private static String at(String name, int line) {
    return "line %s of %s".formatted(line, name);
  }

  /** Takes a line over into the sums, or says what is wrong with it. */
  private static Optional<String> problem(String line, SortedMap<String, String> sums) {
    Matcher matcher = LINE.matcher(line);
    if (!matcher.matches()) {
      return Optional.of(
          "it must be a SHA-256, two spaces and a path (%s)".formatted(Shown.text(line)));
    }
    String file = matcher.group(2);
    if (!isInside(file)) {
      return Optional.of("the path must stay in the folder (%s)".formatted(Shown.text(file)));
    }
    String sum = matcher.group(1).toLowerCase(Locale.ROOT);
    return sums.putIfAbsent(file, sum) == null
        ? Optional.empty()
        : Optional.of("each file must be named once (%s)".formatted(Shown.text(file)));
  }

  private static boolean isInside(String file) {
    Path path = Path.of(file);
    return !path.isAbsolute()
        && StreamSupport.stream(path.spliterator(), false)
            .noneMatch(part -> part.toString().equals(".."));
  }

  /** The lines of {@code sha256sum}, sorted as lines. */
  public String lines() {
    return byFile.entrySet().stream()
        .map(entry -> entry.getValue() + "  " + entry.getKey() + "\n")
        .sorted()
        .collect(Collectors.joining());
  }

  /** SHA-256 of {@link #lines()} in hex: the model's digest. */
  public String digest() {
    return Sha256.of(lines());
  }

  /**
   * Says in which files these sums are not those of another place.
   *
   * @param whose the other's, as a word of a sentence
   * @return one clause for each file, none where all are equal
   */
  public List<String> differences(ModelSums other, String whose) {
    TreeSet<String> files = new TreeSet<>(byFile.keySet());
    files.addAll(other.byFile.keySet());
    return files.stream()
        .flatMap(file -> difference(file, byFile.get(file), other.byFile.get(file), whose).stream())
        .toList();
  }

  private static Optional<String> difference(
      String file, String ours, String theirs, String whose) {
    if (ours == null) {
      return Optional.of("%s is missing, %s has sha256 %s".formatted(file, whose, theirs));
    }
    if (theirs == null) {
      return Optional.of("%s has sha256 %s, %s is missing".formatted(file, ours, whose));
    }
    return ours.equals(theirs)
        ? Optional.empty()
        : Optional.of("%s has sha256 %s, %s has %s".formatted(file, ours, whose, theirs));
  }
}

package io.sparkdiffusion.meaning;

import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.testing.EmbeddedModels;
import io.sparkdiffusion.testing.Requests;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * A prompt with what its image must show.
 *
 * @param heldOut whether the first object's shape and colour were never together in training
 * @param background a colour's name, or day or night
 * @param objects none for a landscape, one or two
 * @param landscapeColour of the house or boat, if it can be measured
 * @param relation of the first object to the second: left or above
 */
record MeaningPrompt(
    String id,
    String prompt,
    long seed,
    boolean heldOut,
    String background,
    List<Expected> objects,
    Optional<String> landscapeColour,
    Optional<String> relation) {

  private static final Path TABLE = Path.of("src/test/resources/meaning/prompts.csv");
  private static final double APART_PIXELS = 6;

  /** What can be right or wrong. */
  enum Aspect {
    BACKGROUND,
    COLOUR,
    SHAPE,
    RELATION
  }

  record Expected(String colour, Outline shape) {}

  /** All of them, as tools/tiny-sd2/prompts.py wrote them. */
  static List<MeaningPrompt> all() {
    try (Stream<String> lines = Files.lines(TABLE)) {
      return lines.skip(1).map(line -> of(line.split(",", -1))).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Columns: id, prompt, seed, kind, held_out, background, colour, shape, colour2, shape2,
   * relation.
   */
  private static MeaningPrompt of(String[] cells) {
    boolean landscape = cells[3].equals("landscape");
    return new MeaningPrompt(
        cells[0],
        cells[1],
        Long.parseLong(cells[2]),
        Boolean.parseBoolean(cells[4]),
        cells[5],
        Stream.of(7, 9)
            .filter(i -> !cells[i].isEmpty())
            .map(
                i -> new Expected(cells[i - 1], Outline.valueOf(cells[i].toUpperCase(Locale.ROOT))))
            .toList(),
        landscape ? text(cells[6]) : Optional.empty(),
        text(cells[10]));
  }

  private static Optional<String> text(String cell) {
    return cell.isEmpty() ? Optional.empty() : Optional.of(cell);
  }

  ImageRequest request(int steps, double guidanceScale, double guidanceRescale) {
    int size = EmbeddedModels.RESOLUTION;
    return Requests.of(
        id,
        0,
        prompt,
        "",
        Parameters.SEED.of(seed),
        Parameters.NUM_INFERENCE_STEPS.of(steps),
        Parameters.GUIDANCE_SCALE.of(guidanceScale),
        Parameters.GUIDANCE_RESCALE.of(guidanceRescale),
        Parameters.HEIGHT.of(size),
        Parameters.WIDTH.of(size));
  }

  /** What of the prompt holds in its image. */
  Map<Aspect, Boolean> verdict(MeaningImage image) {
    Map<Aspect, Boolean> verdict = new EnumMap<>(Aspect.class);
    if (objects.isEmpty()) {
      verdict.put(Aspect.BACKGROUND, image.sky().equals(background));
      landscapeColour.ifPresent(colour -> verdict.put(Aspect.COLOUR, image.landscapeShows(colour)));
      return verdict;
    }
    verdict.put(Aspect.BACKGROUND, image.background().equals(background));
    List<MeaningImage.Shown> largest = image.objects().stream().limit(objects.size()).toList();
    List<Optional<MeaningImage.Shown>> found =
        objects.stream()
            .map(e -> largest.stream().filter(o -> o.colour().equals(e.colour())).findFirst())
            .toList();
    verdict.put(Aspect.COLOUR, found.stream().allMatch(Optional::isPresent));
    boolean shapes = true;
    for (int i = 0; i < objects.size(); i++) {
      Outline expected = objects.get(i).shape();
      shapes &= found.get(i).filter(shown -> shown.shape() == expected).isPresent();
    }
    verdict.put(Aspect.SHAPE, shapes);
    relation.ifPresent(r -> verdict.put(Aspect.RELATION, holds(r, found.get(0), found.get(1))));
    return verdict;
  }

  private static boolean holds(
      String relation, Optional<MeaningImage.Shown> first, Optional<MeaningImage.Shown> second) {
    if (first.isEmpty() || second.isEmpty()) {
      return false;
    }
    MeaningImage.Shown a = first.get();
    MeaningImage.Shown b = second.get();
    return (relation.equals("left") ? b.x() - a.x() : b.y() - a.y()) >= APART_PIXELS;
  }
}

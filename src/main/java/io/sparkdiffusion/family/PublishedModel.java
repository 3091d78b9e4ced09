package io.sparkdiffusion.family;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/** A model that many know by its hub id: whether that is still there, and which bytes are its. */
public enum PublishedModel {
  /** Stable Diffusion 2, 768 pixels. */
  STABLE_DIFFUSION_2("stable-diffusion-2", Publisher.STABILITY, "", List.of()),
  /** Stable Diffusion 2 base, 512 pixels. */
  STABLE_DIFFUSION_2_BASE(
      "stable-diffusion-2-base",
      Publisher.STABILITY,
      "f5bc1bd97485577aa0b946fa8a9004e2ec147402",
      List.of("Manojb/stable-diffusion-2-base")),
  /** Stable Diffusion 2.1, 768 pixels. */
  STABLE_DIFFUSION_2_1(
      "stable-diffusion-2-1",
      Publisher.STABILITY,
      "bb2154823665391b4fb29b0b9cf82a198964ee05",
      List.of("webui/stable-diffusion-2-1")),
  /** Stable Diffusion 2.1 base, 512 pixels. */
  STABLE_DIFFUSION_2_1_BASE(
      "stable-diffusion-2-1-base",
      Publisher.STABILITY,
      "4e63672c03103b6c636b8fb4119ba982469b2955",
      List.of("Manojb/stable-diffusion-2-1-base", "WIBE-HuggingFace/stable-diffusion-2-1-base")),
  /** Stable Diffusion 2 for inpainting; its UNet takes a mask, which no job gives yet. */
  STABLE_DIFFUSION_2_INPAINTING(
      "stable-diffusion-2-inpainting",
      Publisher.STABILITY,
      "5f74973cbb64c8568780732c17f43eb269d63a0d",
      List.of("alwold/stable-diffusion-2-inpainting")),
  /** Stable Diffusion 2 for depth; its UNet takes a depth map, which no job gives yet. */
  STABLE_DIFFUSION_2_DEPTH(
      "stable-diffusion-2-depth",
      Publisher.STABILITY,
      "6cb92dd9430a7f6da8d9e99d7b60acdebcc348b7",
      List.of()),
  /** Stable Diffusion 1.5, 512 pixels. */
  STABLE_DIFFUSION_1_5(
      "stable-diffusion-v1-5",
      Publisher.RUNWAY,
      "451f4fe16113bff5a5d2269ed5ad43b0592e9a14",
      List.of()),
  /** SD-Turbo, 512 pixels in one to four steps; its first repository is still there. */
  SD_TURBO("sd-turbo", Publisher.OF_TURBO, "b261bac6fd2cf515557d5d0707481eafa0485ec2", List.of());

  private final String name;
  private final Publisher publisher;
  private final String commit;
  private final List<String> others;

  /** Who published it first, what became of that, who has it now, and under which licence. */
  private enum Publisher {
    STABILITY(
        "stabilityai",
        "Stability AI removed it from the hub in November 2025",
        "sd2-community",
        "CreativeML Open RAIL++-M"),
    RUNWAY(
        "runwayml",
        "Runway removed it from the hub in August 2024",
        "stable-diffusion-v1-5",
        "CreativeML OpenRAIL-M"),
    OF_TURBO("stabilityai", "", "stabilityai", "Stability AI's own");

    private final String first;
    private final String removal;
    private final String today;
    private final String licence;

    Publisher(String first, String removal, String today, String licence) {
      this.first = first;
      this.removal = removal;
      this.today = today;
      this.licence = licence;
    }
  }

  PublishedModel(String name, Publisher publisher, String commit, List<String> others) {
    this.name = name;
    this.publisher = publisher;
    this.commit = commit;
    this.others = others;
  }

  /** The hub id that has it today. */
  public String id() {
    return publisher.today + "/" + name;
  }

  /** The commit of {@link #id()} whose files are known, empty where none is. */
  public String commit() {
    return commit;
  }

  /** The model that a hub id claims to be: its first one, a copy of today, or a known mirror. */
  public static Optional<PublishedModel> claimedBy(String id) {
    return Arrays.stream(values())
        .filter(
            model ->
                id.equals(model.firstId()) || id.equals(model.id()) || model.others.contains(id))
        .findFirst();
  }

  /** What happened to a hub id that was removed, which copy to use and what binds its users. */
  public static Optional<String> removal(String id) {
    return Arrays.stream(values())
        .filter(model -> id.equals(model.firstId()) && !model.publisher.removal.isEmpty())
        .findFirst()
        .map(PublishedModel::advice);
  }

  private String advice() {
    return "%s; set pretrained_model_name_or_path=%s%s, a copy by others; the licence, %s, still binds"
            .formatted(
                publisher.removal,
                id(),
                commit.isEmpty() ? "" : " revision=" + commit,
                publisher.licence)
        + " who uses the weights";
  }

  private String firstId() {
    return publisher.first + "/" + name;
  }

  /**
   * Makes sure that what claims to be a published model has that model's files, as far as their
   * SHA-256 are known.
   *
   * @param id the hub's; nothing is asked of one that claims to be none
   * @param where what problems call the place of the files
   * @param sums SHA-256 in hex by path relative to the model's folder
   * @throws ProblemsException with every file that is another
   */
  public static void require(String id, String where, Map<String, String> sums) {
    Problems problems = new Problems();
    claimedBy(id).ifPresent(model -> model.differences(where, sums).forEach(problems::add));
    problems.throwIfAny();
  }

  private List<String> differences(String where, Map<String, String> sums) {
    return new TreeMap<>(sums)
        .entrySet().stream()
            .filter(file -> !known(file.getKey()).isEmpty())
            .filter(file -> !known(file.getKey()).contains(file.getValue()))
            .map(file -> difference(where, file.getKey(), file.getValue()))
            .toList();
  }

  private String difference(String where, String file, String actual) {
    return ("Cannot use %s of %s: it must be the file that was published as %s, with sha256 %s (sha256"
            + " %s); a model of one's own goes by a folder or an id of its own")
        .formatted(file, where, firstId(), String.join(" or ", known(file)), actual);
  }

  private Set<String> known(String file) {
    return PublishedSums.of(name + "/" + file);
  }
}

package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.weights.TensorFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A file of textual inversion (arXiv 2208.01618): the vectors of one token, as diffusers writes
 * them, by the token's name, or as AUTOMATIC1111's web UI does, which calls the token as the file.
 */
public final class EmbeddingFile {

  private static final String WEB_UI = "emb_params";

  /** A web UI's pickle has the vectors deep inside. */
  private static final String TENSORS =
      Pickle.TENSORS
          + ", or of a web UI {'%s': torch.load(FILE, weights_only=True)['string_to_param']['*'].detach()}"
              .formatted(WEB_UI);

  private static final List<String> SDXL = List.of("clip_g", "clip_l");

  private final TensorFile file;
  private final String name;

  private EmbeddingFile(TensorFile file, String name) {
    this.file = file;
    this.name = name;
  }

  /**
   * Opens a file and looks at all its numbers.
   *
   * @throws ProblemsException where it is no safetensors file, is cut or broken, or holds something
   *     else than the vectors of one token
   */
  public static EmbeddingFile open(Path path) {
    Pickle.refuse("embedding", path, TENSORS);
    TensorFile file = TensorFile.read(path);
    List<String> names = file.names();
    if (names.stream().anyMatch(SDXL::contains)) {
      throw new ProblemsException(
          "Cannot use embedding %s: it must be for this model, it is for Stable Diffusion XL (%s)"
              .formatted(path, Shown.some(names)));
    }
    if (names.stream().anyMatch(name -> AdapterKey.of(name).isPresent())) {
      throw ProblemsException.withFix(
          "Cannot use embedding %s: it must hold the vectors of a token, not a LoRA (%s)"
              .formatted(path, Shown.some(names)),
          "name it in loras");
    }
    if (names.size() != 1) {
      throw new ProblemsException(
          "Cannot use embedding %s: it must hold one tensor, the vectors of a token (%s)"
              .formatted(path, names.isEmpty() ? "none" : Shown.some(names)));
    }
    return checked(new EmbeddingFile(file, names.get(0)));
  }

  private static EmbeddingFile checked(EmbeddingFile opened) {
    Shape shape = opened.shape();
    if (shape.rank() < 1 || shape.rank() > 2 || shape.count() == 0) {
      throw new ProblemsException(
          "Cannot use embedding %s: it must hold a vector, or some of one width (%s)"
              .formatted(opened, shape));
    }
    Finite.require(opened.file, opened.name);
    return opened;
  }

  private Shape shape() {
    return file.shape(name);
  }

  /** The token's name in the file; empty where the file's own name is it. */
  private Optional<String> named() {
    return Optional.of(name).filter(text -> !text.equals(WEB_UI));
  }

  /**
   * What prompts call it.
   *
   * @param path under which the file was named, of which a copy may have another name
   */
  public String token(String path) {
    return named()
        .orElseGet(
            () -> path.substring(path.lastIndexOf('/') + 1).replaceFirst("\\.safetensors$", ""));
  }

  /** How many vectors it has, 1 or more. */
  public int vectors() {
    return Math.toIntExact(shape().count() / width());
  }

  /** How many numbers a vector has. */
  public long width() {
    return shape().size(shape().rank() - 1);
  }

  /** All vectors, one behind the other. */
  RawWeight values() {
    return file.raw(name);
  }

  /** SHA-256 in hex of the file, by which web UIs know it too. */
  public String digest() {
    return file.hash();
  }

  void requireUnchanged() {
    file.requireUnchanged();
  }

  @Override
  public String toString() {
    return file.path().toString();
  }
}

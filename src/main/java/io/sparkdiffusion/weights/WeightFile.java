package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;

/** A file of weights: what it holds is known and checked, the tensors are not read yet. */
sealed interface WeightFile permits SafetensorsFile, FlaxFile {

  /**
   * Reads and checks what a file says of its tensors.
   *
   * @throws ProblemsException where the file is missing, cut, or breaks its format
   */
  static WeightFile open(Path path) {
    return path.toString().endsWith(FlaxFile.EXTENSION)
        ? FlaxFile.open(path)
        : SafetensorsFile.open(path);
  }

  /** The file itself. */
  MappedFile file();

  /** Where it is. */
  default Path path() {
    return file().path();
  }

  /** The tensors by the names that the file has for them. */
  Map<String, StoredTensor> tensors();

  /**
   * The bytes of a tensor, below 2 GiB: memory-mapped, or copied where they are in several pieces.
   *
   * @return a direct buffer, little-endian
   * @throws ProblemsException where the file has changed since it was opened
   */
  default ByteBuffer map(StoredTensor tensor) {
    try {
      if (tensor.spans().size() == 1) {
        return file().map(tensor.spans().get(0));
      }
      ByteBuffer all = ByteBuffer.allocateDirect(Math.toIntExact(tensor.bytes()));
      for (StoredTensor.Span span : tensor.spans()) {
        all.put(file().map(span));
      }
      return all.flip().order(ByteOrder.LITTLE_ENDIAN);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read tensor %s of %s: the file must stay as it was when it was checked (%s)"
              .formatted(tensor.name(), path(), e.getMessage()),
          e);
    }
  }

  /**
   * Makes sure, behind the reading, that what was read is what was checked.
   *
   * @throws ProblemsException where the file has changed since it was opened
   */
  default void requireUnchanged() {
    try {
      file().requireUnchanged();
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot use the weights of %s: the file must stay as it is while it is read (%s)"
              .formatted(path(), e.getMessage()),
          e);
    }
  }

  /** True for what stands where a clone has not fetched a large file (git-lfs, docs/spec.md). */
  static boolean isPointer(byte[] firstEight) {
    return Arrays.equals(firstEight, "version ".getBytes(StandardCharsets.US_ASCII));
  }
}

package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;

/** Python's pickles, which are no safetensors files: reading one runs code of whoever made it. */
final class Pickle {

  private static final byte[] ZIP = {'P', 'K', 3, 4};
  private static final int NEWEST_PROTOCOL = 5;

  private static final String CONVERSION =
      "where you trust it, convert it once in Python: safetensors.torch.save_file(%s, NEW)";

  /** What reads a file that holds tensors by name. */
  static final String TENSORS = "torch.load(FILE, weights_only=True)";

  private Pickle() {}

  /**
   * Looks at a file's name and its first bytes.
   *
   * @param kind what problems call the file
   * @param tensors what makes tensors by name of it, in Python
   * @throws ProblemsException where it is one
   */
  static void refuse(String kind, Path path, String tensors) {
    if (isOne(path)) {
      throw ProblemsException.withFix(
          "Cannot use %s %s: it must be a safetensors file (a pickle, which runs code of whoever made it)"
              .formatted(kind, path),
          CONVERSION.formatted(tensors));
    }
  }

  /**
   * By the name, or by the first bytes: a ZIP archive, or a pickle of protocol 2 or newer. Read as
   * the length of a safetensors header either is longer than any.
   */
  private static boolean isOne(Path path) {
    if (isOne(path.toString())) {
      return true;
    }
    try (InputStream in = Files.newInputStream(path)) {
      byte[] first = in.readNBytes(4);
      return first.length == 4
          && (Arrays.equals(first, ZIP)
              || (first[0] == (byte) 0x80 && first[1] <= NEWEST_PROTOCOL && first[3] != 0));
    } catch (IOException e) {
      // The next to open it says why it cannot be read.
      return false;
    }
  }

  /** Whether a file is called as PyTorch's pickles are. */
  static boolean isOne(String name) {
    return name.matches("(?s).*\\.(bin|pt|pth|ckpt|pkl|pickle)");
  }
}

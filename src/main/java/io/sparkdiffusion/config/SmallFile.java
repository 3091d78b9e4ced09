package io.sparkdiffusion.config;

import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Whole files of a model's folder, which strangers write: a pipe would keep its reader waiting for
 * ever, a file without end fill its memory.
 */
public final class SmallFile {

  /** For configurations, lists and sums; the largest known have some hundred kilobytes. */
  public static final long DESCRIPTION_BYTES = 4L << 20;

  /** For a tokenizer's files; those of the largest vocabularies have some 20 MB. */
  public static final long VOCABULARY_BYTES = 64L << 20;

  private SmallFile() {}

  /**
   * A file's bytes.
   *
   * @param most of them
   * @throws ProblemsException where it is missing, no regular file, larger or unreadable
   */
  public static byte[] bytes(Path file, long most) {
    try {
      long size = Files.size(file);
      if (!Files.isRegularFile(file)) {
        throw new ProblemsException(
            "Cannot read %s: it must be a regular file (%s)"
                .formatted(file, Files.isDirectory(file) ? "a folder" : "a pipe or the like"));
      }
      try (InputStream in = Files.newInputStream(file)) {
        byte[] bytes = size > most ? new byte[0] : in.readNBytes(Math.toIntExact(most + 1));
        if (size > most || bytes.length > most) {
          throw new ProblemsException(
              "Cannot read %s: it must have at most %s bytes (%s)"
                  .formatted(file, most, Math.max(size, bytes.length)));
        }
        return bytes;
      }
    } catch (NoSuchFileException e) {
      throw new ProblemsException("Cannot read " + file + ": the file must exist (missing)", e);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read " + file + ": it must be readable (" + e.getMessage() + ")", e);
    }
  }

  /**
   * A file's text.
   *
   * @throws ProblemsException as {@link #bytes}, and where it is not UTF-8
   */
  public static String text(Path file, long most) {
    try {
      return StandardCharsets.UTF_8
          .newDecoder()
          .decode(ByteBuffer.wrap(bytes(file, most)))
          .toString();
    } catch (CharacterCodingException e) {
      throw new ProblemsException(
          "Cannot read %s: it must be readable UTF-8 (%s)".formatted(file, e.getMessage()), e);
    }
  }
}

package io.sparkdiffusion.spark.table;

import io.sparkdiffusion.config.InputConfig;
import io.sparkdiffusion.config.TableFormat;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.util.Sha256;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.nio.file.Files;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Pattern;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileStatus;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.LocalFileSystem;
import org.apache.hadoop.fs.Path;
import org.apache.hadoop.fs.RawLocalFileSystem;
import org.apache.spark.util.SerializableConfiguration;

/**
 * Files of images that rows give, on any file system that Hadoop knows. Whoever plans reads a file
 * for its hash alone, so that neither a shuffle nor the driver carries pixels; the executor that
 * needs it reads it again.
 */
public final class InputFiles implements Serializable {

  /** Larger ones are no images that anybody draws from. */
  static final long MOST_BYTES = 100L << 20;

  private static final long serialVersionUID = 1L;
  private static final int HASHES_KEPT = 1_000;
  private static final int PIECE = 1 << 16;
  private static final Pattern PERCENT_CODE = Pattern.compile("%[0-9A-Fa-f]{2}");
  private static final Pattern SCHEME = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:/");

  private final SerializableConfiguration hadoop;
  private final String folder;
  private transient Map<String, String> hashes;

  private InputFiles(SerializableConfiguration hadoop, String folder) {
    this.hadoop = hadoop;
    this.folder = folder;
  }

  /** Whose relative paths count from the working directory, as those of settings do. */
  public static InputFiles ofWorkingFolder(Configuration hadoop) {
    return new InputFiles(new SerializableConfiguration(hadoop), "");
  }

  /** Whose relative paths count from the folder of a table's files. */
  public static InputFiles of(InputConfig input, Configuration hadoop) {
    return new InputFiles(
        new SerializableConfiguration(hadoop),
        input instanceof InputConfig.Table table && table.storedFormat() != TableFormat.TABLE
            ? folder(table.location(), hadoop)
            : "");
  }

  private static String folder(String location, Configuration hadoop) {
    try {
      Path place = path(location);
      FileSystem files = place.getFileSystem(hadoop);
      Path whole = files.makeQualified(place);
      boolean isFolder = files.exists(whole) && files.getFileStatus(whole).isDirectory();
      return (isFolder || whole.getParent() == null ? whole : whole.getParent()).toString();
    } catch (IOException | IllegalArgumentException e) {
      return ""; // the table is read by others, who say why it cannot be
    }
  }

  /** A colon makes a scheme only before a slash: "12:30.png" is a file's name. */
  private static Path path(String location) {
    return SCHEME.matcher(location).lookingAt()
        ? new Path(location)
        : new Path(null, null, location);
  }

  /**
   * Where a file is, for every machine.
   *
   * @throws UnusableImageException where no file can be there
   */
  public String located(InputImage input, String given) throws UnusableImageException {
    try {
      Path path = path(given);
      Path whole = path.isAbsolute() || folder.isEmpty() ? path : new Path(new Path(folder), path);
      return whole.getFileSystem(hadoop.value()).makeQualified(whole).toString();
    } catch (IOException | RuntimeException | NoClassDefFoundError e) {
      String rule =
          MissingFileSystems.fix(given, hadoop.value()).orElse("Hadoop must know its place");
      throw new UnusableImageException(input, rule, TableReader.reason(e) + ": " + given, e);
    }
  }

  /**
   * The SHA-256 of a file's bytes, in hex.
   *
   * @throws UnusableImageException where it cannot be read
   */
  public String sha256(InputImage input, String located) throws UnusableImageException {
    if (hashes == null) {
      hashes = new LinkedHashMap<>(16, 0.75f, true);
    }
    String known = hashes.get(located);
    if (known == null) {
      known = hashed(input, located);
      hashes.put(located, known);
      if (hashes.size() > HASHES_KEPT) {
        hashes.remove(hashes.keySet().iterator().next());
      }
    }
    return known;
  }

  private String hashed(InputImage input, String located) throws UnusableImageException {
    MessageDigest digest = Sha256.digest();
    byte[] piece = new byte[PIECE];
    return reading(
        input,
        located,
        in -> {
          long bytes = 0;
          for (int count = in.read(piece); count >= 0; count = in.read(piece)) {
            bytes += count;
            requireSize(input, bytes, " and more: " + located);
            digest.update(piece, 0, count);
          }
          return HexFormat.of().formatHex(digest.digest());
        });
  }

  /**
   * A file's bytes.
   *
   * @throws UnusableImageException where it cannot be read
   */
  public byte[] read(InputImage input, String located) throws UnusableImageException {
    return reading(
        input,
        located,
        in -> {
          byte[] all = in.readNBytes((int) MOST_BYTES + 1);
          requireSize(input, all.length, " and more: " + located);
          return all;
        });
  }

  /**
   * Refuses a file that is too large to be looked at.
   *
   * @param where it is, behind its size
   * @throws UnusableImageException where it is larger than any image
   */
  public static void requireSize(InputImage input, long bytes, String where)
      throws UnusableImageException {
    if (bytes > MOST_BYTES) {
      throw new UnusableImageException(
          input, "its file must have at most %s bytes".formatted(MOST_BYTES), bytes + where);
    }
  }

  private interface Use<T> {
    T of(InputStream in) throws IOException, UnusableImageException;
  }

  private <T> T reading(InputImage input, String located, Use<T> use)
      throws UnusableImageException {
    try {
      Path path = new Path(located);
      FileSystem files = plain(path.getFileSystem(hadoop.value()));
      FileStatus status = status(input, files, path, located);
      if (status.isDirectory()) {
        throw new UnusableImageException(input, "it must be a file", "a folder: " + located);
      }
      if (files instanceof RawLocalFileSystem disk) {
        requireFile(input, disk.pathToFile(path).toPath(), located);
      }
      requireSize(input, status.getLen(), ": " + located);
      try (InputStream in = files.open(path)) {
        return use.of(in);
      }
    } catch (IOException | RuntimeException e) {
      throw new UnusableImageException(
          input, "its file must be readable", TableReader.reason(e) + ": " + located, e);
    }
  }

  /** Hadoop's checksums beside local files would forbid colons in their names. */
  private static FileSystem plain(FileSystem files) {
    return files instanceof LocalFileSystem local ? local.getRaw() : files;
  }

  /** Devices and pipes may never end. */
  private static void requireFile(InputImage input, java.nio.file.Path local, String located)
      throws UnusableImageException {
    if (!Files.isRegularFile(local)) {
      throw new UnusableImageException(
          input, "it must be a file", "a device or a pipe: " + located);
    }
    if (!Files.isReadable(local)) {
      throw new UnusableImageException(
          input, "its file must be readable", "no permission: " + located);
    }
  }

  /** Only here a file that is not found is none: one that must not be opened is told so too. */
  private static FileStatus status(InputImage input, FileSystem files, Path path, String located)
      throws IOException, UnusableImageException {
    try {
      return files.getFileStatus(path);
    } catch (FileNotFoundException e) {
      String literal =
          PERCENT_CODE.matcher(located).find()
              ? "; percent signs stand for themselves, so decode what input_file_name() gives"
              : "";
      throw new UnusableImageException(
          input, "its file must exist", "missing: " + located + literal, e);
    }
  }
}

package io.sparkdiffusion.spark.output;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;
import java.util.stream.Stream;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.FileSystem;
import org.apache.hadoop.fs.permission.FsPermission;

/**
 * Hadoop gives local files the modes of its own umask, 022 where nobody has set it, so that what a
 * user meant to keep private is readable for all. From here on it is the process's, in this JVM and
 * on local disks; what somebody has configured stays.
 */
public final class LocalUmask {

  private static final Path STATUS = Path.of("/proc/self/status");
  private static final String LINE = "Umask:";
  private static final String DEFAULTS = "core-default.xml";

  private LocalUmask() {}

  /** Sets it for the local file system that everybody in this JVM shares. */
  public static void heed(Configuration hadoop) throws IOException {
    FileSystem files = FileSystem.getLocal(hadoop).getRawFileSystem();
    Optional<String> umask = ofProcess();
    if (umask.isPresent() && !isConfigured(hadoop)) {
      Configuration own = new Configuration(files.getConf());
      own.set(FsPermission.UMASK_LABEL, umask.get());
      files.setConf(own);
    }
  }

  private static boolean isConfigured(Configuration hadoop) {
    String[] sources = hadoop.getPropertySources(FsPermission.UMASK_LABEL);
    return sources != null && !Arrays.asList(sources).contains(DEFAULTS);
  }

  /** In octal; nothing where the system does not tell. */
  private static Optional<String> ofProcess() throws IOException {
    if (!Files.isReadable(STATUS)) {
      return Optional.empty();
    }
    try (Stream<String> lines = Files.lines(STATUS)) {
      return lines
          .filter(line -> line.startsWith(LINE))
          .map(line -> line.substring(LINE.length()).strip())
          .findFirst();
    }
  }
}

package io.sparkdiffusion.torch;

import com.sun.jna.Function;
import com.sun.jna.Library;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** GNU's OpenMP library, as libtorch has loaded it into this process. */
final class Libgomp {

  /** What is mapped into this process, with paths. */
  static final Path MAPS = Path.of("/proc/self/maps");

  private static final Pattern PATH = Pattern.compile("(/\\S.*/libgomp\\S*\\.so\\S*)$");

  // RTLD_LAZY and RTLD_NOLOAD of dlfcn.h: only what is there already.
  private static final Map<String, Integer> LOADED = Map.of(Library.OPTION_OPEN_FLAGS, 1 | 4);

  private final Function parallel;
  private final Function nothing;

  private Libgomp(NativeLibrary library) {
    this.parallel = library.getFunction("GOMP_parallel");
    this.nothing = NativeLibrary.getProcess().getFunction("free");
  }

  /** The one of this process; empty where none is loaded, as with another compiler's OpenMP. */
  static Optional<Libgomp> ofThisProcess() {
    try {
      return path(MAPS).map(path -> new Libgomp(NativeLibrary.getInstance(path, LOADED)));
    } catch (UnsatisfiedLinkError | NoClassDefFoundError e) {
      return Optional.empty();
    }
  }

  static Optional<String> path(Path maps) {
    try (Stream<String> lines = Files.lines(maps)) {
      return lines
          .map(PATH::matcher)
          .filter(Matcher::find)
          .map(found -> found.group(1))
          .findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /**
   * Runs a parallel region that does nothing ({@code free} of no memory), so that the calling
   * thread owns a pool of threads from now to its end.
   */
  void runEmptyRegion(int threads) {
    Object noData = null;
    int noFlags = 0;
    parallel.invokeVoid(new Object[] {nothing, noData, threads, noFlags});
  }
}

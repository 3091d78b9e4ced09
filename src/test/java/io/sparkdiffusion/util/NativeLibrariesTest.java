package io.sparkdiffusion.util;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class NativeLibrariesTest {

  @TempDir private Path folder;

  @Test
  void makesTheFolder() throws Exception {
    Path cache = folder.resolve("a/b");

    assertThat(NativeLibraries.unpacking(cache, () -> Files.isDirectory(cache))).isTrue();
  }

  @Test
  void namesAFolderThatCannotBeMade() throws IOException {
    Path cache = Files.createFile(folder.resolve("file")).resolve("natives");

    assertThatThrownBy(() -> NativeLibraries.unpacking(cache, () -> true))
        .isInstanceOf(NativeCacheException.class)
        .hasMessageStartingWith(
            ("Cannot load native libraries: %s must be a folder that can be made; ENGINE_CACHE_DIR"
                    + " (or DJL_CACHE_DIR) names another folder (")
                .formatted(cache));
  }

  /** What glibc says of a library on a file system that is mounted with noexec. */
  @Test
  void namesAFileSystemThatLetsNoProgramRun() {
    assertFails(
        () -> {
          throw new UnsatisfiedLinkError(
              "/c/libc10.so: /c/libc10.so: failed to map segment from shared object");
        },
        "must be on a file system that lets programs run, not mounted with noexec",
        "UnsatisfiedLinkError: /c/libc10.so");
  }

  @Test
  void namesAFolderThatCannotBeWritten() {
    assertFails(
        () -> {
          throw new IllegalStateException(
              "Failed to extract", new IOException("No space left on device"));
        },
        "must be writable and have 500 MB free, unless they are there already",
        "No space left on device");
  }

  private void assertFails(Callable<Boolean> load, String rule, String cause) {
    assertThatThrownBy(() -> NativeLibraries.unpacking(folder, load))
        .isInstanceOf(NativeCacheException.class)
        .hasMessageStartingWith("Cannot load native libraries: %s %s; ".formatted(folder, rule))
        .hasMessageContaining(cause);
  }

  @Test
  void leavesOtherFailuresAsTheyAre() {
    assertThatThrownBy(
            () ->
                NativeLibraries.unpacking(
                    folder,
                    () -> {
                      throw new UnsatisfiedLinkError("libtorch.so: undefined symbol");
                    }))
        .isInstanceOf(UnsatisfiedLinkError.class)
        .hasMessage("libtorch.so: undefined symbol");
  }
}

package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativePlatformTest {

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, linux-x86_64, true",
    "Linux, aarch64, linux-aarch64, false",
    "Mac OS X, aarch64, osx-aarch64, false",
    "Mac OS X, x86_64, osx-x86_64, true",
    "Windows 11, amd64, windows-x86_64, true"
  })
  void isCalledAsMavenAndDjlCallIt(
      String system, String processor, String classifier, boolean hasOneDnn) {
    NativePlatform platform = NativePlatform.of(system, processor);

    assertThat(platform.classifier()).isEqualTo(classifier);
    assertThat(platform.hasOneDnn()).isEqualTo(hasOneDnn);
  }

  @Test
  void looksAmongTheMachinesOnTheClassPath() {
    NativePlatform arm = NativePlatform.of("Linux", "aarch64");

    assertThat(arm.problem(List.of("linux-x86_64", "linux-aarch64"), "2.7.1")).isEmpty();
    assertThat(arm.problem(List.of(), "2.7.1"))
        .hasValue(
            "Cannot start libtorch: its natives for linux-aarch64 must be on the class path (none"
                + " are there); add ai.djl.pytorch:pytorch-native-cpu:2.7.1 with that classifier,"
                + " for instance by --jars https://repo1.maven.org/maven2/ai/djl/pytorch/"
                + "pytorch-native-cpu/2.7.1/pytorch-native-cpu-2.7.1-linux-aarch64.jar");
  }

  @Test
  void knowsTheMachinesThatLibtorchIsPublishedFor() {
    NativePlatform old = NativePlatform.of("Mac OS X", "x86_64");

    assertThat(old.problem(List.of("osx-x86_64"), "2.7.1"))
        .hasValue(
            "Cannot start libtorch: the machine must be one of linux-x86_64, linux-aarch64,"
                + " osx-aarch64 (osx-x86_64)");
  }

  @Test
  void findsThisMachinesOwn() {
    assertThat(NativePlatform.present()).contains(NativePlatform.ofThisMachine().classifier());
  }

  /** Spark hands an executor the job's jar once more where the driver's own is the same process. */
  @Test
  void namesAMachineOnceWhoseJarIsThereTwice(@TempDir Path folder) throws IOException {
    URL[] jars = new URL[2];
    for (int i = 0; i < jars.length; i++) {
      Path file = folder.resolve("%d/native/lib/pytorch.properties".formatted(i));
      Files.createDirectories(file.getParent());
      Files.writeString(file, "classifier=linux-aarch64\n");
      jars[i] = folder.resolve(i + "/").toUri().toURL();
    }
    Thread thread = Thread.currentThread();
    ClassLoader usual = thread.getContextClassLoader();
    try (URLClassLoader twice = new URLClassLoader(jars, null)) {
      thread.setContextClassLoader(twice);
      assertThat(NativePlatform.present()).containsExactly("linux-aarch64");
    } finally {
      thread.setContextClassLoader(usual);
    }
  }
}

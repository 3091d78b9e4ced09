package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import io.sparkdiffusion.torch.ThreadTimes.Times;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ThreadTimesTest {

  @TempDir private Path threads;

  @BeforeEach
  void writeTwoThreads() throws IOException {
    write("7", "500 1000 3\n");
    write("8", "600 20000 4\n");
  }

  @Test
  void sumsWhatThreadsHaveDoneSinceTheLastLook() throws IOException {
    ThreadTimes times = ThreadTimes.of(threads).orElseThrow();
    assertThat(times.sinceLastLook()).isEqualTo(new Times(0, 0));
    write("7", "900 1300 5\n");
    write("8", "900 20004 5\n");
    assertThat(times.sinceLastLook()).isEqualTo(new Times(700, 304));
    assertThat(times.sinceLastLook()).isEqualTo(new Times(0, 0));
  }

  @Test
  void countsAThreadFromTheSecondLookAtItToItsEnd() throws IOException {
    ThreadTimes times = ThreadTimes.of(threads).orElseThrow();
    Files.delete(threads.resolve("8").resolve("schedstat"));
    write("9", "1 5000 1\n");
    assertThat(times.sinceLastLook()).isEqualTo(new Times(0, 0));
    write("8", "1 1 1\n");
    write("9", "3 5010 2\n");
    assertThat(times.sinceLastLook()).isEqualTo(new Times(2, 10));
  }

  @Test
  void isNotThereWhereTheSystemDoesNotCount() throws IOException {
    assertThat(ThreadTimes.of(threads.resolve("missing"))).isEmpty();
    write("7", "0 0 0\n");
    write("8", "not told\n");
    assertThat(ThreadTimes.of(threads)).isEmpty();
  }

  @ParameterizedTest(name = "ran {0}, waited {1} of 100 on 2 processors")
  @CsvSource({
    "200, 0, 0", // alone, all in use
    "20, 0, 0", // alone, at rest
    "200, 90, 0", // the threads wait for each other
    "180, 90, 0.2",
    "100, 50, 0.5", // another program's thread
    "50, 300, 1.5",
    "230, 40, 0", // read at slightly different moments
  })
  void countsAsLostWhatOthersHaveWhileAThreadWaits(long ran, long waited, double processors) {
    assertThat(new Times(ran, waited).lostProcessors(100, 2)).isEqualTo(processors);
  }

  private void write(String thread, String schedstat) throws IOException {
    Path folder = Files.createDirectories(threads.resolve(thread));
    Files.writeString(folder.resolve("schedstat"), schedstat);
  }
}

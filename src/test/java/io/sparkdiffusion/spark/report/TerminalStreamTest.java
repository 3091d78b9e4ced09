package io.sparkdiffusion.spark.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class TerminalStreamTest {

  private static final String CLEAR = "\r\u001b[K";

  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final TerminalStream terminal =
      TerminalStream.of(
          new PrintStream(bytes, true, StandardCharsets.UTF_8), StandardCharsets.UTF_8);

  @Test
  void putsALogLineInThePlaceOfTheBar() {
    terminal.print("before\n");
    terminal.draw("[#.] 1 of 2");
    terminal.print("12:44:11 INFO  Loading\n");
    terminal.print("12:44:12 INFO  Loaded\n");
    terminal.draw("[##] 2 of 2");
    terminal.leave("done");
    terminal.print("after\n");
    assertThat(bytes.toString(StandardCharsets.UTF_8))
        .isEqualTo(
            "before\n"
                + (CLEAR + "[#.] 1 of 2")
                + (CLEAR + "12:44:11 INFO  Loading\n")
                + "12:44:12 INFO  Loaded\n"
                + (CLEAR + "[##] 2 of 2")
                + (CLEAR + "done\n")
                + "after\n");
  }

  @Test
  void keepsWhatIsPrintedCharacterByCharacter() {
    terminal.draw("bar");
    terminal.write('ö');
    terminal.print("ü€\n");
    assertThat(bytes.toString(StandardCharsets.UTF_8)).endsWith("ü€\n").startsWith(CLEAR + "bar");
  }
}

package io.sparkdiffusion.torch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LibgompTest {

  @TempDir private Path folder;

  @Test
  void isFoundByItsNameAmongWhatIsMapped() throws IOException {
    assertThat(path("7f0-7f1 r-xp 00000000 fe:00 12    /lib/x86_64-linux-gnu/libc.so.6")).isEmpty();
    assertThat(path("7f0-7f1 r-xp 00000000 fe:00 12    /a/libgomp-notes.txt")).isEmpty();
    assertThat(path("7f0-7f1 r-xp 00000000 fe:00 12    /a b/libgomp-98b21ff3.so.1"))
        .isEqualTo("/a b/libgomp-98b21ff3.so.1");
    assertThat(path("7f0-7f1 r-xp 00000000 fe:00 12    /usr/lib/libgomp.so.1.0.0"))
        .isEqualTo("/usr/lib/libgomp.so.1.0.0");
    assertThat(Libgomp.path(folder.resolve("missing"))).isEmpty();
  }

  private String path(String line) throws IOException {
    Path maps =
        Files.writeString(folder.resolve("maps"), "7f0-7f1 rw-p 00000000 00:00 0 \n" + line);
    return Libgomp.path(maps).orElse("");
  }
}

package io.sparkdiffusion.spark.executor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputFile;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.request.Parameters;
import io.sparkdiffusion.request.Values;
import io.sparkdiffusion.spark.table.RequestColumns;
import io.sparkdiffusion.spark.table.UnusableImageException;
import io.sparkdiffusion.testing.DeniedDisk;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InputReaderTest {

  private static final int SIDE = 8;

  private final InputReader reader = new InputReader(new Configuration());

  @TempDir private Path folder;
  private Path path;
  private InputFile file;

  @BeforeEach
  void write() throws IOException {
    path = Files.write(folder.resolve("fox.png"), png(10));
    file = new InputFile(path.toUri().toString(), Sha256.of(png(10)));
  }

  @Test
  void readsTheFileThatWasPlanned() throws Exception {
    assertThat(reader.rgb(planned(Map.of(InputImage.INIT, file), Map.of())))
        .containsEntry(InputImage.INIT, grey(10));
  }

  @Test
  void refusesAFileThatHasChangedSince() throws IOException {
    Files.write(path, png(11));
    assertThatThrownBy(() -> reader.rgb(planned(Map.of(InputImage.INIT, file), Map.of())))
        .isInstanceOf(UnusableImageException.class)
        .hasMessage(
            "Cannot use init_image: it must not change while a run goes on (another hash: %s)"
                .formatted(file.path()));
  }

  /** As where executors run as others than the driver. */
  @Test
  void refusesAFileThatAnExecutorMayNotRead() throws IOException {
    Configuration hadoop = new Configuration();
    DeniedDisk.register(hadoop);
    Path locked = Files.write(folder.resolve("locked.png"), png(10));
    InputFile there = new InputFile(DeniedDisk.locationOf(locked), file.sha256());

    assertThatThrownBy(
            () -> new InputReader(hadoop).rgb(planned(Map.of(InputImage.INIT, there), Map.of())))
        .isInstanceOf(UnusableImageException.class)
        .hasMessage(
            "Cannot use init_image: its file must be readable (Permission denied: user=fox, access=READ: %s)"
                .formatted(there.path()));
  }

  /** As where rows have changed between the plan and their images. */
  @Test
  void refusesARowsBytesThatHaveChangedSinceOrAreGone() {
    Map<InputImage, InputFile> inRow = Map.of(InputImage.INIT, new InputFile("", file.sha256()));

    assertThatThrownBy(() -> reader.rgb(planned(inRow, Map.of(InputImage.INIT, png(11)))))
        .hasMessageStartingWith("Cannot use init_image: it must not change while a run goes on");
    assertThatThrownBy(() -> reader.rgb(planned(inRow, Map.of())))
        .hasMessage(
            "Cannot use init_image: its row must be found when the table is read again (not found)");
  }

  /** Before it is hashed or decoded. */
  @Test
  void refusesARowsBytesThatAreTooMany() {
    byte[] many = new byte[(100 << 20) + 1];
    Map<InputImage, InputFile> inRow = Map.of(InputImage.INIT, new InputFile("", Sha256.of("")));

    assertThatThrownBy(() -> reader.rgb(planned(inRow, Map.of(InputImage.INIT, many))))
        .hasMessage(
            "Cannot use init_image: its file must have at most 104857600 bytes (104857601)");
  }

  private static PlannedImage planned(
      Map<InputImage, InputFile> files, Map<InputImage, byte[]> inRow) {
    Values values =
        Values.of(
            Parameters.PROMPT.of("a fox"),
            Parameters.SEED.of(1L),
            Parameters.HEIGHT.of(SIDE),
            Parameters.WIDTH.of(SIDE));
    ImageRequest request = ImageRequest.of("fox", 0, values).withInputs(files);
    return new PlannedImage(RequestColumns.of(request, "hash", List.of()), request, inRow);
  }

  private static byte[] png(int level) {
    return PngEncoder.encode(new RgbImage(SIDE, SIDE, grey(level)), List.of());
  }

  private static byte[] grey(int level) {
    byte[] rgb = new byte[3 * SIDE * SIDE];
    Arrays.fill(rgb, (byte) level);
    return rgb;
  }
}

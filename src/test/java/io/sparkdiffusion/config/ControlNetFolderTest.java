package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ControlNetFolderTest {

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "control/edges | control/edges | 1",
        "control/edges:0.5 | control/edges | 0.5",
        " /models/v1.1/edges:-2 | /models/v1.1/edges | -2",
        "file:/models/edges:1e-1 | file:/models/edges | 0.1",
        "file:///models/edges | file:///models/edges | 1",
        "hdfs://host:9000/edges:0.5 | hdfs://host:9000/edges | 0.5",
        "org/edges@v1.0:0.5 | org/edges@v1.0 | 0.5",
        "org/edges@main | org/edges@main | 1",
        "C:edges | C:edges | 1"
      })
  void aPathMayHaveAWeight(String text, String path, double weight) {
    ControlNetFolder folder = ControlNetFolder.parse(text);

    assertThat(folder).isEqualTo(new ControlNetFolder(path, weight));
    assertThat(ControlNetFolder.parse(folder.toString())).isEqualTo(folder);
  }

  @Test
  void allProblemsAreTold() {
    List<String> entries = List.of("edges.pth", "edges:101", "edges:1.2.3", "edges", "", "depth:1");

    assertThatThrownBy(() -> ControlNetFolders.parse(entries))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use controlnets: a ControlNet must be a folder with safetensors, a pickle runs code of whoever made it (edges.pth)",
                        "Cannot use controlnets: a weight must be a number from -100 to 100 (101.0)",
                        "Cannot use controlnets: a weight must be a number from -100 to 100 (NaN)",
                        "Cannot use controlnets: each must be PATH or PATH:WEIGHT (no path)"));
    assertThatThrownBy(() -> ControlNetFolders.parse(List.of("a", "b", "c", "d")))
        .hasMessage("Cannot use controlnets: there must be at most 3 (4)");
  }

  @Test
  void aWordBehindAFolderIsNoWeight(@TempDir Path folder) {
    assertThatThrownBy(() -> ControlNetFolders.parse(List.of(folder + ":abc")))
        .hasMessage("Cannot use controlnets: a weight must be a number from -100 to 100 (abc)");
    Path other = folder.resolve("none:abc");
    assertThat(ControlNetFolder.parse(other.toString()).path()).isEqualTo(other.toString());
  }

  @Test
  void aJobSaysOneWordOrAsManyAsItHasControlNets(@TempDir Path folder) {
    String yaml = ConfigText.MINIMAL + "control_preprocessor: canny,none\n";
    assertThatThrownBy(() -> ConfigText.load(folder, yaml + "controlnets: edges\n"))
        .hasMessage(
            "Cannot use control_preprocessor: it must be one word, or one for each ControlNet (2 for 1)");
    assertThat(ConfigText.load(folder, yaml + "controlnets: [edges, depth]\n").model()).isNotNull();
  }

  @Test
  void aJobsControlImageNeedsAControlNet(@TempDir Path folder) {
    String yaml = ConfigText.MINIMAL + "control_image: a.png\ncontrol_image_2: b.png\n";

    assertThatThrownBy(() -> ConfigText.load(folder, yaml))
        .isInstanceOfSatisfying(
            ProblemsException.class,
            e ->
                assertThat(e.problems())
                    .containsExactly(
                        "Cannot use control_image: controlnets must name what looks at it, at place 1 (none)",
                        "Cannot use control_image_2: controlnets must name what looks at it, at place 2 (none)"));
    assertThatThrownBy(() -> ConfigText.load(folder, yaml + "controlnets: edges:0.5\n"))
        .hasMessage(
            "Cannot use control_image_2: controlnets must name what looks at it, at place 2 (1)");
    assertThat(ConfigText.load(folder, yaml + "controlnets: [edges:0.5, depth]\n").model())
        .extracting(ModelConfig::controlNets)
        .hasToString("edges:0.5,depth");
  }
}

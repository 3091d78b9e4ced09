package io.sparkdiffusion.unet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

class Unet2dConditionModelTest {

  @Test
  void recordsEverySizeAndGivesItBack() {
    Unet2dConditionModel unet = new Unet2dConditionModel(config(2));
    for (long[] size : new long[][] {{1, 1, 1}, {2, 3, 5}, {3, 8, 4}}) {
      Graph graph = unet.record(Dtype.FLOAT32, size[0], 2 * size[0], size[1], size[2], 7);
      assertThat(graph.resultShape()).isEqualTo(Shape.of(2 * size[0], 4, size[1], size[2]));
    }
  }

  @Test
  void anOperationThatDoesNotFitNamesTheNetworksOwnLine() throws Exception {
    Unet2dConditionModel unet = new Unet2dConditionModel(config(3));
    GraphException[] caught = new GraphException[1];
    assertThatThrownBy(() -> unet.record(Dtype.FLOAT32, 1, 1, 4, 4, 7))
        .isInstanceOfSatisfying(GraphException.class, e -> caught[0] = e);
    Matcher message =
        Pattern.compile(
                "Cannot record reshape: the number of elements must stay \\(\\[1, 16, 8] and \\[1,"
                    + " 16, 3, 2]\\), asked for at Blocks.java:(\\d+)")
            .matcher(caught[0].getMessage());

    assertThat(message.matches()).as(caught[0].getMessage()).isTrue();
    Path source = Path.of("src/main/java/io/sparkdiffusion/unet/Blocks.java");
    String line = Files.readAllLines(source).get(Integer.parseInt(message.group(1)) - 1);
    assertThat(line).contains(".reshape(x.size(0), x.size(1), heads, x.size(2) / heads)");
  }

  private static UnetConfig config(long heads) {
    return new UnetConfig(
        4,
        4,
        8,
        List.of(8L, 8L),
        List.of(heads, 2L),
        List.of(true, true),
        List.of(true, true),
        List.of(false, false),
        1,
        6,
        2,
        1e-5,
        true,
        false,
        true,
        0,
        0);
  }
}

package io.sparkdiffusion.recording;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Shape;
import org.junit.jupiter.api.Test;

class ShapeTest {

  @Test
  void knowsItsSizesFromBothEnds() {
    Shape shape = Shape.of(2, 3, 5);

    assertThat(shape.rank()).isEqualTo(3);
    assertThat(shape.size(0)).isEqualTo(2);
    assertThat(shape.size(-1)).isEqualTo(5);
    assertThat(shape.count()).isEqualTo(30);
    assertThat(shape.with(-2, 7)).isEqualTo(Shape.of(2, 7, 5)).hasToString("[2, 7, 5]");
    assertThat(shape).isEqualTo(Shape.of(2, 3, 5)).hasSameHashCodeAs(Shape.of(2, 3, 5));
    assertThat(shape).isNotEqualTo(Shape.of(2, 5, 3));
    assertThat(Shape.of().count()).isEqualTo(1);
  }

  @Test
  void doesNotChangeWithTheArraysThatItWasMadeFromOrGaveAway() {
    long[] sizes = {2, 3};
    Shape shape = Shape.of(sizes);
    sizes[0] = 9;
    shape.sizes()[1] = 9;

    assertThat(shape).isEqualTo(Shape.of(2, 3));
  }

  @Test
  void refusesWhatIsNoShape() {
    assertThatThrownBy(() -> Shape.of(2, -1))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("Cannot make a shape: sizes must not be negative ([2, -1])");
    assertThatThrownBy(() -> Shape.of(1L << 62, 4).count()).isInstanceOf(ArithmeticException.class);
    for (int dimension : new int[] {2, -3}) {
      assertThatThrownBy(() -> Shape.of(4, 5).size(dimension))
          .isInstanceOf(GraphException.class)
          .hasMessageMatching(
              "Cannot record an operation: the dimension must exist \\(\\[4, 5] and "
                  + dimension
                  + "\\), asked for at ShapeTest.java:\\d+");
    }
  }
}

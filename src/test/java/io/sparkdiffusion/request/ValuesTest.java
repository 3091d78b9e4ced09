package io.sparkdiffusion.request;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.ObjectInputStream;
import java.io.ObjectOutputStream;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.junit.jupiter.api.Test;

class ValuesTest {

  private static final Parameter<Double> NEW =
      Said.number("sharpness")
          .usually(0.0)
          .rule(Rule.share())
          .inHash(InHash.UNLESS_USUAL)
          .parameter();

  @Test
  void givesWhatWasGiven() {
    Values values = Values.of(Parameters.HEIGHT.of(64), Parameters.PROMPT.of("a cat"));

    assertThat(values.get(Parameters.HEIGHT)).isEqualTo(64);
    assertThat(values.find(Parameters.WIDTH)).isEmpty();
    assertThatThrownBy(() -> values.get(Parameters.WIDTH))
        .isInstanceOf(NoSuchElementException.class)
        .hasMessage("Cannot get width: not there");
    assertThat(values).hasToString("height=64");
  }

  @Test
  void letsItsOwnWinOverOthers() {
    Values own = Values.of(Parameters.HEIGHT.of(64));
    Values full = own.withDefaults(Values.usual());

    assertThat(full.get(Parameters.HEIGHT)).isEqualTo(64);
    assertThat(full.get(Parameters.WIDTH)).isEqualTo(512);
    assertThat(full.with(Parameters.HEIGHT.of(512))).isEqualTo(Values.usual());
    assertThat(own.find(Parameters.WIDTH)).isEmpty();
  }

  @Test
  void keepsToTheTableOnAnotherMachine() throws IOException, ClassNotFoundException {
    Values values = Values.usual().with(Parameters.NEGATIVE_PROMPT.of("blurry"));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ObjectOutputStream out = new ObjectOutputStream(bytes)) {
      out.writeObject(values);
    }

    try (ObjectInputStream in =
        new ObjectInputStream(new ByteArrayInputStream(bytes.toByteArray()))) {
      Values read = (Values) in.readObject();
      assertThat(read).isEqualTo(values);
      assertThat(read.get(Parameters.NEGATIVE_PROMPT)).isEqualTo("blurry");
      assertThat(read.problems(Parameters.OF_BOTH)).isEmpty();
    }
  }

  /** Images of a project that had no such parameter keep their hashes. */
  @Test
  void holdsANewParameterWhereItIsSet() {
    assertThat(Values.of(NEW.of(0.0), Parameters.ETA.of(0.0)).canonical())
        .isEqualTo(Map.of("eta", 0.0));
    assertThat(Values.of(NEW.of(0.5)).canonical()).isEqualTo(Map.of("sharpness", 0.5));
    assertThat(Values.of(Parameters.NUM_IMAGES.of(2)).canonical()).isEmpty();
  }

  @Test
  void tellsEachBrokenRuleOnce() {
    Values values = Values.of(Parameters.ID.of("é".repeat(513)), NEW.of(2.0));

    assertThat(values.problems(List.of(Parameters.ID, Parameters.PROMPT, NEW)))
        .containsExactly(
            "Cannot use id: it must have at most 1024 bytes in UTF-8 (1026)",
            "Cannot use prompt: it must not be null (null)",
            "Cannot use sharpness: it must be 0 to 1 (2.0)");
  }
}

package io.sparkdiffusion.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StrictJsonTest {

  @TempDir Path folder;

  @Test
  void readsValuesByTheirTypes() throws IOException {
    Path file =
        Files.writeString(
            folder.resolve("c.json"),
            "{\"z\": [1, 2.5, {\"a\": null}], \"b\": true, \"l\": 4294967296,"
                + " \"h\": 18446744073709551616, \"s\": \"\\u00e9\"}");

    Map<String, Object> json = StrictJson.read(file);

    assertThat(json.keySet()).containsExactly("z", "b", "l", "h", "s");
    assertThat(json.get("z").toString()).isEqualTo("[1, 2.5, {a=null}]");
    assertThat(json)
        .containsEntry("b", true)
        .containsEntry("l", 4294967296L)
        .containsEntry("h", BigInteger.TWO.pow(64))
        .containsEntry("s", "é");
  }

  @Test
  void refusesWhatIsNotOneStrictObject() {
    assertThatThrownBy(() -> StrictJson.parse("{\"a\": 1,\n \"a\": 2}", "x.json"))
        .hasMessage("Cannot read x.json: the key 'a' must not occur twice (line 2, column 2)");
    assertThatThrownBy(() -> StrictJson.parse("{\"o\": {\"a\": 1, \"a\": 2}}", "x.json"))
        .hasMessageStartingWith("Cannot read x.json: the key 'a' must not occur twice (line 1");
    assertThatThrownBy(() -> StrictJson.parse("[1]", "x.json"))
        .hasMessage(
            "Cannot read x.json: it must be a mapping of keys to values (it starts with a list)");
    assertThatThrownBy(() -> StrictJson.parse("", "x.json"))
        .hasMessage("Cannot read x.json: it must be a mapping of keys to values (it is empty)");
    assertThatThrownBy(() -> StrictJson.parse("{} {}", "x.json"))
        .hasMessageStartingWith(
            "Cannot read x.json: it must hold one mapping and nothing after it (line 1");
    assertThatThrownBy(() -> StrictJson.parse("{\"a\": 1e999}", "x.json"))
        .hasMessageStartingWith("Cannot read x.json: a number must be finite (line 1");
    assertThatThrownBy(() -> StrictJson.parse("{\"a\": ", "x.json"))
        .hasMessage("Cannot read x.json: it must be valid JSON (line 1, column 7)");
    assertThatThrownBy(() -> StrictJson.parse("{\"a\": nan}", "x.json"))
        .hasMessageStartingWith("Cannot read x.json: it must be valid JSON (line 1, column");
  }

  @Test
  void namesAFileThatCannotBeRead() {
    Path missing = folder.resolve("missing.json");

    assertThatThrownBy(() -> StrictJson.read(missing))
        .hasMessage("Cannot read " + missing + ": the file must exist (missing)");
    assertThatThrownBy(() -> StrictJson.read(folder))
        .hasMessage("Cannot read " + folder + ": it must be a regular file (a folder)");
  }

  @Test
  void writesEqualValuesTheSame() {
    Map<String, Object> nested = Map.of("b", 1, "a", Arrays.asList(0.1, null, "é\"\n"));

    assertThat(StrictJson.canonical(Map.of("z", nested, "k", false)))
        .isEqualTo("{\"k\":false,\"z\":{\"a\":[0.1,null,\"é\\\"\\n\"],\"b\":1}}");
    assertThat(StrictJson.canonical(Map.of("a", List.of(1, 1L, 1.0, 1e2, 1e-7, -0.5f))))
        .isEqualTo("{\"a\":[1,1,1,100,0.0000001,-0.5]}");
  }

  /** As Python's json module writes them; diffusers' DPMSolver has one in its configuration. */
  @Test
  void numbersThatAreNotFiniteAreReadAsPythonWritesThem() {
    Map<String, Object> json =
        StrictJson.parse("{\"a\": -Infinity, \"b\": [NaN, Infinity]}", "x.json");

    assertThat(json)
        .isEqualTo(
            Map.of(
                "a", Double.NEGATIVE_INFINITY, "b", List.of(Double.NaN, Double.POSITIVE_INFINITY)));
    assertThat(StrictJson.canonical(json)).isEqualTo("{\"a\":-Infinity,\"b\":[NaN,Infinity]}");
  }
}

package io.sparkdiffusion.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Shape;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class SafetensorsFileTest {

  private static final String TYPES =
      "BF16, BOOL, C64, F16, F32, F64, F8_E4M3, F8_E4M3FNUZ, F8_E5M2, F8_E5M2FNUZ, F8_E8M0, I16, I32,"
          + " I64, I8, U16, U32, U64, U8";

  @TempDir Path folder;

  @Test
  void readsNamesTypesShapesAndPlaces() {
    Path path =
        TensorFileMaker.write(
            folder.resolve("good.safetensors"),
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[],\"data_offsets\":[4,8]},"
                + "\"a\":{\"dtype\":\"BF16\",\"shape\":[2,1],\"data_offsets\":[0,4]},"
                + "\"none\":{\"dtype\":\"I64\",\"shape\":[3,0],\"data_offsets\":[4,4]}}  ",
            new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
    SafetensorsFile file = SafetensorsFile.open(path);
    long start = path.toFile().length() - 8;

    assertThat(file.tensors().values())
        .containsExactly(
            StoredTensor.plain("b", "F32", Shape.of(), new StoredTensor.Span(start + 4, start + 8)),
            StoredTensor.plain(
                "a", "BF16", Shape.of(2, 1), new StoredTensor.Span(start, start + 4)),
            StoredTensor.plain(
                "none", "I64", Shape.of(3, 0), new StoredTensor.Span(start + 4, start + 4)));
    assertThat(file.map(file.tensors().get("b")).getInt()).isEqualTo(0x08070605);
    assertThat(file.map(file.tensors().get("none")).remaining()).isZero();
  }

  private static Arguments header(String what, String tensors, int dataBytes, String message) {
    byte[] json = tensors.getBytes(StandardCharsets.UTF_8);
    return arguments(what, (long) json.length, json, dataBytes, message);
  }

  /** One tensor, whose data begin at byte START. */
  private static Arguments tensor(
      String what, String type, String shape, String offsets, int dataBytes, String message) {
    String json =
        "{\"a\":{\"dtype\":%s,\"shape\":%s,\"data_offsets\":%s}}".formatted(type, shape, offsets);
    return header(
        what, json + " ".repeat(92 - json.length()), dataBytes, "tensor a of FILE: " + message);
  }

  private static Arguments two(String what, String first, String second, int data, String message) {
    String json =
        "{\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":%s},"
            + "\"b\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":%s}}";
    json = json.formatted(first, second);
    return header(what, json + " ".repeat(192 - json.length()), data, message);
  }

  private static Arguments length(String what, long length, int bytes, String message) {
    return arguments(what, length, new byte[bytes], 0, message);
  }

  static Stream<Arguments> brokenFiles() {
    return Stream.of(
        length("header length 0", 0, 9, "FILE: the header must have 2 to 16000000 bytes (0)"),
        length("header length 1", 1, 9, "FILE: the header must have 2 to 16000000 bytes (1)"),
        length(
            "2 GB of header",
            1L << 31,
            9,
            "FILE: the header must have 2 to 16000000 bytes (2147483648)"),
        length(
            "negative header length",
            -1,
            9,
            "FILE: the header must have 2 to 16000000 bytes (18446744073709551615)"),
        length(
            "header beyond the file",
            10,
            9,
            "FILE: the header must lie inside the file (10 bytes of header, 17 of file)"),
        header(
            "not JSON",
            "\0\1\2",
            0,
            "the header of FILE: it must be valid JSON (line 1, column 2)"),
        header(
            "cut JSON",
            "{\"a\":",
            0,
            "the header of FILE: it must be valid JSON (line 1, column 6)"),
        header(
            "a list",
            "[1]",
            0,
            "the header of FILE: it must be a mapping of keys to values (it starts with a list)"),
        header(
            "deep nesting",
            "{\"a\":" + "[".repeat(5000) + "]".repeat(5000) + "}",
            0,
            "the header of FILE: it must be valid JSON (position unknown)"),
        header(
            "a tensor twice",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},\n"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}",
            2,
            "the header of FILE: the key 'a' must not occur twice (line 2, column 1)"),
        header(
            "a key twice",
            "{\"a\":{\"dtype\":\"U8\",\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
            1,
            "the header of FILE: the key 'dtype' must not occur twice (line 1, column 20)"),
        header("no mapping", "{\"a\":[1]}", 0, "tensor a of FILE: it must be a mapping ([1])"),
        header("null", "{\"a\":null}", 0, "tensor a of FILE: it must be a mapping (absent)"),
        header(
            "no dtype",
            "{\"a\":{}}",
            0,
            "tensor a of FILE: its dtype must be one of " + TYPES + " (absent)"),
        header(
            "no shape",
            "{\"a\":{\"dtype\":\"U8\"}}",
            0,
            "tensor a of FILE: its shape must be a list of whole numbers (absent)"),
        header(
            "no offsets",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[]}}",
            0,
            "tensor a of FILE: its data_offsets must be a begin and an end (absent)"),
        tensor(
            "unknown dtype",
            "\"f32\"",
            "[1]",
            "[0,4]",
            4,
            "its dtype must be one of " + TYPES + " (f32)"),
        tensor(
            "dtype is a number",
            "32",
            "[1]",
            "[0,4]",
            4,
            "its dtype must be one of " + TYPES + " (32)"),
        shape("\"1\"", "1"),
        shape("[1.0]", "[1.0]"),
        shape("[1.5]", "[1.5]"),
        shape("[-1]", "[-1]"),
        shape("[\"1\"]", "[1]"),
        shape("[null]", "[null]"),
        shape("[18446744073709551617]", "[18446744073709551617]"),
        offsets("[0]"),
        offsets("[0, 4, 8]"),
        offsets("[4, 0]"),
        offsets("[-4, 0]"),
        offsets("[0, 9223372036854775807]"),
        offsets("[0, 18446744073709551620]"),
        tensor(
            "4 elements in 12 bytes",
            "\"F32\"",
            "[2,2]",
            "[0,12]",
            12,
            "its bytes must fit F32 [2, 2] (bytes 100 to 112)"),
        tensor(
            "no bytes for a scalar",
            "\"F16\"",
            "[]",
            "[0,0]",
            0,
            "its bytes must fit F16 [] (bytes 100 to 100)"),
        tensor(
            "a count beyond 64 bits, 0 modulo 2^64",
            "\"U8\"",
            "[4294967296,4294967296]",
            "[0,0]",
            0,
            "its bytes must fit U8 [4294967296, 4294967296] (bytes 100 to 100)"),
        tensor(
            "a size beyond 64 bits, 0 modulo 2^64",
            "\"F32\"",
            "[4611686018427387904]",
            "[0,0]",
            0,
            "its bytes must fit F32 [4611686018427387904] (bytes 100 to 100)"),
        tensor(
            "cut data",
            "\"F32\"",
            "[2]",
            "[0,8]",
            7,
            "it must lie inside the file of 107 bytes, copy a whole file (bytes 100 to 108)"),
        tensor(
            "an empty tensor far away",
            "\"F32\"",
            "[0]",
            "[9223372036854775000,9223372036854775000]",
            0,
            "tensors must follow one another without gap or overlap, it at byte 100 (bytes"
                + " 9223372036854775100 to 9223372036854775100)"),
        header(
            "trailing bytes",
            "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}}",
            3,
            "FILE: the tensors must fill the file of 64 bytes (they end at byte 62)"),
        header(
            "bytes and no tensor",
            "{}",
            1,
            "FILE: the tensors must fill the file of 11 bytes (they end at byte 10)"),
        two(
            "overlap",
            "[0,4]",
            "[3,7]",
            7,
            "tensor b of FILE: tensors must follow one another without gap or overlap, it at byte"
                + " 204 (bytes 203 to 207)"),
        two(
            "the same bytes twice",
            "[0,4]",
            "[0,4]",
            4,
            "tensor b of FILE: tensors must follow one another without gap or overlap, it at byte"
                + " 204 (bytes 200 to 204)"),
        two(
            "gap",
            "[5,9]",
            "[0,4]",
            9,
            "tensor a of FILE: tensors must follow one another without gap or overlap, it at byte"
                + " 204 (bytes 205 to 209)"),
        two(
            "gap before the first",
            "[1,5]",
            "[5,9]",
            9,
            "tensor a of FILE: tensors must follow one another without gap or overlap, it at byte"
                + " 200 (bytes 201 to 205)"),
        two(
            "second beyond the file",
            "[0,4]",
            "[4,8]",
            6,
            "tensor b of FILE: it must lie inside the file of 206 bytes, copy a whole file (bytes 204 to 208)"));
  }

  private static Arguments shape(String json, String actual) {
    return tensor(
        "shape " + json,
        "\"U8\"",
        json,
        "[0,1]",
        1,
        "its shape must be a list of whole numbers (%s)".formatted(actual));
  }

  private static Arguments offsets(String json) {
    return tensor(
        "offsets " + json,
        "\"F32\"",
        "[1]",
        json,
        4,
        "its data_offsets must be a begin and an end (%s)".formatted(json));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("brokenFiles")
  void refusesBrokenFilesInOneLine(
      String what, long headerLength, byte[] header, int dataBytes, String message) {
    Path file =
        TensorFileMaker.write(
            folder.resolve("broken.safetensors"), headerLength, header, new byte[dataBytes]);

    assertThatThrownBy(() -> SafetensorsFile.open(file))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot read " + message.replace("FILE", file.toString()));
  }

  @Test
  void refusesFilesWithoutAHeaderLength() throws IOException {
    for (int bytes : new int[] {0, 7}) {
      Path file = Files.write(folder.resolve("short.safetensors"), new byte[bytes]);
      assertThatThrownBy(() -> SafetensorsFile.open(file))
          .isInstanceOf(ProblemsException.class)
          .hasMessage(
              "Cannot read %s: it must begin with 8 bytes of header length (%d bytes)"
                  .formatted(file, bytes));
    }
  }

  @Test
  void refusesWhatIsNoFile() {
    Path missing = folder.resolve("missing.safetensors");
    assertThatThrownBy(() -> SafetensorsFile.open(missing))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot read %s: the file must exist (missing)".formatted(missing));
    assertThatThrownBy(() -> SafetensorsFile.open(folder))
        .isInstanceOf(ProblemsException.class)
        .hasMessage("Cannot read %s: the file must be readable (Is a directory)".formatted(folder));
  }

  @Test
  void aFileThatShrankAfterItsCheckIsRefused() throws IOException {
    Path path =
        new TensorFileMaker().zeros("a", "F32", 4).write(folder.resolve("shrinking.safetensors"));
    SafetensorsFile file = SafetensorsFile.open(path);
    Files.write(path, new byte[20]);

    assertThatThrownBy(() -> file.map(file.tensors().get("a")))
        .isInstanceOf(ProblemsException.class)
        .hasMessageStartingWith(
            "Cannot read tensor a of %s: the file must stay as it was when it was checked ("
                .formatted(path));
  }
}

package io.sparkdiffusion.weights;

import static io.sparkdiffusion.weights.FlaxFileMaker.array;
import static io.sparkdiffusion.weights.FlaxFileMaker.extension;
import static io.sparkdiffusion.weights.FlaxFileMaker.map;
import static io.sparkdiffusion.weights.FlaxFileMaker.packed;
import static io.sparkdiffusion.weights.TensorFileMaker.floats;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.Component;
import io.sparkdiffusion.family.ModelFamily;
import io.sparkdiffusion.graph.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class FlaxFileTest {

  private static final byte[] ONE = array("float32", floats(1), 1);

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource({
    "conv_in/kernel, conv_in.weight",
    "time_embedding/linear_1/bias, time_embedding.linear_1.bias",
    "down_blocks_0/resnets_1/norm2/scale, down_blocks.0.resnets.1.norm2.weight",
    "down_blocks_2/downsamplers_0/conv/kernel, down_blocks.2.downsamplers.0.conv.weight",
    "up_blocks_1/upsamplers_0/conv/bias, up_blocks.1.upsamplers.0.conv.bias",
    "mid_block/attentions_0/transformer_blocks_0/attn2/to_out_0/kernel,"
        + " mid_block.attentions.0.transformer_blocks.0.attn2.to_out.0.weight",
    "mid_block/attentions_0/transformer_blocks_0/ff/net_2/kernel,"
        + " mid_block.attentions.0.transformer_blocks.0.ff.net.2.weight",
    "decoder/mid_block/attentions_0/proj_attn/kernel,"
        + " decoder.mid_block.attentions.0.proj_attn.weight",
    "text_model/encoder/layers/11/self_attn/q_proj/kernel,"
        + " text_model.encoder.layers.11.self_attn.q_proj.weight",
    "text_model/embeddings/token_embedding/embedding,"
        + " text_model.embeddings.token_embedding.weight"
  })
  void arraysAreCalledAsInPyTorch(String keys, String name) throws IOException {
    String[] path = keys.split("/", -1);
    byte[] content = ONE;
    for (int i = path.length - 1; i >= 0; i--) {
      content = map(path[i], content);
    }

    assertThat(open(content).tensors().get(keys).name()).isEqualTo(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "kernel | 3, 1, 2, 4 | 4, 2, 3, 1",
        "kernel | 3, 2 | 2, 3",
        "kernel | 6 | 6",
        "embedding | 3, 2 | 3, 2"
      })
  void kernelsHaveTheirAxesTurned(String kind, String stored, String shape) throws IOException {
    long count = Shape.of(sizes(stored)).count();
    double[] values = IntStream.range(0, (int) count).asDoubleStream().toArray();
    FlaxFile file = open(map("m", map(kind, array("float32", floats(values), sizes(stored)))));
    StoredTensor tensor = file.tensors().get("m/" + kind);

    assertThat(tensor.shape()).isEqualTo(Shape.of(sizes(shape)));
    assertThat(tensor.stored()).isEqualTo(Shape.of(sizes(stored)));
    assertThat(file.map(tensor)).isEqualTo(ByteBuffer.wrap(floats(values)));
  }

  private static long[] sizes(String text) {
    return Arrays.stream(text.split(", ", -1)).mapToLong(Long::parseLong).toArray();
  }

  /** Four gibibytes, of which nearly nothing is read. */
  @Test
  void filesMayBeLarge() throws IOException {
    int bytes = 1 << 30;
    Path path =
        FlaxFileMaker.holes(
            folder.resolve("large.msgpack"), 4, "bfloat16", bytes, Shape.of(1 << 15, 1 << 14));

    StoredTensor last = FlaxFile.open(path).tensors().get("w3/kernel");
    assertThat(last.begin()).isGreaterThan(3L * bytes);
    assertThat(last.end()).isEqualTo(Files.size(path));
    assertThat(last.type()).isEqualTo("BF16");
  }

  @Test
  void twoArraysOfOneNameAreRefused() throws IOException {
    Path path = write(map("net_0", map("bias", ONE), "net", map("0", map("bias", ONE))));

    assertThatThrownBy(
            () ->
                NetworkWeights.check(
                    List.of(path),
                    ModelFamily.STABLE_DIFFUSION.files(Component.UNET),
                    Map.of("net.0.bias", Shape.of(1))))
        .isInstanceOf(ProblemsException.class)
        .hasMessage(
            "Cannot take weight net.0.bias of unet: it must be stored once (net.0.bias in a.msgpack"
                + " and net.0.bias in a.msgpack)");
  }

  @Test
  void aMissingFileIsNamed() {
    Path none = folder.resolve("none.msgpack");
    assertThatThrownBy(() -> FlaxFile.open(none))
        .hasMessage("Cannot read %s: the file must exist (missing)".formatted(none));
  }

  private static Arguments file(String what, byte[] content, String message) {
    return arguments(what, content, message);
  }

  private static Arguments body(String what, FlaxFileMaker.Content content, String message) {
    return arguments(what, map("a", extension(1, packed(content))), "a of FILE: " + message);
  }

  private static Arguments chunks(String what, byte[] shape, byte[] chunks, String message) {
    byte[] content =
        map(
            "a",
            map(
                "__msgpack_chunked_array__",
                packed(p -> p.packBoolean(true)),
                "shape",
                shape,
                "chunks",
                chunks));
    return arguments(what, content, "a of FILE: " + message);
  }

  static Stream<Arguments> brokenFiles() {
    byte[] whole = map("a", ONE);
    byte[] lfs = "version https://git-lfs.github.com/spec/v1\n".getBytes(StandardCharsets.UTF_8);
    return Stream.of(
        file(
            "empty", new byte[0], "FILE: it must be a whole file, copy it again (it ends inside a"),
        file("a pointer", lfs, "FILE: it must be Flax's msgpack, fetch it with git lfs pull (a"),
        file("no map", ONE, "FILE: it must be msgpack as Flax writes it (Expected Map, but got"),
        file(
            "not msgpack",
            new byte[] {(byte) 0xC1},
            "FILE: it must be msgpack as Flax writes it ("),
        file(
            "cut in an array's elements",
            Arrays.copyOf(whole, whole.length - 1),
            "a of FILE: it must be a whole file, copy it again (it ends inside an array, at byte"),
        file(
            "cut in an array's head",
            Arrays.copyOf(whole, 8),
            "a of FILE: it must be a whole file, copy it again (it ends inside a value, at byte"),
        file(
            "more behind",
            Arrays.copyOf(whole, whole.length + 1),
            "FILE: nothing must follow its map (more bytes, at byte " + whole.length + ")"),
        file(
            "entries that are not there",
            packed(p -> p.packMapHeader(Integer.MAX_VALUE)),
            "FILE: it must be a whole file, copy it again (it ends inside a value, at byte 5)"),
        file(
            "more entries than an int holds",
            new byte[] {(byte) 0xDF, -1, -1, -1, -1},
            "FILE: it must be msgpack as Flax writes it ("),
        file("many entries", manyEntries(), "FILE: entries must be at most 10000 (more, at byte"),
        file(
            "deep",
            deep(),
            "a/".repeat(15) + "a of FILE: levels must be at most 16 (a map, at byte 48)"),
        file(
            "a long key",
            map("k".repeat(101), ONE),
            "FILE: it must be msgpack as Flax writes it ("),
        file(
            "a strange key",
            map("a\n/b", ONE),
            "FILE: its keys must be letters, digits and _ (a?/b"),
        file(
            "a key that is no text",
            packed(p -> p.packMapHeader(1).packInt(7).addPayload(ONE)),
            "FILE: it must be msgpack as Flax writes it (Expected String, but got Integer"),
        file(
            "a key that is not UTF-8",
            packed(p -> p.packMapHeader(1).packRawStringHeader(1).addPayload(new byte[] {-1})),
            "FILE: it must be msgpack as Flax writes it ("),
        file("a key twice", map("a", ONE, "a", ONE), "FILE: its keys must differ (a, at byte"),
        file(
            "a text",
            map("a", packed(p -> p.packString("x"))),
            "a of FILE: it must be a map or an array (STRING, at byte"),
        file(
            "a list",
            map("a", packed(p -> p.packArrayHeader(Integer.MAX_VALUE))),
            "a of FILE: it must be a map or an array (ARRAY, at byte"),
        file(
            "an object of another kind",
            map("a", extension(2, new byte[] {0})),
            "a of FILE: its extension type must be 1 or 3 (2, at byte"),
        file(
            "chunks of nothing",
            map("__msgpack_chunked_array__", packed(p -> p.packBoolean(true))),
            "__msgpack_chunked_array__ of FILE: it must be a map or an array (BOOLEAN, at byte"));
  }

  private static byte[] manyEntries() {
    Object[] entries = new Object[2 * 10_001];
    for (int i = 0; i < entries.length; i += 2) {
      entries[i] = "k" + i;
      entries[i + 1] = map();
    }
    return map(entries);
  }

  private static byte[] deep() {
    byte[] content = new byte[3 * 100_000];
    for (int i = 0; i < content.length; i += 3) {
      content[i] = (byte) 0x81;
      content[i + 1] = (byte) 0xA1;
      content[i + 2] = 'a';
    }
    return content;
  }

  static Stream<Arguments> brokenArrays() {
    return Stream.of(
        body("no list", p -> p.packInt(1), "it must be msgpack as Flax writes it (Expected Array"),
        body("two parts", p -> p.packArrayHeader(2), "an array must have a shape, a type and"),
        body(
            "many sizes",
            p -> p.packArrayHeader(3).packArrayHeader(Integer.MAX_VALUE),
            "its shape must have at most 32 sizes (2147483647, at byte"),
        body(
            "a negative size",
            p -> p.packArrayHeader(3).packArrayHeader(1).packInt(-1),
            "its sizes must not be negative (-1, at byte"),
        body(
            "a size that is no number",
            p -> p.packArrayHeader(3).packArrayHeader(1).packString("1"),
            "it must be msgpack as Flax writes it (Expected Integer, but got String"),
        body(
            "an unknown type",
            p -> p.packArrayHeader(3).packArrayHeader(0).packString("object\u0000"),
            "its type must be one of bfloat16, bool, float16, float32, float64, int16, int32, int64,"
                + " int8, uint16, uint32, uint64, uint8 (object?, at byte"),
        body(
            "elements as a text",
            p ->
                p.packArrayHeader(3)
                    .packArrayHeader(0)
                    .packString("int8")
                    .packString("x".repeat(40)),
            "it must be msgpack as Flax writes it (Expected Binary, but got String"),
        body(
            "elements that go on behind it",
            p ->
                p.packArrayHeader(3)
                    .packArrayHeader(0)
                    .packString("int8")
                    .packBinaryHeader(1 << 30),
            "its elements must end where it does, at byte 18 (1073741842, at byte 18)"),
        body(
            "elements that end before it",
            p ->
                p.packArrayHeader(3)
                    .packArrayHeader(0)
                    .packString("int8")
                    .packBinaryHeader(1)
                    .addPayload(new byte[2]),
            "its elements must end where it does"),
        file(
            "too few elements",
            map("a", array("float32", new byte[4], 2)),
            "a of FILE: its bytes must fit F32 [2] (4, at byte"),
        file(
            "sizes beyond all numbers",
            map("a", array("int8", new byte[0], 1L << 62, 1L << 62)),
            "a of FILE: its bytes must fit I8 [4611686018427387904, 4611686018427387904] (0, at"));
  }

  static Stream<Arguments> brokenChunks() {
    byte[] two = packed(p -> p.packLong(2));
    byte[] half = array("int8", new byte[2], 2);
    return Stream.of(
        chunks("none", map("0", two), map(), "its chunks must be at least one (0, at byte"),
        chunks("in disorder", map("0", two), map("1", half), "0 must come here (1, at byte"),
        chunks("sizes in disorder", map("1", two), map("0", half), "0 must come here (1, at byte"),
        chunks(
            "too few",
            map("0", two, "1", two),
            map("0", half),
            "its bytes must fit I8 [2, 2] (2, at byte"),
        chunks(
            "of two types",
            map("0", two),
            map("0", half, "1", array("uint8", new byte[2], 2)),
            "its chunks must have one type ([I8, U8], at byte"),
        chunks(
            "maps",
            map("0", two),
            map("0", map()),
            "it must be msgpack as Flax writes it (Expected"),
        chunks(
            "a list", two, map("0", half), "it must be msgpack as Flax writes it (Expected Map"));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource({"brokenFiles", "brokenArrays", "brokenChunks"})
  void whatFlaxDoesNotWriteIsRefused(String what, byte[] content, String message)
      throws IOException {
    Path path = write(content);

    assertThatThrownBy(() -> FlaxFile.open(path))
        .isInstanceOf(ProblemsException.class)
        .hasMessageMatching("\\P{Cntrl}+")
        .hasMessageStartingWith("Cannot read " + message.replace("FILE", path.toString()));
  }

  private FlaxFile open(byte[] content) throws IOException {
    return FlaxFile.open(write(content));
  }

  private Path write(byte[] content) throws IOException {
    return Files.write(folder.resolve("a.msgpack"), content);
  }
}

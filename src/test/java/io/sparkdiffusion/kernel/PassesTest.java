package io.sparkdiffusion.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;
import static org.assertj.core.api.Assertions.within;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Attention.Kind;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.graph.Op;
import io.sparkdiffusion.graph.Operator;
import io.sparkdiffusion.graph.Scope;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.Tensor;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/** Each pass on a graph that has just its case: what it makes of it, and that it means the same. */
class PassesTest {

  private final Graph graph = new Graph("a case");
  private final Scope scope = graph.scope();

  /** What a pass makes of the graph, which must compute the same numbers. */
  private Graph after(Pass pass, Tensor result) {
    graph.returns(result);
    Graph rewritten = pass.apply(graph);
    Map<String, float[]> weights = RandomWeights.of(graph);
    float[][] inputs =
        IntStream.range(0, graph.inputs().size())
            .mapToObj(i -> RandomWeights.numbers(i, (int) graph.inputs().get(i).count(), 1))
            .toArray(float[][]::new);
    assertThat(Interpreter.run(rewritten, weights, inputs))
        .containsExactly(Interpreter.run(graph, weights, inputs), within(1e-5f));
    return rewritten;
  }

  private static List<String> operators(Graph graph) {
    return graph.nodes().stream()
        .filter(node -> !node.is(Op.INPUT) && !node.is(Op.WEIGHT))
        .map(node -> node.operator().name())
        .toList();
  }

  private static List<Node> all(Graph graph, Operator operator) {
    return graph.nodes().stream().filter(node -> node.is(operator)).toList();
  }

  private Tensor attention(String name, Tensor x, Tensor context) {
    Tensor query = scope.sub(name).linear("q", x, 4).unsqueeze(1);
    Tensor key = scope.sub(name).linear("k", context, 4).unsqueeze(1);
    Tensor value = scope.sub(name).linear("v", context, 4).unsqueeze(1);
    return Attention.of(query, key, value, Kind.FULL).reshape(x.shape().sizes());
  }

  @Test
  void sharedHalvesAreComputedOnceUntilTheTextIsMet() {
    Tensor latents = graph.input(1, 4, 2, 3).to(Dtype.FLOAT32).repeated(2);
    Tensor text = graph.input(2, 5, 4);
    Tensor x = scope.conv2d("conv", latents, 4, 3, 1);
    Tensor tokens = x.permute(0, 2, 3, 1).reshape(2, 6, 4);
    Tensor h = attention("self", scope.layerNorm("norm1", tokens, 1e-5), tokens).plus(tokens);
    h = attention("text", scope.layerNorm("norm2", h, 1e-5), text).plus(h);
    Tensor skip = x.permute(0, 2, 3, 1).reshape(2, 6, 4);
    Graph shared = after(new SharedHalves(), Tensor.cat(2, h, skip));

    assertThat(all(shared, Op.CONV2D).get(0).shape()).isEqualTo(Shape.of(1, 4, 2, 3));
    assertThat(all(shared, Op.ATTENTION).get(0).shape()).isEqualTo(Shape.of(1, 1, 6, 4));
    assertThat(all(shared, Op.ATTENTION).get(1).shape()).isEqualTo(Shape.of(2, 1, 6, 4));
    assertThat(all(shared, Op.LAYER_NORM).get(0).shape()).isEqualTo(Shape.of(1, 6, 4));
    // What the norm and the residual both read is copied for both.
    assertThat(all(shared, Op.LAYER_NORM).get(1).input(0).operator()).isEqualTo(Op.CAT);
    assertThat(all(shared, Op.CAT)).hasSize(3);
  }

  @Test
  void sharedHalvesNeedCopiesOfOneThing() {
    Tensor both = Tensor.cat(0, graph.input(1, 4, 2, 2), graph.input(1, 4, 2, 2));
    Graph apart = after(new SharedHalves(), scope.conv2d("conv", both, 4, 3, 1));
    assertThat(all(apart, Op.CONV2D).get(0).shape()).isEqualTo(Shape.of(2, 4, 2, 2));
  }

  @Test
  void imagesAreLaidOutChannelsLastBeforeTheirFirstConvolution() {
    Tensor x = scope.conv2d("first", graph.input(1, 2, 2, 2).to(Dtype.FLOAT32), 2, 3, 1);
    assertThat(operators(after(new ChannelsLast(), scope.conv2d("second", x, 2, 3, 1))))
        .containsExactly("TO", "CHANNELS_LAST", "CONV2D", "CONV2D");
  }

  @Test
  void timeGoesIntoTheBias() {
    Tensor time = scope.linear("time", graph.input(1, 3), 4).reshape(1, 4, 1, 1);
    Tensor x = scope.conv2d("conv", graph.input(2, 2, 3, 3), 4, 3, 1).plus(time);
    assertThat(operators(after(new TimeIntoBias(), x)))
        .containsExactly("LINEAR", "RESHAPE", "ADD", "CONV2D");
  }

  @Test
  void onlyOneNumberForEachChannelGoesIntoTheBias() {
    Tensor columns = scope.linear("row", graph.input(1, 3), 3).reshape(1, 1, 1, 3);
    Tensor x = scope.conv2d("conv", graph.input(2, 2, 3, 3), 4, 3, 1).plus(columns);
    assertThat(operators(after(new TimeIntoBias(), x)))
        .containsExactly("LINEAR", "RESHAPE", "CONV2D", "ADD");
  }

  private Tensor text(Kind kind) {
    Tensor x = scope.weight("start", 1, 7, 4).plus(graph.input(1, 7, 4));
    Tensor norm = scope.layerNorm("norm1", x, 1e-5).reshape(1, 7, 1, 4).transpose(1, 2);
    Tensor h = Attention.of(norm, norm, norm, kind).transpose(1, 2).reshape(1, 7, 4).plus(x);
    Tensor inner = scope.linear("fc1", scope.layerNorm("norm2", h, 1e-5), 8).gelu();
    return scope.layerNorm("last", scope.linear("fc2", inner, 4).plus(h), 1e-5);
  }

  @Test
  void aTextsWideLayersAreHalvedAndItsDeepOnesKeptAsStored() {
    Graph halved = after(new HalvedRows(), text(Kind.CAUSAL));
    assertThat(all(halved, Op.LINEAR))
        .extracting(node -> node.shape().toString(), node -> node.has(HalvedRows.AS_STORED))
        .containsExactly(
            tuple("[1, 3, 8]", false), tuple("[1, 4, 8]", false), tuple("[1, 7, 4]", true));
    assertThat(Packing.of(new Prepack().apply(halved)).keySet()).containsExactly("fc1.weight");
  }

  @Test
  void whatIsNoTextKeepsItsRows() {
    graph.returns(text(Kind.FULL));
    assertThat(new HalvedRows().apply(graph)).isSameAs(graph);
    assertThat(new RowsOfSixteen().apply(graph)).isSameAs(graph);
  }

  @Test
  void aTextsRowsAreFilledToSixteen() {
    Graph filled = after(new RowsOfSixteen(), text(Kind.CAUSAL));
    assertThat(all(filled, Op.LINEAR))
        .extracting(node -> node.shape().size(1))
        .containsExactly(16L, 16L);
    assertThat(filled.resultShape()).isEqualTo(Shape.of(1, 7, 4));
  }

  @Test
  void keysAreFilledToSixteen() {
    Tensor keys = graph.input(1, 2, 5, 4);
    Graph filled =
        after(
            new KeysOfSixteen(),
            Attention.of(graph.input(1, 2, 3, 4), keys, keys, Kind.FULL_ROUNDED));
    assertThat(operators(filled)).containsExactly("ZEROS", "PAD", "PAD", "PAD", "MASKED_ATTENTION");
    assertThat(filled.result().input(1).shape()).isEqualTo(Shape.of(1, 2, 16, 4));
  }

  private Tensor geglu(Tensor both) {
    return both.narrow(-1, 3, 3).gelu().times(both.narrow(-1, 0, 3));
  }

  @Test
  void gegluIsTwoLayers() {
    Graph two = after(new Geglu(), geglu(scope.linear("proj", graph.input(2, 4, 5), 6)));
    assertThat(operators(two))
        .containsExactly(
            "PACKED_WEIGHT", "WEIGHT_PART", "NARROW", "LINEAR_GELU", "NARROW", "LINEAR_TIMES");
    assertThat(Packing.of(two)).containsExactly(Map.entry("proj.weight", new Packing.Halves(8)));
  }

  @Test
  void aProjectionThatIsReadElsewhereStaysOne() {
    Tensor both = scope.linear("proj", graph.input(2, 4, 5), 6);
    Tensor sum = geglu(both).plus(both.narrow(-1, 1, 3));
    assertThat(operators(after(new Geglu(), sum))).contains("LINEAR", "GELU", "MUL");
  }

  @Test
  void linearLayersAddTheResidual() {
    Tensor x = graph.input(2, 3, 4);
    assertThat(operators(after(new ResidualIntoLinear(), scope.linear("a", x, 4).plus(x))))
        .containsExactly("LINEAR_PLUS");
  }

  @Test
  void linearLayersLeaveWhatIsBroadcast() {
    Tensor x = graph.input(2, 3, 4);
    Tensor row = x.narrow(0, 0, 1);
    assertThat(operators(after(new ResidualIntoLinear(), scope.linear("a", x, 4).plus(row))))
        .containsExactly("NARROW", "LINEAR", "ADD");
  }

  @Test
  void convolutionsGoIntoAResidualThatNothingReadsAgain() {
    Tensor x = graph.input(2, 3, 4, 4);
    Tensor sum = scope.conv2d("shortcut", x, 3, 1, 1);
    assertThat(
            operators(
                after(new ResidualIntoConvolution(), scope.conv2d("conv", x, 3, 3, 1).plus(sum))))
        .containsExactly("CONV2D", "CONV2D_INTO");
  }

  @Test
  void convolutionsLeaveAResidualThatAViewReadsAgain() {
    Tensor x = graph.input(2, 3, 4, 4);
    Tensor sum = scope.conv2d("shortcut", x, 3, 1, 1);
    Tensor view = sum.permute(0, 2, 3, 1).permute(0, 3, 1, 2);
    Tensor h = scope.conv2d("conv", x, 3, 3, 1).plus(sum);
    assertThat(operators(after(new ResidualIntoConvolution(), h.times(view))))
        .contains("ADD")
        .doesNotContain("CONV2D_INTO");
  }

  @Test
  void convolutionsLeaveInputsAndViews() {
    Tensor x = graph.input(2, 3, 4, 4);
    Tensor h = scope.conv2d("a", x, 3, 3, 1).plus(x);
    Tensor view = h.permute(0, 1, 3, 2);
    assertThat(
            operators(
                after(
                    new ResidualIntoConvolution(),
                    scope.conv2d("b", view, 3, 3, 1).plus(h.exp().permute(0, 1, 3, 2)))))
        .doesNotContain("CONV2D_INTO");
  }

  @Test
  void whatIsReadLastIsOverwritten() {
    Tensor x = graph.input(2, 4, 3, 3);
    Tensor norm = scope.groupNorm("norm", x, 2, 1e-5).silu();
    Tensor tokens = scope.conv2d("conv", norm, 4, 3, 1).plus(x).permute(0, 2, 3, 1);
    Tensor out = scope.linear("out", tokens, 4).permute(0, 3, 1, 2).plus(x);
    assertThat(operators(after(new InPlace(), out)))
        .containsExactly(
            "GROUP_NORM",
            "SILU_INTO",
            "CONV2D",
            "ADD_INTO",
            "PERMUTE",
            "LINEAR",
            "PERMUTE",
            "ADD_INTO");
  }

  @Test
  void whatAViewReadsLaterIsNotOverwritten() {
    Tensor norm = scope.groupNorm("norm", graph.input(2, 4, 3, 3), 2, 1e-5);
    Tensor view = norm.reshape(2, 36);
    assertThat(operators(after(new InPlace(), norm.silu().reshape(2, 36).plus(view))))
        .contains("SILU")
        .doesNotContain("SILU_INTO");
  }

  @Test
  void upsamplingToTheDoubleGoesIntoTheConvolution() {
    Tensor large = graph.input(1, 2, 3, 2).upsampleNearest(6, 4);
    Graph small = after(new DoubledConvolution(), scope.conv2d("conv", large, 3, 3, 1));
    assertThat(operators(small)).containsExactly("UPSAMPLED_CONV2D");
    assertThat(Packing.of(small))
        .containsExactly(Map.entry("conv.weight", new Packing.Doubled(Shape.of(1, 2, 3, 2))));
    assertThat(Packing.readWhole(small)).doesNotContain("conv.weight");
  }

  @Test
  void upsamplingToAnOddSizeStays() {
    Tensor large = graph.input(1, 2, 3, 2).upsampleNearest(5, 4);
    Graph same = after(new DoubledConvolution(), scope.conv2d("conv", large, 3, 3, 1));
    assertThat(operators(same)).containsExactly("UPSAMPLE_NEAREST", "CONV2D");
  }

  @Test
  void aWideInputIsHalved() {
    Tensor x = graph.input(1, 642, 2, 2);
    Graph halves = after(new HalvedInput(), scope.conv2d("conv", x, 2, 3, 1));
    assertThat(operators(halves))
        .containsExactly(
            "NARROW",
            "CHANNELS_LAST",
            "PACKED_WEIGHT",
            "PACKED_CONV2D",
            "NARROW",
            "CHANNELS_LAST",
            "WEIGHT_PART",
            "CONV2D_INTO");
    Tensor narrow = graph.input(1, 640, 2, 2);
    assertThat(operators(after(new HalvedInput(), scope.conv2d("other", narrow, 2, 3, 1))))
        .containsExactly("CONV2D");
  }

  @Test
  void attentionWhoseScoresMayBeRoundedGoesByProducts() {
    Tensor x = graph.input(1, 2, 5, 4);
    assertThat(
            operators(after(new AttentionByProducts(), Attention.of(x, x, x, Kind.FULL_ROUNDED))))
        .containsExactly("MUL", "TRANSPOSE", "MATMUL", "SOFTMAX", "MATMUL");
    assertThat(operators(after(new AttentionByProducts(), Attention.of(x, x, x, Kind.FULL))))
        .containsExactly("ATTENTION");
    Tensor many = graph.input(1, 1, 512, 2);
    Tensor few = graph.input(1, 1, 3, 2);
    assertThat(
            operators(
                after(new AttentionByProducts(), Attention.of(few, many, many, Kind.FULL_ROUNDED))))
        .containsExactly("MUL", "ATTENTION_IN_BLOCKS");
  }

  @Test
  void weightsArePackedForTheInputThatTheyMeet() {
    Tensor x = scope.conv2d("conv", graph.input(2, 3, 4, 4), 5, 3, 2);
    Graph packed = after(new Prepack(), scope.linearNoBias("linear", x, 6));
    assertThat(operators(packed))
        .containsExactly("PACKED_WEIGHT", "PACKED_CONV2D", "PACKED_WEIGHT", "PACKED_LINEAR");
    assertThat(Packing.of(packed))
        .isEqualTo(
            Map.of(
                "conv.weight", new Packing.Convolution(Shape.of(2, 3, 4, 4), 2, 1),
                "linear.weight", new Packing.Linear(20)));
  }

  @Test
  void convolutionsTellCudnn() {
    Tensor x = graph.input(2, 3, 4, 4);
    assertThat(operators(after(new CudnnFlags(true), scope.conv2d("conv", x, 3, 3, 2))))
        .containsExactly("CUDNN_CONV2D");
  }

  @Test
  void groupNormsGoByMomentsWithTheirSilu() {
    Tensor x = graph.input(2, 6, 3, 4);
    Tensor h = scope.groupNorm("norm", x, 2, 1e-2).silu();
    Graph plain = after(new GroupNormByMoments(), scope.groupNorm("last", h, 3, 1e-5).plus(x));
    assertThat(operators(plain))
        .doesNotContain("GROUP_NORM")
        .contains("MOMENTS", "TYPE_AS")
        .filteredOn("SILU"::equals)
        .hasSize(1);
    // The SiLU is computed before the norm's result is rounded to the network's type.
    assertThat(all(plain, KernelOp.TYPE_AS).get(0).input(0).operator()).isEqualTo(Op.SILU);
  }

  @Test
  void aNormThatIsReadTwiceKeepsItsOwnResult() {
    Tensor norm = scope.groupNorm("norm", graph.input(1, 4, 2, 2), 2, 1e-5);
    assertThat(operators(after(new GroupNormByMoments(), norm.silu().plus(norm))))
        .doesNotContain("GROUP_NORM")
        .endsWith("PERMUTE", "SILU", "ADD");
  }

  @Test
  void aShortcutIsAProductThatIsAdded() {
    Tensor x = graph.input(2, 3, 4, 5);
    Tensor h = scope.conv2d("conv2", x.exp(), 6, 3, 1);
    Graph joined = after(new ShortcutIntoProduct(), h.plus(scope.conv2d("short", x, 6, 1, 1)));
    assertThat(operators(joined)).contains("PRODUCT_PLUS").filteredOn("CONV2D"::equals).hasSize(1);
    assertThat(all(joined, Op.CONV2D).get(0).input(2).operator()).isEqualTo(Op.ADD);
  }

  @Test
  void aShortcutThatIsReadElsewhereOrWiderStays() {
    Tensor x = graph.input(2, 3, 4, 5);
    Tensor again = scope.conv2d("short", x, 6, 1, 1);
    Tensor h = scope.conv2d("conv2", x.exp(), 6, 3, 1).plus(again);
    assertThat(operators(after(new ShortcutIntoProduct(), h.times(again))))
        .doesNotContain("PRODUCT_PLUS");
    Tensor wide = scope.conv2d("a", x, 6, 3, 1).plus(scope.conv2d("b", x, 6, 3, 1));
    assertThat(operators(after(new ShortcutIntoProduct(), wide))).doesNotContain("PRODUCT_PLUS");
  }

  @Test
  void attentionGoesToAKernelThatTakesItsHeads() {
    Tensor x = graph.input(1, 2, 3, 200);
    Tensor y = Attention.of(x, x, x, Kind.CAUSAL);
    AttentionBy flash = new AttentionBy(CudaKernels.AttentionKernel.FLASH);
    AttentionBy cudnn = new AttentionBy(CudaKernels.AttentionKernel.CUDNN);
    assertThat(operators(after(flash, y))).containsExactly("CUDA_ATTENTION");
    assertThat(operators(after(cudnn, y))).containsExactly("ATTENTION");
  }
}

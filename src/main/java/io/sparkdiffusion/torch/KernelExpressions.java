package io.sparkdiffusion.torch;

import static io.sparkdiffusion.torch.Expressions.call;
import static io.sparkdiffusion.torch.Expressions.stored;
import static io.sparkdiffusion.torch.Expressions.torch;

import io.sparkdiffusion.graph.Attention;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Node;
import io.sparkdiffusion.kernel.AttentionBy;
import io.sparkdiffusion.kernel.CudaKernels.AttentionKernel;
import io.sparkdiffusion.kernel.CudnnFlags;
import io.sparkdiffusion.kernel.KernelOp;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** How TorchScript writes what passes have made: ATen's and oneDNN's own kernels. */
final class KernelExpressions {

  private static final String NO_NUMBERS = "annotate(List[Optional[number]], [])";
  private static final String NONE = "\"none\"";
  private static final String ONES = "[1, 1]";

  /** An operator that can apply another one to its result applies none. */
  private static final String ALONE = NONE + ", " + NO_NUMBERS + ", \"\"";

  private static final String ANY_MEMORY = "dtype=None, layout=None, device=None, pin_memory=None";

  /** Not transposed, no output padding, one group. */
  private static final String PLAIN = "False, [0, 0], 1";

  /** What {@code torch.backends.cudnn} sets: benchmark, deterministic, enabled, TF32. */
  private static final String CUDNN = "False, %s, True, False";

  private final Node node;
  private final Expressions inputs;

  KernelExpressions(Node node, Expressions inputs) {
    this.node = node;
    this.inputs = inputs;
  }

  String text() {
    return switch ((KernelOp) node.operator()) {
      case CHANNELS_LAST -> torch("contiguous", in(0), "memory_format=2");
      case ZEROS -> torch("new_zeros", in(0), node.shape(), ANY_MEMORY);
      case MATMUL -> torch("matmul", in(0), in(1));
      case SOFTMAX -> torch("softmax", in(0), -1, "None");
      case ATTENTION_IN_BLOCKS ->
          method("attention_in_blocks", in(0), in(1), in(2), ScriptMethods.QUERIES);
      case MASKED_ATTENTION -> torch("scaled_dot_product_attention", in(0), in(1), in(2), in(3));
      case ADD_INTO -> torch("add_", in(0), in(1));
      case MUL_INTO -> torch("mul_", in(0), in(1));
      case SILU_INTO -> torch("silu_", in(0));
      case GELU_INTO -> torch("gelu_", in(0));
      case PACKED_WEIGHT, WEIGHT_PART -> stored(node.text("name"));
      case PACKED_LINEAR -> linear(in(1), inputs.bias(2), ALONE);
      case LINEAR_PLUS -> linear(in(3), in(1), in(2), "\"add\"");
      case LINEAR_TIMES -> linear(in(3), in(1), in(2), "\"mul\"");
      case LINEAR_GELU -> linear(in(1), in(2), "\"gelu\"", NO_NUMBERS, NONE);
      case PACKED_CONV2D ->
          oneDnn("_convolution_pointwise", in(0), in(1), in(2), sides(), stride(), ONES, 1, ALONE);
      case CONV2D_INTO -> convolutionInto();
      case UPSAMPLED_CONV2D -> method("doubled_convolution", in(0), kernels(), in(1));
      case CUDNN_CONV2D ->
          torch("_convolution", in(0), in(1), in(2), stride(), sides(), ONES, PLAIN, cudnn());
      case CUDA_ATTENTION -> attention(causal());
      case TO_FLOAT32 -> torch("to", in(0), TorchTypes.number(Dtype.FLOAT32), "False, False, None");
      case TYPE_AS -> torch("type_as", in(0), in(1));
      case MOMENTS -> method("moments", in(0), node.number("epsilon"));
      case PRODUCT_PLUS -> torch("addmm", in(2), in(0), torch("t", in(1)));
    };
  }

  private String linear(Object... arguments) {
    return oneDnn(
        "_linear_pointwise", Stream.concat(Stream.of(in(0)), Stream.of(arguments)).toArray());
  }

  private String cudnn() {
    boolean isDeterministic = node.attribute(CudnnFlags.DETERMINISTIC, Boolean.class);
    return CUDNN.formatted(isDeterministic ? "True" : "False");
  }

  private String causal() {
    return node.attribute("kind", Attention.Kind.class) == Attention.Kind.CAUSAL ? "True" : "False";
  }

  /** Each gives the result first, and what a backward pass would need. */
  private String attention(String causal) {
    Object[] all =
        switch (node.attribute(AttentionBy.KERNEL, AttentionKernel.class)) {
          case LIBTORCH -> throw new IllegalArgumentException("libtorch's choice has no kernel");
          case FLASH -> new Object[] {"flash", "0.", causal, "False"};
          case EFFICIENT -> new Object[] {"efficient", "None", "False", "0.", causal};
          case CUDNN -> new Object[] {"cudnn", "None", "False", "0.", causal, "False"};
          case MATH -> new Object[] {"math", "None", "0.", causal, "None"};
        };
    String name =
        all[0].equals("math")
            ? "_scaled_dot_product_attention_math"
            : "_scaled_dot_product_%s_attention".formatted(all[0]);
    Object[] arguments =
        Stream.concat(Stream.of(in(0), in(1), in(2)), Stream.of(all).skip(1)).toArray();
    return "(" + torch(name, arguments) + ")[0]";
  }

  private String convolutionInto() {
    Object[] convolution = {in(1), in(2), inputs.bias(3), sides(), ONES, ONES, 1};
    Object[] adding = {"\"add\"", "1.", "None", NO_NUMBERS, "None"};
    return oneDnn(
        "_convolution_pointwise_",
        Stream.of(new Object[] {in(0)}, convolution, adding).flatMap(Stream::of).toArray());
  }

  private static String oneDnn(String operator, Object... arguments) {
    return call("ops.mkldnn." + operator, arguments);
  }

  /** A call of a method of the class itself. */
  private static String method(String name, Object... arguments) {
    return call("(self)." + name, Stream.concat(Stream.of(arguments), Stream.of("")).toArray());
  }

  /** The four parts of the weight of an upsampled convolution. */
  private String kernels() {
    return Stream.of("00", "01", "10", "11")
        .map(place -> stored(node.text("name") + "/" + place))
        .collect(Collectors.joining(", ", "[", "]"));
  }

  private String in(int index) {
    return inputs.in(index);
  }

  private String sides() {
    return inputs.sides("padding");
  }

  private String stride() {
    return inputs.sides("stride");
  }
}

package io.sparkdiffusion.kernel;

import static io.sparkdiffusion.kernel.CudaKernels.GroupNorm.CHANNELS_FIRST;
import static io.sparkdiffusion.kernel.CudaKernels.GroupNorm.MOMENTS;
import static io.sparkdiffusion.kernel.CudaKernels.Shortcut.PRODUCT;
import static io.sparkdiffusion.kernel.CudaKernels.Switch.ON;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.CudaKernels.AttentionKernel;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/**
 * What a graph is compiled for, and by it the passes that are taken, from a table and never by a
 * stopwatch (docs/decisions/0006).
 *
 * @param dtype the type that the network computes in
 * @param cuda what is chosen of a GPU's kernels; of no meaning elsewhere
 */
public record Target(Dtype dtype, Kernels kernels, CudaKernels cuda) {

  /** With the usual kernels of a GPU. */
  public Target(Dtype dtype, Kernels kernels) {
    this(dtype, kernels, CudaKernels.USUAL);
  }

  /** Who computes linear layers, convolutions and attention. */
  public enum Kernels {
    /** ATen's operators over weights as they are stored. */
    ATEN,
    /** The same on an NVIDIA GPU, where cuDNN computes the convolutions. */
    CUDA,
    /** oneDNN over weights that are laid out for it once, when they are loaded. */
    ONEDNN,
    /** The same, on a processor with matrix tiles (AMX), which the fused attention uses too. */
    ONEDNN_WITH_TILES
  }

  private static final Set<Kernels> ALL = EnumSet.allOf(Kernels.class);
  private static final Set<Kernels> GPU = EnumSet.of(Kernels.CUDA);
  private static final Set<Kernels> CPU = EnumSet.of(Kernels.ONEDNN, Kernels.ONEDNN_WITH_TILES);
  private static final Set<Kernels> TILES = EnumSet.of(Kernels.ONEDNN_WITH_TILES);
  private static final Set<Kernels> NO_TILES = EnumSet.of(Kernels.ONEDNN);
  private static final Set<Dtype> NONE = EnumSet.noneOf(Dtype.class);
  private static final Set<Dtype> ANY = EnumSet.allOf(Dtype.class);
  private static final Set<Dtype> BFLOAT16 = EnumSet.of(Dtype.BFLOAT16);

  private static final Set<Dtype> HALF = EnumSet.of(Dtype.BFLOAT16, Dtype.FLOAT16);

  /** All passes in their order, each with the targets that take it. */
  private static List<Row> table(CudaKernels cuda) {
    Set<Dtype> attention = cuda.attention() == AttentionKernel.LIBTORCH ? NONE : HALF;
    return List.of(
        new Row(new SharedHalves(), ALL, ANY),
        new Row(new ChannelsLast(), ALL, cuda.groupNorm() == CHANNELS_FIRST ? NONE : ANY),
        new Row(new TimeIntoBias(), ALL, ANY),
        new Row(new GroupNormByMoments(), GPU, cuda.groupNorm() == MOMENTS ? ANY : NONE),
        new Row(new ShortcutIntoProduct(), GPU, cuda.shortcut() == PRODUCT ? ANY : NONE),
        new Row(new AttentionBy(cuda.attention()), GPU, attention),
        new Row(new HalvedRows(), NO_TILES, BFLOAT16),
        new Row(new Geglu(), CPU, BFLOAT16),
        new Row(new ResidualIntoLinear(), CPU, BFLOAT16),
        new Row(new ResidualIntoConvolution(), CPU, BFLOAT16),
        new Row(new RowsOfSixteen(), TILES, BFLOAT16),
        new Row(new KeysOfSixteen(), TILES, BFLOAT16),
        new Row(new AttentionByProducts(), NO_TILES, BFLOAT16),
        new Row(new InPlace(), ALL, ANY),
        new Row(new DoubledConvolution(), CPU, ANY),
        new Row(new HalvedInput(), TILES, BFLOAT16),
        new Row(new Prepack(), CPU, ANY),
        new Row(new CudnnFlags(cuda.deterministic() == ON), GPU, ANY));
  }

  private record Row(Pass pass, Set<Kernels> kernels, Set<Dtype> dtypes) {}

  /** ATen's operators, which every device has. */
  public static Target aten(Dtype dtype) {
    return new Target(dtype, Kernels.ATEN);
  }

  /** ATen's operators on an NVIDIA GPU. */
  public static Target cuda(Dtype dtype) {
    return cuda(dtype, CudaKernels.USUAL);
  }

  /** The same with a choice of its kernels. */
  public static Target cuda(Dtype dtype, CudaKernels chosen) {
    return new Target(dtype, Kernels.CUDA, chosen);
  }

  /** Every pass that there is, in order. */
  public static List<Pass> allPasses() {
    return table(CudaKernels.USUAL).stream().map(Row::pass).toList();
  }

  /** The passes of this target, in order. */
  public List<Pass> passes() {
    return table(cuda).stream()
        .filter(row -> row.kernels().contains(kernels) && row.dtypes().contains(dtype))
        .map(Row::pass)
        .toList();
  }

  /**
   * How weights are laid out once, when they are loaded: on a CPU for the calls that come most
   * often; elsewhere they stay as they are stored, and no graph is asked for.
   *
   * @param usual gives such a call
   */
  public Map<String, Packing> packings(Supplier<Graph> usual) {
    return CPU.contains(kernels) ? Packing.of(apply(usual.get())) : Map.of();
  }

  /** A network's graph as this target computes it. */
  public Graph apply(Graph graph) {
    Graph rewritten = graph;
    for (Pass pass : passes()) {
      rewritten = pass.apply(rewritten);
    }
    return rewritten;
  }
}

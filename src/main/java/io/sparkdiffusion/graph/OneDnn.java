package io.sparkdiffusion.graph;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

/** What oneDNN inside libtorch can do on this machine's processor. */
final class OneDnn {

  private static final Path PROCESSORS = Path.of("/proc/cpuinfo");

  private OneDnn() {}

  /** The kernels for a type that the processor multiplies matrices of; float32 always. */
  static Target.Kernels kernels(TorchDevice device, Dtype dtype) {
    if (dtype == Dtype.FLOAT32) {
      return Target.Kernels.ONEDNN;
    }
    if (dtype != Dtype.BFLOAT16 || !computesBfloat16(device)) {
      return Target.Kernels.ATEN;
    }
    return hasTiles(PROCESSORS) ? Target.Kernels.ONEDNN_WITH_TILES : Target.Kernels.ONEDNN;
  }

  /**
   * Whether the processor has matrix tiles for bfloat16, as Linux tells it; false where there is no
   * such file.
   */
  static boolean hasTiles(Path processors) {
    try (Stream<String> lines = Files.lines(processors)) {
      return lines
          .filter(line -> line.startsWith("flags"))
          .findFirst()
          .filter(line -> List.of(line.split("\\s+")).contains("amx_bf16"))
          .isPresent();
    } catch (IOException | UncheckedIOException e) {
      return false;
    }
  }

  private static boolean computesBfloat16(TorchDevice device) {
    Graph question = new Graph("a question to oneDNN");
    question.input(1);
    question.returns(
        question.record(
            Shape.of(), "torch.scalar_tensor(int(ops.mkldnn._is_mkldnn_bf16_supported()))"));
    try (WeightDictionary none = new WeightDictionary(device);
        CompiledGraph compiled = CompiledGraph.compile(question, none);
        DeviceTensor input = device.floats(new float[1], 1);
        DeviceTensor answer = compiled.run(input)) {
      return answer.toFloats()[0] == 1;
    }
  }
}

package io.sparkdiffusion.graph;

/** What oneDNN inside libtorch can do on this machine's processor. */
final class OneDnn {

  private OneDnn() {}

  /** Whether the processor multiplies matrices of this type; float32 always. */
  static boolean computes(TorchDevice device, Dtype dtype) {
    if (dtype == Dtype.FLOAT32) {
      return true;
    }
    return dtype == Dtype.BFLOAT16 && computesBfloat16(device);
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

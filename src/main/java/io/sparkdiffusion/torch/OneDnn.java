package io.sparkdiffusion.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.kernel.Processor;
import io.sparkdiffusion.kernel.Target;

/** What oneDNN inside libtorch can do on this machine's processor. */
final class OneDnn {

  /**
   * The system property that takes oneDNN's private operators away where it is {@code false}, as on
   * machines that lack them.
   */
  static final String PROPERTY = "sparkdiffusion.onednn";

  private static final String QUESTION =
      ScriptArchive.CLASS_HEADER
          + """
              def computes_bfloat16(self: __torch__.M) -> bool:
                return ops.mkldnn._is_mkldnn_bf16_supported()
            """
              .indent(0);

  private OneDnn() {}

  /** The kernels for a type that the processor multiplies matrices of; float32 always. */
  static Target.Kernels kernels(TorchDevice device, Dtype dtype) {
    if (!isUsed()) {
      return Target.Kernels.ATEN;
    }
    if (dtype == Dtype.FLOAT32) {
      return Target.Kernels.ONEDNN;
    }
    if (dtype != Dtype.BFLOAT16 || !computesBfloat16(device)) {
      return Target.Kernels.ATEN;
    }
    return Processor.ofThisMachine().hasTiles()
        ? Target.Kernels.ONEDNN_WITH_TILES
        : Target.Kernels.ONEDNN;
  }

  private static boolean isUsed() {
    return NativePlatform.ofThisMachine().hasOneDnn()
        && !System.getProperty(PROPERTY, "").equals("false");
  }

  private static boolean computesBfloat16(TorchDevice device) {
    return device.call(
        () -> {
          try (PtSymbolBlock module =
                  WeightDictionary.load(device, QUESTION, "a question to oneDNN");
              IValue answer = IValueUtils.runMethod(module, "computes_bfloat16")) {
            return answer.toBoolean();
          }
        });
  }
}

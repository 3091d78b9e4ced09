package io.sparkdiffusion.graph;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;

/**
 * The weights of one network on one device, in the dtype and layout that it computes in. They live
 * in libtorch: every graph of the network shares the one dictionary.
 */
public final class WeightDictionary implements AutoCloseable {

  private static final String SCRIPT =
      ScriptArchive.CLASS_HEADER
          + """
            def put(self: __torch__.M,
              name: str,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              target: int,
              sizes: List[int],
              layout: int) -> NoneType:
              weights = self.weights
              if torch.eq(ops.prim.dtype(raw), source):
                typed = raw
              else:
                typed = torch.view_copy(raw, dtype=source)
              ordered = torch.permute(torch.reshape(typed, stored), axes)
              converted = torch.to(torch.reshape(ordered, sizes), target, False, True, layout)
              _0 = torch._set_item(weights, name, converted)
              return None
            def pack_linear(self: __torch__.M,
              name: str,
              rows: int) -> NoneType:
              weights = self.weights
              packed = ops.mkldnn._reorder_linear_weight(weights[name], rows)
              _0 = torch._set_item(weights, name, packed)
              return None
            def pack_convolution(self: __torch__.M,
              name: str,
              input: List[int],
              stride: int,
              padding: int) -> NoneType:
              weights = self.weights
              packed = ops.mkldnn._reorder_convolution_weight(weights[name], [padding, padding], [stride, stride], [1, 1], 1, input)
              _0 = torch._set_item(weights, name, packed)
              return None
            def dictionary(self: __torch__.M) -> Dict[str, Tensor]:
              return self.weights
          """
              .indent(0)
          + Doubling.SPLIT;

  private final TorchDevice device;
  private final PtSymbolBlock module;

  /** An empty dictionary. */
  public WeightDictionary(TorchDevice device) {
    this.device = device;
    this.module = device.call(() -> load(device, SCRIPT, "the dictionary of weights"));
  }

  static PtSymbolBlock load(TorchDevice device, String script, String name) {
    try {
      return JniUtils.loadModule(
          device.manager(), new ByteArrayInputStream(ScriptArchive.of(script)), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (RuntimeException e) {
      throw new GraphException("Cannot compile " + name + ": " + e.getMessage(), e);
    }
  }

  /**
   * Converts one weight and keeps it; the source is free afterwards.
   *
   * @param target the type to keep; 4-d weights are kept channels-last
   * @param shape the shape to keep, of as many elements as the source has
   */
  public void put(String name, RawWeight raw, Dtype target, Shape shape) {
    long layout = shape.rank() == 4 ? 2 : 0;
    try (DeviceTensor elements = device.elements(raw.bytes(), raw.type())) {
      device.call(
          () -> {
            try (IValue key = IValue.from(name);
                IValue from = IValue.from((long) raw.type().code());
                IValue stored = IValue.listFrom(raw.shape().sizes());
                IValue axes = IValue.listFrom(raw.order());
                IValue to = IValue.from((long) target.code());
                IValue sizes = IValue.listFrom(shape.sizes());
                IValue format = IValue.from(layout);
                IValue nothing =
                    IValueUtils.runMethod(
                        module,
                        "put",
                        key,
                        elements.value(),
                        from,
                        stored,
                        axes,
                        to,
                        sizes,
                        format)) {
              return nothing.isTensor();
            }
          });
    }
  }

  /** Lays a weight that was put out for oneDNN; only graphs that want it so can use it. */
  public void pack(String name, Packing packing) {
    device.call(
        () -> {
          try (IValue key = IValue.from(name);
              IValue nothing = pack(key, packing)) {
            return nothing.isTensor();
          }
        });
  }

  private IValue pack(IValue key, Packing packing) {
    if (packing instanceof Packing.Linear linear) {
      try (IValue rows = IValue.from(linear.rows())) {
        return IValueUtils.runMethod(module, "pack_linear", key, rows);
      }
    }
    if (packing instanceof Packing.Convolution convolution) {
      try (IValue input = IValue.listFrom(convolution.input().sizes());
          IValue stride = IValue.from((long) convolution.stride());
          IValue padding = IValue.from((long) convolution.padding())) {
        return IValueUtils.runMethod(module, "pack_convolution", key, input, stride, padding);
      }
    }
    try (IValue input = IValue.listFrom(((Packing.Doubled) packing).input().sizes())) {
      return IValueUtils.runMethod(module, "split", key, input);
    }
  }

  /** The dictionary itself, shared by reference; called on the device's thread. */
  IValue dictionary() {
    return IValueUtils.runMethod(module, "dictionary");
  }

  TorchDevice device() {
    return device;
  }

  @Override
  public void close() {
    device.call(
        () -> {
          module.close();
          return true;
        });
  }
}

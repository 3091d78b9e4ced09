package io.sparkdiffusion.graph;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BiFunction;
import java.util.function.Supplier;

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
              ordered = (self).ordered(raw, source, stored, axes, sizes, )
              converted = torch.to(ordered, target, False, True, layout)
              _0 = torch._set_item(weights, name, converted)
              return None
            def ordered(self: __torch__.M,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              sizes: List[int]) -> Tensor:
              if torch.eq(ops.prim.dtype(raw), source):
                typed = raw
              else:
                typed = torch.view_copy(raw, dtype=source)
              return torch.reshape(torch.permute(torch.reshape(typed, stored), axes), sizes)
            def passing(self: __torch__.M,
              raw: Tensor,
              source: int,
              stored: List[int],
              axes: List[int],
              target: int,
              sizes: List[int]) -> Tensor:
              ordered = (self).ordered(raw, source, stored, axes, sizes, )
              if torch.eq(ops.prim.dtype(ordered), target):
                passing = ordered
              else:
                scratch = (self).scratch(torch.numel(ordered), target, )
                passing = torch.reshape(scratch, sizes)
                _0 = torch.copy_(passing, ordered, False)
              return passing
            def scratch(self: __torch__.M,
              count: int,
              target: int) -> Tensor:
              weights = self.weights
              if torch.__contains__(weights, "/scratch"):
                known = weights["/scratch"]
              else:
                known = torch.empty([0], dtype=target, layout=None, device=None, pin_memory=None, memory_format=None)
              if torch.lt(torch.numel(known), count):
                enough = torch.empty([count], dtype=target, layout=None, device=None, pin_memory=None, memory_format=None)
                _0 = torch._set_item(weights, "/scratch", enough)
              else:
                enough = known
              return torch.narrow(enough, 0, 0, count)
            def release_scratch(self: __torch__.M) -> NoneType:
              weights = self.weights
              if torch.__contains__(weights, "/scratch"):
                torch.Delete(weights, "/scratch")
              return None
            def put_linear(self: __torch__.M,
              name: str,
              weight: Tensor,
              rows: int) -> NoneType:
              weights = self.weights
              packed = ops.mkldnn._reorder_linear_weight(weight, rows)
              _0 = torch._set_item(weights, name, packed)
              return None
            def put_halves(self: __torch__.M,
              name: str,
              weight: Tensor,
              second: str,
              rows: int) -> NoneType:
              weights = self.weights
              first_half, second_half = torch.chunk(weight, 2, 0)
              packed = ops.mkldnn._reorder_linear_weight(first_half, rows)
              _0 = torch._set_item(weights, name, packed)
              other = ops.mkldnn._reorder_linear_weight(second_half, rows)
              _1 = torch._set_item(weights, second, other)
              return None
            def put_convolution(self: __torch__.M,
              name: str,
              weight: Tensor,
              input: List[int],
              stride: int,
              padding: int) -> NoneType:
              weights = self.weights
              packed = ops.mkldnn._reorder_convolution_weight(weight, [padding, padding], [stride, stride], [1, 1], 1, input)
              _0 = torch._set_item(weights, name, packed)
              return None
            def dictionary(self: __torch__.M) -> Dict[str, Tensor]:
              return self.weights
          """
              .indent(0)
          + Doubling.PUT;

  private final TorchDevice device;
  private final PtSymbolBlock module;
  private final Map<String, Runnable> inParts = new HashMap<>();

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
    withStored(
        raw,
        target,
        shape,
        (own, stored) -> {
          List<IValue> arguments = new ArrayList<>(List.of(own.push(IValue.from(name))));
          arguments.addAll(stored);
          arguments.add(own.push(IValue.from(shape.rank() == 4 ? 2L : 0L)));
          return run("put", arguments.toArray(IValue[]::new));
        });
  }

  /**
   * Converts one weight and lays it out for oneDNN; only graphs that want it so can use it. What is
   * converted on the way stays in one piece of memory until {@link #releaseScratch()}.
   *
   * @param source is asked again where a graph needs the weight in two layouts
   */
  public void put(
      String name, Supplier<RawWeight> source, Dtype target, Shape shape, Packing packing) {
    RawWeight raw = source.get();
    if (packing instanceof Packing.Linear linear) {
      pack("put_linear", name, raw, target, shape, () -> List.of(IValue.from(linear.rows())));
    } else if (packing instanceof Packing.Halves halves) {
      String second = Packing.Halves.second(name);
      pack(
          "put_halves",
          name,
          raw,
          target,
          shape,
          () -> List.of(IValue.from(second), IValue.from(halves.rows())));
    } else if (packing instanceof Packing.Convolution convolution) {
      pack("put_convolution", name, raw, target, shape, () -> arguments(convolution));
    } else {
      Shape input = ((Packing.Doubled) packing).input();
      pack("put_doubled", name, raw, target, shape, () -> List.of(IValue.listFrom(input.sizes())));
      inParts.put(name, () -> put(name, source.get(), target, shape));
    }
  }

  /** Puts in whole what is here in parts and a graph reads whole. */
  void complete(Graph graph) {
    inParts
        .entrySet()
        .removeIf(
            weight -> {
              boolean needed = graph.readsWhole(weight.getKey());
              if (needed) {
                weight.getValue().run();
              }
              return needed;
            });
  }

  private static List<IValue> arguments(Packing.Convolution convolution) {
    return List.of(
        IValue.listFrom(convolution.input().sizes()),
        IValue.from((long) convolution.stride()),
        IValue.from((long) convolution.padding()));
  }

  /** Converts a weight in the memory that all pass through, and hands it to a method. */
  private void pack(
      String method,
      String name,
      RawWeight raw,
      Dtype target,
      Shape shape,
      Supplier<List<IValue>> last) {
    withStored(
        raw,
        target,
        shape,
        (own, stored) -> {
          IValue[] source = stored.toArray(IValue[]::new);
          List<IValue> arguments = new ArrayList<>();
          arguments.add(own.push(IValue.from(name)));
          arguments.add(own.push(IValueUtils.runMethod(module, "passing", source)));
          last.get().forEach(argument -> arguments.add(own.push(argument)));
          return run(method, arguments.toArray(IValue[]::new));
        });
  }

  /**
   * Runs calls over what is stored: its elements, type, shape and order, the type and the shape to
   * keep; borrowed.
   */
  private void withStored(
      RawWeight raw,
      Dtype target,
      Shape shape,
      BiFunction<ResourceStack, List<IValue>, Boolean> calls) {
    try (DeviceTensor elements = device.elements(raw.bytes(), raw.type())) {
      device.call(
          () -> {
            try (ResourceStack own = new ResourceStack()) {
              return calls.apply(
                  own,
                  List.of(
                      elements.value(),
                      own.push(IValue.from((long) raw.type().code())),
                      own.push(IValue.listFrom(raw.shape().sizes())),
                      own.push(IValue.listFrom(raw.order())),
                      own.push(IValue.from((long) target.code())),
                      own.push(IValue.listFrom(shape.sizes()))));
            }
          });
    }
  }

  /** Frees the memory that weights passed through on their way. */
  public void releaseScratch() {
    device.call(() -> run("release_scratch"));
  }

  private boolean run(String method, IValue... arguments) {
    try (IValue nothing = IValueUtils.runMethod(module, method, arguments)) {
      return nothing.isTensor();
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

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

  private final TorchDevice device;
  private final PtSymbolBlock module;
  private final Map<String, Runnable> inParts = new HashMap<>();

  /** An empty dictionary. */
  public WeightDictionary(TorchDevice device) {
    this.device = device;
    this.module = device.call(() -> load(device, WeightScript.TEXT, "the dictionary of weights"));
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
      String second = Packing.second(name);
      pack(
          "put_halves",
          name,
          raw,
          target,
          shape,
          () -> List.of(IValue.from(second), IValue.from(halves.rows())));
    } else if (packing instanceof Packing.InputHalves halves) {
      String second = Packing.second(name);
      pack(
          "put_input_halves",
          name,
          raw,
          target,
          shape,
          () ->
              List.of(
                  IValue.from(second),
                  IValue.listFrom(halves.half().sizes()),
                  IValue.from((long) halves.padding())));
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

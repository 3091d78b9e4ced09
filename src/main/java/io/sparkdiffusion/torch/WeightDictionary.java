package io.sparkdiffusion.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.LowRank;
import io.sparkdiffusion.graph.NewRows;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.WeightSource;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.util.ResourceStack;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BiConsumer;
import java.util.function.Supplier;
import java.util.stream.LongStream;

/**
 * The weights of one network on one device, in the dtype and layout that it computes in. They live
 * in libtorch: every graph of the network shares the one dictionary.
 */
public final class WeightDictionary implements AutoCloseable {

  /** As c10::MemoryFormat counts. */
  private static final long CONTIGUOUS = 0;

  private static final long CHANNELS_LAST = 2;

  private final TorchDevice device;
  private final PtSymbolBlock module;
  private final Map<String, Runnable> inParts = new HashMap<>();

  /** An empty dictionary. */
  public WeightDictionary(TorchDevice device) {
    this.device = device;
    this.module = device.call(() -> load(device, WeightScript.TEXT, "the dictionary of weights"));
  }

  /**
   * Reads, converts and places weights one by one, in one call of the device, so that memory holds
   * the converted ones and one source.
   *
   * @param dtype the type to keep them in
   * @param packings the weights to lay out for oneDNN, as a graph asks for
   * @return the dictionary, which the caller closes
   */
  public static WeightDictionary load(
      TorchDevice device, WeightSource weights, Dtype dtype, Map<String, Packing> packings) {
    WeightDictionary dictionary = new WeightDictionary(device);
    try {
      device.run(
          () -> {
            weights.forEach(
                (name, stored, shape) -> {
                  Packing packing = packings.get(name);
                  if (packing == null) {
                    dictionary.put(name, stored.get(), dtype, shape);
                  } else {
                    dictionary.put(name, stored, dtype, shape, packing);
                  }
                });
            dictionary.releaseScratch();
          });
      return dictionary;
    } catch (RuntimeException e) {
      dictionary.close();
      throw e;
    }
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
   * @param target the type to keep; 4-d weights are kept channels-last, as images are
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
          arguments.add(own.push(IValue.from(memoryFormat(shape))));
          run("put", arguments.toArray(IValue[]::new));
        });
  }

  private long memoryFormat(Shape shape) {
    return shape.rank() == 4 && device.keepsChannelsLast() ? CHANNELS_LAST : CONTIGUOUS;
  }

  /**
   * Converts one weight and lays it out for oneDNN; only graphs that want it so can use it. What is
   * converted on the way stays in one piece of memory until {@link #releaseScratch()}.
   *
   * @param source is asked again where a graph needs the weight in two layouts
   */
  public void put(
      String name, Supplier<RawWeight> source, Dtype target, Shape shape, Packing packing) {
    withStored(
        source.get(),
        target,
        shape,
        (own, stored) -> {
          List<IValue> arguments = new ArrayList<>();
          arguments.add(own.push(IValue.from(name)));
          IValue[] raw = stored.toArray(IValue[]::new);
          arguments.add(own.push(IValueUtils.runMethod(module, "passing", raw)));
          packing.arguments(name).forEach(value -> arguments.add(own.push(value(value))));
          run("put_" + packing.kind(), arguments.toArray(IValue[]::new));
        });
    if (packing instanceof Packing.Doubled) {
      inParts.put(name, () -> put(name, source.get(), target, shape));
    }
  }

  private static IValue value(Object value) {
    if (value instanceof Shape shape) {
      return IValue.listFrom(shape.sizes());
    }
    return value instanceof String text ? IValue.from(text) : IValue.from((Long) value);
  }

  /** Puts in whole what is here in parts and a graph reads whole. */
  void complete(Graph graph) {
    Set<String> readWhole = Packing.readWhole(graph);
    inParts
        .entrySet()
        .removeIf(
            weight -> {
              boolean needed = readWhole.contains(weight.getKey());
              if (needed) {
                weight.getValue().run();
              }
              return needed;
            });
  }

  /**
   * Runs calls over what is stored: its elements, type, shape and order, the type and the shape to
   * keep; borrowed. What adapters change is in it: then the elements are a sum in float32.
   */
  private void withStored(
      RawWeight raw, Dtype target, Shape shape, BiConsumer<ResourceStack, List<IValue>> calls) {
    try (DeviceTensor elements = device.elements(raw.bytes(), raw.type())) {
      device.run(
          () -> {
            try (ResourceStack own = new ResourceStack()) {
              List<IValue> stored =
                  arguments(own, elements.value(), raw.type(), raw.shape(), raw.order());
              if (raw.isChanged()) {
                stored = sum(own, stored, raw, shape);
              }
              List<IValue> all = new ArrayList<>(stored);
              all.addAll(kept(own, target, shape));
              calls.accept(own, all);
            }
          });
    }
  }

  private static List<IValue> arguments(
      ResourceStack own, IValue elements, Dtype type, Shape shape, long[] order) {
    return List.of(elements, type(own, type), sizes(own, shape.sizes()), sizes(own, order));
  }

  private static List<IValue> kept(ResourceStack own, Dtype target, Shape shape) {
    return List.of(type(own, target), sizes(own, shape.sizes()));
  }

  private static IValue type(ResourceStack own, Dtype type) {
    return own.push(IValue.from((long) TorchTypes.number(type)));
  }

  private static IValue sizes(ResourceStack own, long[] sizes) {
    return own.push(IValue.listFrom(sizes));
  }

  /** A weight as adapters change it, (shape) float32; memory holds one copy of it more. */
  private List<IValue> sum(ResourceStack own, List<IValue> stored, RawWeight raw, Shape shape) {
    long rows = raw.shape().count() / (shape.count() / shape.size(0));
    List<IValue> arguments = new ArrayList<>(stored);
    arguments.addAll(kept(own, Dtype.FLOAT32, shape.with(0, rows)));
    arguments.add(sizes(own, shape.sizes()));
    IValue sum =
        own.push(IValueUtils.runMethod(module, "widened", arguments.toArray(IValue[]::new)));
    raw.additions().forEach(addition -> add(sum, addition));
    raw.rows().forEach(some -> put(sum, some));
    long[] order = LongStream.range(0, shape.rank()).toArray();
    return arguments(own, sum, Dtype.FLOAT32, shape, order);
  }

  private void put(IValue sum, NewRows rows) {
    RawWeight raw = rows.values();
    try (DeviceTensor values = device.elements(raw.bytes(), raw.type());
        ResourceStack own = new ResourceStack()) {
      run(
          "put_rows",
          sum,
          own.push(IValue.from(rows.first())),
          values.value(),
          type(own, raw.type()));
    }
  }

  private void add(IValue sum, LowRank addition) {
    RawWeight left = addition.up();
    RawWeight right = addition.down();
    try (DeviceTensor up = device.elements(left.bytes(), left.type());
        DeviceTensor down = device.elements(right.bytes(), right.type());
        ResourceStack own = new ResourceStack()) {
      run(
          "add_product",
          sum,
          up.value(),
          type(own, left.type()),
          down.value(),
          type(own, right.type()),
          own.push(IValue.from(addition.rank())),
          own.push(IValue.from(addition.scale())));
    }
  }

  /** Frees the memory that weights passed through on their way. */
  public void releaseScratch() {
    device.run(() -> run("release_scratch"));
  }

  private void run(String method, IValue... arguments) {
    IValueUtils.runMethod(module, method, arguments).close();
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
    device.run(module::close);
  }
}

package io.sparkdiffusion.torch;

import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.GraphException;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.util.Sha256;
import java.util.List;
import java.util.stream.Stream;

/** A recorded forward pass that libtorch has compiled: one native call for each run. */
public final class CompiledGraph implements AutoCloseable {

  /** Of a digest; longer texts of a recording may be lost. */
  private static final int DIGITS = 12;

  private final String name;
  private final String script;
  private final List<Shape> inputShapes;
  private final Shape resultShape;
  private final TorchDevice device;
  private final PtSymbolBlock module;

  private CompiledGraph(Graph graph, String script, TorchDevice device, PtSymbolBlock module) {
    this.name = graph.name();
    this.script = Sha256.of(script).substring(0, DIGITS);
    this.inputShapes = graph.inputs();
    this.resultShape = graph.resultShape();
    this.device = device;
    this.module = module;
  }

  /**
   * Compiles a graph over weights that stay in their dictionary.
   *
   * @param weights must stay open as long as the result, which the caller closes
   * @throws GraphException with libtorch's message, which names the line of script
   */
  public static CompiledGraph compile(Graph graph, WeightDictionary weights) {
    TorchDevice device = weights.device();
    return device.call(
        () -> {
          weights.complete(graph);
          String script = TorchScript.of(graph);
          PtSymbolBlock module = WeightDictionary.load(device, script, graph.name());
          try (IValue dictionary = weights.dictionary();
              IValue nothing = IValueUtils.runMethod(module, "load", dictionary)) {
            return new CompiledGraph(graph, script, device, module);
          } catch (RuntimeException e) {
            module.close();
            throw e;
          }
        });
  }

  /** Compiles a graph that asks for no weights; the caller closes the result. */
  public static CompiledGraph compile(Graph graph, TorchDevice device) {
    String script = TorchScript.of(graph);
    return device.call(
        () ->
            new CompiledGraph(
                graph, script, device, WeightDictionary.load(device, script, graph.name())));
  }

  /**
   * Runs the pass.
   *
   * @param inputs as the graph declared them, borrowed
   * @return the result, which the caller closes
   * @throws GraphException where an input has another shape or the thread was interrupted, or with
   *     libtorch's traceback
   */
  public DeviceTensor run(DeviceTensor... inputs) {
    List<Shape> shapes = Stream.of(inputs).map(DeviceTensor::shape).toList();
    if (!shapes.equals(inputShapes)) {
      throw new GraphException(
          "Cannot run %s: its inputs must have shapes %s (%s)"
              .formatted(name, inputShapes, shapes));
    }
    if (device.isUserInterrupted()) {
      throw new GraphException(
          "Cannot run %s: its thread must go on (interrupted)".formatted(name));
    }
    return device.call(
        () -> {
          device.prepareRun();
          GraphRun event = new GraphRun(name, script);
          event.begin();
          IValue[] values = Stream.of(inputs).map(DeviceTensor::value).toArray(IValue[]::new);
          try {
            IValue result = IValueUtils.runMethod(module, "forward", values);
            event.commit();
            return new DeviceTensor(device, result, resultShape);
          } catch (RuntimeException e) {
            throw new GraphException("Cannot run " + name + ": " + e.getMessage(), e);
          }
        });
  }

  @Override
  public void close() {
    device.run(module::close);
  }
}

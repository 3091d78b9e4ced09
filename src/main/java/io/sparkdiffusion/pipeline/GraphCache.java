package io.sparkdiffusion.pipeline;

import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.torch.CompiledGraph;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.WeightDictionary;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Compiled graphs of one network by the shape that they serve. The ones used last are kept;
 * libtorch remembers something for every shape, so their number is bounded.
 */
final class GraphCache<K> implements AutoCloseable {

  private static final int KEPT = 8;

  private final Supplier<Function<Graph, CompiledGraph>> compiler;
  private final Function<K, Graph> record;
  private final Map<K, CompiledGraph> graphs = new LinkedHashMap<>(16, 0.75f, true);
  private Duration compiling = Duration.ZERO;

  /**
   * An empty cache.
   *
   * @param weights borrowed; they stay as long as the cache has graphs
   * @param record makes the graph of a shape
   */
  GraphCache(WeightsOnDemand weights, Function<K, Graph> record) {
    this(
        () -> {
          WeightDictionary loaded = weights.get();
          return graph -> CompiledGraph.compile(graph, loaded);
        },
        record);
  }

  /** An empty cache of graphs that ask for no weights. */
  GraphCache(TorchDevice device, Function<K, Graph> record) {
    this(() -> graph -> CompiledGraph.compile(graph, device), record);
  }

  private GraphCache(Supplier<Function<Graph, CompiledGraph>> compiler, Function<K, Graph> record) {
    this.compiler = compiler;
    this.record = record;
  }

  /** The graph of a shape, compiled on first use; it stays this cache's. */
  CompiledGraph get(K key) {
    CompiledGraph known = graphs.get(key);
    if (known == null) {
      evict();
      Function<Graph, CompiledGraph> compile = compiler.get();
      long start = System.nanoTime();
      known = compile.apply(record.apply(key));
      compiling = compiling.plusNanos(System.nanoTime() - start);
      graphs.put(key, known);
    }
    return known;
  }

  private void evict() {
    if (graphs.size() >= KEPT) {
      K eldest = graphs.keySet().iterator().next();
      graphs.remove(eldest).close();
    }
  }

  /** Time spent in compiling so far. */
  Duration compiling() {
    return compiling;
  }

  @Override
  public void close() {
    graphs.values().forEach(CompiledGraph::close);
    graphs.clear();
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.RawWeight;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.graph.WeightSource;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/** The stored tensors of one network, checked against what the network asks for. */
public final class NetworkWeights implements WeightSource {

  /** Those that a weight may be stored as. */
  static final Map<String, Dtype> TYPES =
      Map.of("F32", Dtype.FLOAT32, "F16", Dtype.FLOAT16, "BF16", Dtype.BFLOAT16);

  private final List<Source> sources;
  private final long storedParameters;

  /** A weight of the network, by today's name and the shape asked for, and where it is stored. */
  private record Source(String name, Shape shape, WeightFile file, StoredTensor tensor) {

    String place() {
      return "%s in %s".formatted(tensor.name(), file.path().getFileName());
    }
  }

  private NetworkWeights(List<Source> sources, long storedParameters) {
    this.sources = sources;
    this.storedParameters = storedParameters;
  }

  /**
   * Opens the files' headers and compares names, shapes and types; no weight is read.
   *
   * @param paths the network's weight files
   * @param network how its tensors are called
   * @param wanted name and shape of each weight that the network asks for
   * @throws ProblemsException with all differences: missing, unexpected, wrong shape, wrong type
   */
  public static NetworkWeights check(
      List<Path> paths, NetworkFiles network, Map<String, Shape> wanted) {
    List<WeightFile> files = open(paths);
    for (WeightFile file : files) {
      ForeignWeights.refuse(network, file);
    }
    WeightDifferences differences = new WeightDifferences(network);
    Map<String, Source> found = new HashMap<>();
    for (WeightFile file : files) {
      for (StoredTensor tensor : file.tensors().values()) {
        String name = network.currentName(tensor.name());
        Shape shape = wanted.getOrDefault(name, tensor.shape());
        Source source = new Source(name, shape, file, tensor);
        Source twin = found.putIfAbsent(name, source);
        if (twin != null) {
          differences.twice(name, "%s and %s".formatted(twin.place(), source.place()));
        }
      }
    }
    compare(network, wanted, found, differences);
    differences.throwIfAny();
    return new NetworkWeights(
        wanted.keySet().stream()
            .map(found::get)
            .sorted(
                Comparator.comparingLong((Source source) -> -source.tensor().bytes())
                    .thenComparing(source -> source.file().path())
                    .thenComparing(source -> source.tensor().begin()))
            .toList(),
        parameters(found.values()).values().stream().mapToLong(Long::longValue).sum());
  }

  private static SortedMap<String, Long> parameters(Collection<Source> sources) {
    return sources.stream()
        .map(Source::tensor)
        .filter(tensor -> TYPES.containsKey(tensor.type()))
        .collect(
            Collectors.groupingBy(
                StoredTensor::type,
                TreeMap::new,
                Collectors.summingLong(tensor -> tensor.shape().count())));
  }

  /** The shape of each weight as the network asks for it, by name. */
  public Map<String, Shape> shapes() {
    return sources.stream().collect(Collectors.toMap(Source::name, Source::shape));
  }

  /** How many numbers the network uses, by the format's name of their type, such as {@code F16}. */
  public SortedMap<String, Long> parametersByType() {
    return parameters(sources);
  }

  /** How many numbers its files hold, those among them that no image needs. */
  public long storedParameters() {
    return storedParameters;
  }

  private static List<WeightFile> open(List<Path> paths) {
    Problems problems = new Problems();
    List<WeightFile> files = new ArrayList<>();
    for (Path path : paths) {
      problems.gather(() -> WeightFile.open(path)).ifPresent(files::add);
    }
    problems.throwIfAny();
    return files;
  }

  private static void compare(
      NetworkFiles network,
      Map<String, Shape> wanted,
      Map<String, Source> found,
      WeightDifferences differences) {
    TreeSet<String> names = new TreeSet<>(wanted.keySet());
    names.addAll(found.keySet());
    for (String name : names) {
      Source source = found.get(name);
      if (source == null) {
        differences.missing(name, wanted.get(name));
      } else if (wanted.containsKey(name)) {
        differences.compare(name, wanted.get(name), source.tensor());
      } else if (!network.isUnused(name)) {
        differences.unknown(name, source.tensor().shape());
      }
    }
  }

  /**
   * Hands the weights to a reader, the largest first.
   *
   * @throws ProblemsException where a file has changed since it was checked
   */
  @Override
  public void forEach(Reader reader) {
    sources.forEach(source -> reader.read(source.name(), () -> raw(source), source.shape()));
    sources.stream().map(Source::file).distinct().forEach(WeightFile::requireUnchanged);
  }

  private static RawWeight raw(Source source) {
    StoredTensor tensor = source.tensor();
    return new RawWeight(
        source.file().map(tensor), TYPES.get(tensor.type()), tensor.stored(), tensor.axes());
  }
}

package io.sparkdiffusion.weights;

import io.sparkdiffusion.config.ProblemsException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * A network's weights as Flax's {@code save_pretrained} writes them. Modules and arrays get the
 * names that PyTorch has for them, kernels its order of axes: the inverse of what {@code
 * rename_key_and_reshape_tensor} does in diffusers' and transformers' {@code
 * modeling_flax_pytorch_utils.py}.
 */
final class FlaxFile implements WeightFile {

  static final String EXTENSION = ".msgpack";

  /** What diffusers' classes number by an attribute's suffix is a list in PyTorch. */
  private static final Pattern LISTED =
      Pattern.compile(
          "(down_blocks|up_blocks|resnets|attentions|transformer_blocks|downsamplers|upsamplers"
              + "|net|to_out)_(\\d+)");

  private static final Map<String, String> ARRAYS =
      Map.of("kernel", "weight", "scale", "weight", "embedding", "weight");

  private final MappedFile file;
  private final Map<String, StoredTensor> tensors;

  private FlaxFile(MappedFile file, Map<String, StoredTensor> tensors) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
  }

  /**
   * Reads all but the arrays' values.
   *
   * @throws ProblemsException where the file is missing, cut, or breaks the format
   */
  static FlaxFile open(Path path) {
    Map<String, StoredTensor> tensors = new LinkedHashMap<>();
    try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
      FileStamp stamp = FileStamp.of(path);
      new FlaxReader(path, channel)
          .read((keys, array) -> tensors.put(String.join("/", keys), tensor(keys, array)));
      return new FlaxFile(new MappedFile(path, stamp), tensors);
    } catch (NoSuchFileException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must exist (missing)".formatted(path), e);
    } catch (IOException e) {
      throw new ProblemsException(
          "Cannot read %s: the file must be readable (%s)".formatted(path, e.getMessage()), e);
    }
  }

  private static StoredTensor tensor(List<String> keys, FlaxArray array) {
    int last = keys.size() - 1;
    String kind = keys.get(last);
    String modules =
        keys.subList(0, last).stream().map(key -> module(key) + ".").collect(Collectors.joining());
    return new StoredTensor(
        modules + ARRAYS.getOrDefault(kind, kind),
        array.type(),
        array.shape(),
        axes(kind, array.shape().rank()),
        array.spans());
  }

  private static String module(String key) {
    Matcher listed = LISTED.matcher(key);
    return listed.matches() ? listed.group(1) + "." + listed.group(2) : key;
  }

  /** A kernel is (height, width, in, out) or (in, out), PyTorch's (out, in, height, width). */
  private static List<Integer> axes(String kind, int rank) {
    IntStream axes = IntStream.range(0, rank);
    return (kind.equals("kernel") && rank > 1
            ? IntStream.concat(IntStream.of(rank - 1, rank - 2), axes.limit(rank - 2))
            : axes)
        .boxed()
        .toList();
  }

  @Override
  public MappedFile file() {
    return file;
  }

  @Override
  public Map<String, StoredTensor> tensors() {
    return tensors;
  }
}

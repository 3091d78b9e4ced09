package io.sparkdiffusion.adapter;

import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.config.Shown;
import io.sparkdiffusion.weights.TensorFile;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/** A LoRA file: its header is read and every tensor's name understood, no number is read yet. */
public final class AdapterFile {

  /** What else is published under the name of LoRA, by names that only it has. */
  private static final Map<String, Pattern> OTHERS = new LinkedHashMap<>();

  static {
    OTHERS.put("DoRA", Pattern.compile("(?s).*\\.(dora_scale|lora_magnitude_vector.*)"));
    OTHERS.put("LoHa", Pattern.compile("(?s).*\\.hada_[wt]\\d.*"));
    OTHERS.put("LoKr", Pattern.compile("(?s).*\\.lokr_[wt]\\d.*"));
    OTHERS.put("LoCon with a Tucker core", Pattern.compile("(?s).*[._]lora_mid\\.weight"));
    OTHERS.put("OFT", Pattern.compile("(?s).*\\.(oft_.*|boft_.*)"));
    OTHERS.put("(IA)^3", Pattern.compile("(?s).*\\.(on_input|ia3_.*)"));
    OTHERS.put("GLoRA", Pattern.compile("(?s).*\\.[ab][12]\\.weight"));
    OTHERS.put("LoRA with biases", Pattern.compile("(?s).*\\.(lora_B(\\.default)?\\.bias|diff_b)"));
    OTHERS.put("LoRA with whole layers", Pattern.compile("(?s).*\\.diff"));
    OTHERS.put("LoRA of embeddings", Pattern.compile("(?s).*\\.lora_embedding_[AB].*"));
  }

  private final TensorFile file;
  private final Map<String, Optional<AdapterKey>> keys;
  private final AdapterConfig config;

  private AdapterFile(
      TensorFile file, Map<String, Optional<AdapterKey>> keys, AdapterConfig config) {
    this.file = file;
    this.keys = keys;
    this.config = config;
  }

  /**
   * Opens a file, and PEFT's {@code adapter_config.json} beside an {@code
   * adapter_model.safetensors}.
   *
   * @throws ProblemsException where it is no safetensors file, is cut or broken, or holds something
   *     else than LoRA
   */
  public static AdapterFile open(Path path) {
    Pickle.refuse("LoRA", path, Pickle.TENSORS);
    TensorFile file = TensorFile.read(path);
    refuseOthers(file);
    Map<String, Optional<AdapterKey>> keys = new LinkedHashMap<>();
    file.names().forEach(name -> keys.put(name, AdapterKey.of(name)));
    if (keys.values().stream().allMatch(Optional::isEmpty)) {
      throw new ProblemsException(
          "Cannot use LoRA %s: it must hold a LoRA, lora_down and lora_up or lora_A and lora_B (%s)"
              .formatted(path, keys.isEmpty() ? "no tensor" : Shown.some(keys.keySet())));
    }
    return new AdapterFile(file, keys, AdapterConfig.of(file));
  }

  /** Whether a file is called as PyTorch's pickles are. */
  public static boolean isPickle(String name) {
    return Pickle.isOne(name);
  }

  private static void refuseOthers(TensorFile file) {
    OTHERS.forEach(
        (kind, names) -> {
          List<String> found =
              file.names().stream().filter(name -> names.matcher(name).matches()).toList();
          if (!found.isEmpty()) {
            throw new ProblemsException(
                "Cannot use LoRA %s: it must be LoRA, linear or of convolutions, %s is not supported (%s)"
                    .formatted(file.path(), kind, Shown.some(found)));
          }
        });
  }

  /** Where it is. */
  public Path path() {
    return file.path();
  }

  /** SHA-256 in hex of all that decides what it adds. */
  public String digest() {
    return config.digest(file.hash());
  }

  /** What web UIs tell adapters by: of the tensors alone, as kohya's trainer notes it. */
  public String dataHash() {
    return file.dataHash();
  }

  TensorFile tensors() {
    return file;
  }

  /** Each tensor's name with what it says, in the order of the file. */
  Map<String, Optional<AdapterKey>> keys() {
    return keys;
  }

  AdapterConfig config() {
    return config;
  }

  @Override
  public String toString() {
    return file.path().toString();
  }
}

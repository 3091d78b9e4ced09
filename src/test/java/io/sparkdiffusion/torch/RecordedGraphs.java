package io.sparkdiffusion.torch;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.kernel.Packing;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.pipeline.GuidedStep;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/**
 * What the networks of a model become for a target, in many shapes: the script in its normal form,
 * then inputs, result, weights and how they are laid out.
 */
final class RecordedGraphs {

  /** Latents of the tests' models and of the published ones, odd ones and the smallest. */
  private static final long[][] SIZES = {{1, 1}, {8, 8}, {9, 7}, {12, 12}, {64, 64}, {96, 96}};

  /** Latents and texts: alone, with guidance, a GPU's batches. */
  private static final long[][] ROWS = {{1, 1}, {1, 2}, {2, 4}, {3, 3}};

  private static final long[] BATCHES = {1, 3};

  private final Path text;
  private final Path unet;
  private final Path vae;

  /** A network is recorded once for each type; targets rewrite what they are given elsewhere. */
  private final Map<String, Graph> recorded = new HashMap<>();

  /** Of a model's folder, which may lack networks. */
  RecordedGraphs(Path model) {
    text = model.resolve("text_encoder/config.json");
    unet = model.resolve("unet/config.json");
    vae = model.resolve("vae/config.json");
  }

  /** Every target that there can be, by name. */
  static Map<String, Target> targets() {
    Map<String, Target> targets = new LinkedHashMap<>();
    for (Dtype dtype : new Dtype[] {Dtype.FLOAT32, Dtype.BFLOAT16, Dtype.FLOAT16}) {
      for (Target.Kernels kernels : Target.Kernels.values()) {
        targets.put(
            dtype + "-" + kernels.name().toLowerCase(Locale.ROOT), new Target(dtype, kernels));
      }
    }
    return targets;
  }

  /** The texts of those networks that the folder has, by network and shape. */
  Map<String, Map<String, String>> texts(Target target) {
    Map<String, Map<String, String>> networks = new LinkedHashMap<>();
    if (Files.exists(text)) {
      networks.put("text", text(target));
    }
    if (Files.exists(unet)) {
      networks.put("unet", unet(UnetConfig.read(unet), target));
    }
    if (Files.exists(vae)) {
      networks.put("vae", vae(VaeConfig.read(vae), target));
      networks.put("vae_encoder", encoder(VaeEncoderConfig.read(vae), target));
    }
    return networks;
  }

  private Map<String, String> text(Target target) {
    Supplier<Graph> network = () -> new ClipTextModel(TextConfig.read(text)).record();
    return Map.of("text", described("text", target, network));
  }

  private Map<String, String> unet(UnetConfig config, Target target) {
    Unet2dConditionModel network = new Unet2dConditionModel(config);
    Map<String, String> texts = new LinkedHashMap<>();
    for (long[] size : SIZES) {
      for (long[] rows : ROWS) {
        String name = "unet-%sx%sx%sx%s".formatted(rows[0], rows[1], size[0], size[1]);
        Supplier<Graph> graph =
            () -> network.record(target.dtype(), rows[0], rows[1], size[0], size[1], 77);
        texts.put(name, described(name, target, graph));
      }
    }
    return texts;
  }

  private Map<String, String> vae(VaeConfig config, Target target) {
    AutoencoderKlDecoder network = new AutoencoderKlDecoder(config);
    Map<String, String> texts = new LinkedHashMap<>();
    for (long[] size : SIZES) {
      for (long batch : BATCHES) {
        String name = "vae-%sx%sx%s".formatted(batch, size[0], size[1]);
        Supplier<Graph> graph = () -> network.record(target.dtype(), batch, size[0], size[1]);
        texts.put(name, described(name, target, graph));
      }
    }
    return texts;
  }

  private Map<String, String> encoder(VaeEncoderConfig config, Target target) {
    AutoencoderKlEncoder network = new AutoencoderKlEncoder(config);
    Map<String, String> texts = new LinkedHashMap<>();
    for (long[] size : SIZES) {
      for (long batch : BATCHES) {
        String name = "vae-encoder-%sx%sx%s".formatted(batch, size[0], size[1]);
        Supplier<Graph> graph =
            () -> network.record(target.dtype(), batch, 8 * size[0], 8 * size[1]);
        texts.put(name, described(name, target, graph));
      }
    }
    return texts;
  }

  private String described(String name, Target target, Supplier<Graph> network) {
    Graph graph = recorded.computeIfAbsent(target.dtype() + " " + name, absent -> network.get());
    return described(target.apply(graph));
  }

  /** What lies between two calls of the UNet, with and without guidance and noise. */
  static Map<String, String> steps() {
    Map<String, String> texts = new LinkedHashMap<>();
    for (long batch : BATCHES) {
      for (boolean guided : new boolean[] {false, true}) {
        for (boolean noisy : new boolean[] {false, true}) {
          BatchShape shape = new BatchShape(batch, 4, 8, 6, guided, noisy);
          texts.put(
              "step-%s-%s-%s".formatted(batch, guided, noisy), described(GuidedStep.record(shape)));
        }
      }
    }
    return texts;
  }

  private static String described(Graph graph) {
    StringBuilder text = new StringBuilder(NormalisedScript.of(TorchScript.of(graph)));
    text.append("inputs %s result %s\n".formatted(graph.inputs(), graph.resultShape()));
    Set<String> readWhole = Packing.readWhole(graph);
    graph
        .weights()
        .forEach(
            (name, shape) -> {
              String whole = readWhole.contains(name) ? "" : " in parts";
              text.append("weight %s %s%s\n".formatted(name, shape, whole));
            });
    new TreeMap<>(Packing.of(graph))
        .forEach((name, packing) -> text.append("packing %s %s\n".formatted(name, packing)));
    return text.toString();
  }
}

package io.sparkdiffusion.bench;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.sparkdiffusion.config.StrictJson;
import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.graph.Shape;
import io.sparkdiffusion.kernel.CudaKernels;
import io.sparkdiffusion.kernel.LiveMemory;
import io.sparkdiffusion.kernel.Target;
import io.sparkdiffusion.pipeline.BatchShape;
import io.sparkdiffusion.pipeline.GuidedStep;
import io.sparkdiffusion.pipeline.Pixels;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.torch.GraphArchive;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.VaeConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.LongStream;

/**
 * The graphs of one model as a GPU is given them, written as archives, and a {@code model.json}
 * that says which they are. Nothing runs here: neither libtorch nor weights are needed.
 */
final class GraphFolder {

  private static final List<Dtype> DTYPES = List.of(Dtype.FLOAT32, Dtype.BFLOAT16, Dtype.FLOAT16);

  private final Path folder;
  private final CudaKernels kernels;
  private final TextConfig text;
  private final UnetConfig unet;
  private final VaeConfig vae;
  private final List<Map<String, Object>> graphs = new ArrayList<>();
  private final Map<String, Object> weights = new LinkedHashMap<>();
  private final Set<String> written = new TreeSet<>();

  /**
   * A folder to be filled for a model, of which only the configurations are read.
   *
   * @param kernels what is chosen of a GPU's
   */
  GraphFolder(Path folder, Path model, CudaKernels kernels) {
    this.folder = folder;
    this.kernels = kernels;
    this.text = TextConfig.read(model.resolve("text_encoder/config.json"));
    this.unet = UnetConfig.read(model.resolve("unet/config.json"));
    this.vae = VaeConfig.read(model.resolve("vae/config.json"));
  }

  /** A GPU's, as the device itself would choose it. */
  private Target target(Dtype dtype) {
    return Target.cuda(dtype, kernels);
  }

  /** The text encoder, for one text, in each type. */
  void text() throws IOException {
    for (Dtype dtype : DTYPES) {
      write("text", dtype, List.of(), target(dtype).apply(new ClipTextModel(text).record()));
    }
  }

  /** One call of the UNet in each type. */
  void unet(long batch, long rows, long height, long width) throws IOException {
    for (Dtype dtype : DTYPES) {
      Graph graph =
          new Unet2dConditionModel(unet)
              .record(dtype, batch, rows, height, width, text.positions());
      write("unet", dtype, List.of(batch, rows, height, width), target(dtype).apply(graph));
    }
  }

  /** One decoding to bytes in each type, as the product runs it. */
  void vae(long batch, long height, long width) throws IOException {
    BatchShape shape = new BatchShape(batch, vae.latentChannels(), height, width, false, false);
    for (Dtype dtype : DTYPES) {
      Graph graph = Pixels.record(new AutoencoderKlDecoder(vae), dtype, shape);
      write("vae", dtype, List.of(batch, height, width), target(dtype).apply(graph));
    }
  }

  /** The same without what makes bytes of its numbers, for the comparison with diffusers' own. */
  void decoder(long batch, long height, long width) throws IOException {
    for (Dtype dtype : DTYPES) {
      Graph graph = new AutoencoderKlDecoder(vae).record(dtype, batch, height, width);
      write("decoder", dtype, List.of(batch, height, width), target(dtype).apply(graph));
    }
  }

  /** The same for one image of the model's own size. */
  void decoder() throws IOException {
    decoder(1, unet.sampleSize(), unet.sampleSize());
  }

  /** What lies between two calls of the UNet, which is float32 whatever they are. */
  void step(BatchShape shape) throws IOException {
    List<Long> key = new ArrayList<>(List.of(shape.batch(), shape.height(), shape.width()));
    key.add(shape.guided() ? 1L : 0);
    key.add(shape.noisy() ? 1L : 0);
    write("step", Dtype.FLOAT32, key, GuidedStep.record(shape));
  }

  /** All that a batch of guided images of the model's own size needs. */
  void batch(long size) throws IOException {
    long side = unet.sampleSize();
    unet(size, 2 * size, side, side);
    vae(size, side, side);
    step(new BatchShape(size, vae.latentChannels(), side, side, true, false));
  }

  /** A batch of guided images in the UNet, and one of them in the VAE. */
  void choice(long size) throws IOException {
    long side = unet.sampleSize();
    unet(size, 2 * size, side, side);
    vae(1, side, side);
  }

  long latentChannels() {
    return vae.latentChannels();
  }

  long compression() {
    return vae.compression();
  }

  int positions() {
    return Math.toIntExact(text.positions());
  }

  /** Ends the folder: {@code model.json} with the loops that the caller has planned. */
  void finish(List<Map<String, Object>> loops) throws IOException {
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("kernels", kernels.toString());
    all.put("vocabulary", text.vocabulary());
    all.put("positions", text.positions());
    all.put("sample_size", unet.sampleSize());
    all.put("latent_channels", vae.latentChannels());
    all.put("compression", vae.compression());
    all.put("scaling_factor", vae.scalingFactor());
    all.put("graphs", graphs);
    all.put("weights", weights);
    all.put("loops", loops);
    Files.write(folder.resolve("model.json"), StrictJson.text(all).getBytes(UTF_8));
  }

  private void write(String part, Dtype dtype, List<Long> key, Graph graph) throws IOException {
    String numbers = String.join("x", key.stream().map(String::valueOf).toList());
    String file = part + "-" + dtype + (key.isEmpty() ? "" : "-" + numbers) + ".zip";
    if (!written.add(file)) {
      return;
    }
    Files.createDirectories(folder);
    Files.write(folder.resolve(file), GraphArchive.of(graph));
    Map<String, Object> described = new LinkedHashMap<>();
    described.put("part", part);
    described.put("dtype", dtype.toString());
    described.put("key", key);
    described.put("file", file);
    described.put("inputs", graph.inputs().stream().map(GraphFolder::sizes).toList());
    described.put("result", sizes(graph.resultShape()));
    described.put("live_bytes", LiveMemory.peakBytes(graph, dtype));
    graphs.add(described);
    if (!graph.weights().isEmpty()) {
      weights.computeIfAbsent(part.equals("decoder") ? "vae" : part, any -> shapes(graph));
    }
  }

  private static Map<String, Object> shapes(Graph graph) {
    Map<String, Object> shapes = new LinkedHashMap<>();
    graph.weights().forEach((name, shape) -> shapes.put(name, sizes(shape)));
    return shapes;
  }

  private static List<Long> sizes(Shape shape) {
    return LongStream.of(shape.sizes()).boxed().toList();
  }
}

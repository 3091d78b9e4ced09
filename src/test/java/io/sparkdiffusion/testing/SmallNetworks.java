package io.sparkdiffusion.testing;

import io.sparkdiffusion.graph.Dtype;
import io.sparkdiffusion.graph.Graph;
import io.sparkdiffusion.text.ClipTextModel;
import io.sparkdiffusion.text.TextConfig;
import io.sparkdiffusion.unet.ControlNet;
import io.sparkdiffusion.unet.ControlNetConfig;
import io.sparkdiffusion.unet.Unet2dConditionModel;
import io.sparkdiffusion.unet.UnetConfig;
import io.sparkdiffusion.vae.AutoencoderKlDecoder;
import io.sparkdiffusion.vae.AutoencoderKlEncoder;
import io.sparkdiffusion.vae.VaeConfig;
import io.sparkdiffusion.vae.VaeEncoderConfig;
import java.nio.file.Path;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;

/** The networks of a reference model, at sizes that plain Java computes in a second. */
public final class SmallNetworks {

  private SmallNetworks() {}

  /** A network and numbers to compute it for. */
  public record Case(Graph graph, float[][] inputs) {}

  /**
   * Text encoder, UNet with guidance for latents of an odd size, VAE decoder and encoder; then what
   * Stable Diffusion 1.5 has otherwise, in its text encoder and its UNet; a UNet under control, a
   * ControlNet, and an upscaling UNet.
   */
  public static List<Case> all(Dtype dtype) {
    Path model = ReferenceModels.folder("base");
    TextConfig text = TextConfig.read(model.resolve("text_encoder/config.json"));
    UnetConfig unet = UnetConfig.read(model.resolve("unet/config.json"));
    VaeConfig vae = VaeConfig.read(model.resolve("vae/config.json"));
    float[] ids = new float[(int) text.positions()];
    IntStream.range(0, ids.length).forEach(i -> ids[i] = i * 7L % text.vocabulary());
    Graph encoder = new ClipTextModel(text).record();
    Graph guided = new Unet2dConditionModel(unet).record(dtype, 1, 2, 4, 3, text.positions());
    Graph pair = new Unet2dConditionModel(unet).record(dtype, 2, 2, 2, 2, text.positions());
    Graph decoder = new AutoencoderKlDecoder(vae).record(dtype, 1, 2, 2);
    VaeEncoderConfig of = VaeEncoderConfig.read(model.resolve("vae/config.json"));
    Graph images = new AutoencoderKlEncoder(of).record(dtype, 1, 16, 8);
    Path first = ReferenceModels.folder("sd15");
    Graph quick =
        new ClipTextModel(TextConfig.read(first.resolve("text_encoder/config.json"))).record();
    Graph convolved =
        new Unet2dConditionModel(UnetConfig.read(first.resolve("unet/config.json")))
            .record(dtype, 1, 2, 4, 3, text.positions());
    Graph controlled =
        new Unet2dConditionModel(unet).recordControlled(dtype, 1, 2, 2, 1, text.positions());
    ControlNetConfig control =
        ControlNetConfig.read(ReferenceModels.folder("controlnet/sd15/config.json"));
    Graph residuals = new ControlNet(control).record(dtype, 1, 2, 2, 1, text.positions());
    UnetConfig upscaler = UnetConfig.read(ReferenceModels.folder("upscaler/unet/config.json"));
    Graph upscaling =
        new Unet2dConditionModel(upscaler).record(dtype, 2, 4, 2, 3, text.positions());
    return List.of(
        new Case(encoder, new float[][] {ids}),
        of(guided),
        of(pair),
        of(decoder),
        of(images),
        new Case(quick, new float[][] {ids}),
        of(convolved),
        of(controlled),
        of(residuals),
        labelled(upscaling));
  }

  /** The last input is the number of a class. */
  private static Case labelled(Graph graph) {
    Case random = of(graph);
    random.inputs()[graph.inputs().size() - 1] = new float[] {20};
    return random;
  }

  private static Case of(Graph graph) {
    Random random = new Random(5);
    return new Case(
        graph,
        graph.inputs().stream()
            .map(
                shape -> {
                  float[] values = new float[Math.toIntExact(shape.count())];
                  IntStream.range(0, values.length)
                      .forEach(i -> values[i] = (float) random.nextGaussian());
                  return values;
                })
            .toArray(float[][]::new));
  }
}

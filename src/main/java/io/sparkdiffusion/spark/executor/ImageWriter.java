package io.sparkdiffusion.spark.executor;

import io.sparkdiffusion.image.PngEncoder;
import io.sparkdiffusion.image.PngText;
import io.sparkdiffusion.image.RgbImage;
import io.sparkdiffusion.metadata.GenerationParameters;
import io.sparkdiffusion.metadata.ImageOrigin;
import io.sparkdiffusion.metadata.RequestHash;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.spark.model.Model;
import io.sparkdiffusion.spark.model.Models;
import io.sparkdiffusion.spark.output.ImageFiles;
import io.sparkdiffusion.spark.output.ImageStore;
import io.sparkdiffusion.util.Sha256;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.hadoop.fs.Path;

/** Encodes the images of one task and writes PNG files where they are asked for. */
final class ImageWriter {

  private final Models models;
  private final Map<Alike, PngText> origins = new HashMap<>();
  private final String dtype;
  private final ImageStore store;
  private final ImageFiles files;

  ImageWriter(GenerationRun run, Configuration hadoop) throws IOException {
    this.models = run.models();
    this.dtype = run.execution().dtype().label();
    this.store = run.store();
    this.files = store.format().hasPngFiles() ? openFiles(store, hadoop) : null;
  }

  /** What is the same for all images of a run with the same LoRAs and sampler. */
  private record Alike(String loras, String scheduler) {}

  private PngText origin(Model model, String scheduler) {
    return PngText.of(
        new ImageOrigin(
            model.digest(), dtype, model.schedulers().told(scheduler), RequestHash.IMAGE_VERSION));
  }

  private static ImageFiles openFiles(ImageStore store, Configuration hadoop) throws IOException {
    return new ImageFiles(
        new Path(store.writtenFolder()),
        new Path(store.stagingFolder(), "png"),
        store.hold(),
        hadoop);
  }

  WrittenImage keep(ImageRequest request, String requestHash, RgbImage image) {
    byte[] png = PngEncoder.encode(image, texts(request));
    String path = null;
    if (files != null) {
      String name = store.fileName(request, requestHash);
      write(name, png, request.id());
      path = store.naming().folder() + name;
    }
    return new WrittenImage(store.format().hasBytesInRows() ? png : null, path, Sha256.of(png));
  }

  private List<PngText> texts(ImageRequest request) {
    Model model = models.of(request);
    List<PngText> texts = new ArrayList<>();
    if (store.pngParameters()) {
      texts.add(
          PngText.of(
              GenerationParameters.of(
                      request, model.baseDigest(), model.name(), model.loras().tags())
                  .with(model.embeddings().tags())));
      texts.add(
          origins.computeIfAbsent(
              new Alike(model.loras().setting(), request.scheduler()),
              alike -> origin(model, alike.scheduler())));
    }
    if (store.pngAiMark()) {
      texts.add(PngText.aiMark());
    }
    return texts;
  }

  private void write(String name, byte[] png, String id) {
    try {
      files.write(name, png);
    } catch (IOException e) {
      throw new UncheckedIOException(
          "Cannot write the image of row %s: %s".formatted(id, e.getMessage()), e);
    }
  }
}

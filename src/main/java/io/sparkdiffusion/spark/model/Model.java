package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.Problems;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFacts;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.ModelInputs;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.metadata.EmbeddingTag;
import io.sparkdiffusion.metadata.LoraTag;
import io.sparkdiffusion.request.ControlPreprocessor;
import io.sparkdiffusion.request.ImageRequest;
import io.sparkdiffusion.request.InputImage;
import io.sparkdiffusion.sampler.Schedulers;
import io.sparkdiffusion.weights.ModelSums;
import java.io.Serializable;
import java.util.List;
import java.util.Optional;
import org.apache.hadoop.conf.Configuration;

/**
 * What the job knows of a model: enough to name its images, and how to load it.
 *
 * @param name the folder's name, or the hub's id
 * @param commit the hub's, empty for a model of no hub
 * @param digest of its files and of the embeddings, ControlNets and LoRAs with them
 * @param schedulers what the folder and the job say of schedulers
 * @param trainedSizePixels the side of the images that it was trained on
 * @param tileSizePixels the side of the tiles that a large image is decoded in
 * @param doubts what may be wrong with it, to be told once
 * @param loras what is added to its weights
 * @param embeddings what joins its text encoder's tokens
 * @param inputs which input images it needs and takes
 * @param controlNets what steers its UNet
 */
public record Model(
    String name,
    String commit,
    String digest,
    Schedulers schedulers,
    long trainedSizePixels,
    long tileSizePixels,
    List<String> doubts,
    GeneratorFactory generators,
    Loras loras,
    Embeddings embeddings,
    ModelInputs inputs,
    ControlNets controlNets)
    implements Serializable {

  /** Keeps the doubts. */
  public Model {
    doubts = List.copyOf(doubts);
  }

  /** A model alone that needs texts alone. */
  public Model(
      String name,
      String commit,
      String digest,
      Schedulers schedulers,
      long trainedSizePixels,
      long tileSizePixels,
      List<String> doubts,
      GeneratorFactory generators) {
    this(
        name,
        commit,
        digest,
        schedulers,
        trainedSizePixels,
        tileSizePixels,
        doubts,
        generators,
        Loras.NONE,
        Embeddings.NONE,
        ModelInputs.OF_TEXTS,
        ControlNets.NONE);
  }

  /**
   * The LoRAs in a model, as images and reports name them.
   *
   * @param setting that names the same files later, empty for none
   * @param tags as web UIs name them
   * @param baseDigest the model's without them, empty for none
   */
  public record Loras(String setting, List<LoraTag> tags, String baseDigest)
      implements Serializable {

    /** The model as it is. */
    public static final Loras NONE = new Loras("", List.of(), "");

    /** Keeps a copy. */
    public Loras {
      tags = List.copyOf(tags);
    }
  }

  /**
   * The embeddings in a model, as images and reports name them.
   *
   * @param setting that names the same files later, empty for none
   * @param tags as web UIs name them
   */
  public record Embeddings(String setting, List<EmbeddingTag> tags) implements Serializable {

    /** The model as it is. */
    public static final Embeddings NONE = new Embeddings("", List.of());

    /** Keeps a copy. */
    public Embeddings {
      tags = List.copyOf(tags);
    }
  }

  /**
   * The ControlNets beside a model, as reports name them.
   *
   * @param setting that names the same folders later, empty for none
   * @param count how many there are
   */
  public record ControlNets(String setting, int count) implements Serializable {

    /** The model alone. */
    public static final ControlNets NONE = new ControlNets("", 0);

    /**
     * Makes sure that an image has what they look at and nothing that nobody looks at, and says for
     * as many what is made of it first.
     *
     * @throws ProblemsException where it has not
     */
    public void require(ImageRequest request) {
      List<InputImage> given = request.inputs();
      for (int place = 0; place < InputImage.OF_CONTROL_NETS.size(); place++) {
        InputImage input = InputImage.OF_CONTROL_NETS.get(place);
        if (place < count && !given.contains(input)) {
          throw new ProblemsException(
              "Cannot use controlnets: each must have an image to look at (no %s)"
                  .formatted(input.path()));
        }
        if (place >= count && given.contains(input)) {
          throw new ProblemsException(
              "Cannot use %s: controlnets must name what looks at it (%s)"
                  .formatted(input.path(), count == 0 ? "none" : count));
        }
      }
      if (count > 0) {
        ControlPreprocessor.problem(request.controlPreprocessor(), count)
            .ifPresent(
                problem -> {
                  throw new ProblemsException(problem);
                });
      }
    }
  }

  /** The digest without LoRAs: of its files, and of the embeddings and ControlNets with them. */
  public String baseDigest() {
    return loras.tags().isEmpty() ? digest : loras.baseDigest();
  }

  /** The same model with other LoRAs. */
  Model with(AdaptableModel.Adapted adapted) {
    return new Model(
        name,
        commit,
        adapted.digest(),
        schedulers,
        trainedSizePixels,
        tileSizePixels,
        adapted.doubts(),
        adapted.generators(),
        adapted.loras(),
        embeddings,
        inputs,
        controlNets);
  }

  /** The same for a run whose number format and batches are settled. */
  public Model settled(ExecutionConfig execution) {
    return new Model(
        name,
        commit,
        digest,
        schedulers,
        trainedSizePixels,
        tileSizePixels,
        doubts,
        generators.settled(execution),
        loras,
        embeddings,
        inputs,
        controlNets);
  }

  /**
   * Opens the model that a configuration names, and fetches it where it lies elsewhere.
   *
   * @param scheduler the sampler of images that say none
   * @param hadoop how to reach the file systems that Hadoop knows
   * @throws ProblemsException with every problem found in the folder
   * @throws java.io.UncheckedIOException where it cannot be fetched
   */
  public static Model open(
      ModelConfig model, ExecutionConfig execution, String scheduler, Configuration hadoop) {
    return open(model, execution, scheduler, hadoop, HubEnvironment.ofProcess());
  }

  /**
   * The same with another hub than this process's environment names.
   *
   * @param hub which hub is asked, on executors too, and on this machine with which token
   */
  public static Model open(
      ModelConfig model,
      ExecutionConfig execution,
      String scheduler,
      Configuration hadoop,
      HubEnvironment hub) {
    ModelSource<ModelFolder> location = ModelSource.of(FolderKind.MODEL, model, hub);
    ModelFolder folder = location.open(hadoop);
    Problems problems = new Problems();
    Optional<ModelAdapters> foundLoras =
        problems.gather(() -> ModelAdapters.find(model, hadoop, hub));
    Optional<ModelEmbeddings> foundEmbeddings =
        problems.gather(() -> ModelEmbeddings.find(model, hadoop, hub));
    Optional<ModelControlNets> foundControlNets =
        problems.gather(() -> ModelControlNets.find(model, hadoop, hub));
    problems.throwIfAny();
    ModelAdapters adapters = foundLoras.orElseThrow();
    ModelEmbeddings embeddings = foundEmbeddings.orElseThrow();
    ModelControlNets controlNets = foundControlNets.orElseThrow();
    controlNets.requireFit(folder, hadoop);
    ModelFacts facts =
        ModelFacts.read(
            folder,
            adapters.open(hadoop),
            embeddings.open(hadoop),
            model.schedulerOverrides(),
            scheduler);
    ModelSums sums = folder.sums();
    String withoutLoras = controlNets.digest(embeddings.digest(sums.digest()));
    String digest = adapters.digest(withoutLoras);
    requireDigest(model.digest(), digest);
    return new Model(
        location.name(),
        location.commit(),
        digest,
        facts.schedulers(),
        facts.trainedSizePixels(),
        facts.tileSizePixels(),
        facts.doubts(),
        new PipelineFactory(
            location,
            sums,
            adapters,
            embeddings,
            controlNets,
            execution.askedDtype().label(),
            execution.perDeviceBatchSize(),
            model.schedulerOverrides(),
            execution.libtorchPath()),
        adapters.told(withoutLoras),
        embeddings.told(),
        facts.inputs(),
        controlNets.told());
  }

  private static void requireDigest(String wanted, String actual) {
    if (!wanted.isEmpty() && !wanted.equals(actual)) {
      throw new ProblemsException(
          "Cannot use the model: its digest must be model_digest's %s (%s)"
              .formatted(wanted, actual));
    }
  }
}

package io.sparkdiffusion.spark.model;

import io.sparkdiffusion.config.BatchSize;
import io.sparkdiffusion.config.ExecutionConfig;
import io.sparkdiffusion.config.ModelConfig;
import io.sparkdiffusion.config.ProblemsException;
import io.sparkdiffusion.family.ModelFolder;
import io.sparkdiffusion.family.Networks;
import io.sparkdiffusion.hub.HubEnvironment;
import io.sparkdiffusion.pipeline.Additions;
import io.sparkdiffusion.pipeline.PipelineOptions;
import io.sparkdiffusion.pipeline.StableDiffusionPipeline;
import io.sparkdiffusion.spark.device.UsedLibtorch;
import io.sparkdiffusion.torch.CudaDevice;
import io.sparkdiffusion.torch.CudaDriver;
import io.sparkdiffusion.torch.NoGpu;
import io.sparkdiffusion.torch.TorchDevice;
import io.sparkdiffusion.torch.TorchEngine;
import io.sparkdiffusion.weights.ModelSums;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.apache.hadoop.conf.Configuration;

/**
 * Loads Stable Diffusion from the files that the driver has seen.
 *
 * @param sums what the driver has
 * @param adapters what is added to the weights
 * @param embeddings what joins the text encoder's tokens
 * @param controlNets what steers the UNet
 * @param dtype {@code float32}, {@code bfloat16} or {@code float16}; {@code auto} until it is
 *     settled
 * @param batchSize images in a batch on a GPU; a CPU makes one at a time
 * @param libtorchPath the PyTorch that is to compute, may be empty
 */
record PipelineFactory(
    ModelSource<ModelFolder> location,
    ModelSums sums,
    ModelAdapters adapters,
    ModelEmbeddings embeddings,
    ModelControlNets controlNets,
    String dtype,
    BatchSize batchSize,
    Map<String, Object> schedulerOverrides,
    String libtorchPath)
    implements GeneratorFactory {

  PipelineFactory {
    schedulerOverrides = new TreeMap<>(schedulerOverrides);
  }

  @Override
  public GeneratorFactory settled(ExecutionConfig execution) {
    return new PipelineFactory(
        location,
        sums,
        adapters,
        embeddings,
        controlNets,
        execution.dtype().label(),
        execution.perDeviceBatchSize(),
        schedulerOverrides,
        libtorchPath);
  }

  /** The same model with other LoRAs. */
  PipelineFactory with(ModelAdapters others) {
    return new PipelineFactory(
        location,
        sums,
        others,
        embeddings,
        controlNets,
        dtype,
        batchSize,
        schedulerOverrides,
        libtorchPath);
  }

  @Override
  public AdaptableModel adaptable(
      String baseDigest, ModelConfig named, Configuration hadoop, HubEnvironment hub) {
    Networks networks = Networks.check(location.open(hadoop));
    return new AdaptablePipeline(this, baseDigest, networks, named, hadoop, hub);
  }

  @Override
  public void checkLoras(Configuration hadoop) {
    adapters.open(hadoop);
  }

  @Override
  public void check(Configuration hadoop) {
    UsedLibtorch.choose(libtorchPath);
    requireDriversFiles(location.open(hadoop));
    checkLoras(hadoop);
    embeddings.open(hadoop);
    controlNets.open(hadoop);
    UsedLibtorch.usable(TorchEngine::version);
  }

  @Override
  public ImageGenerator load(String device, Configuration hadoop) {
    UsedLibtorch.choose(libtorchPath);
    ModelFolder folder = location.open(hadoop);
    requireDriversFiles(folder);
    Additions added =
        new Additions(adapters.open(hadoop), embeddings.open(hadoop), controlNets.open(hadoop));
    boolean isByMemory = !device.equals("cpu") && batchSize instanceof BatchSize.Auto;
    PipelineOptions options =
        new PipelineOptions(device, dtype, together(device), schedulerOverrides);
    return UsedLibtorch.usable(
        () ->
            new PipelineGenerator(
                StableDiffusionPipeline.load(folder, added, options), options, isByMemory));
  }

  private int together(String device) {
    if (device.equals("cpu")) {
      return 1;
    }
    return batchSize instanceof BatchSize.Fixed fixed ? fixed.images() : BatchSize.MOST;
  }

  private void requireDriversFiles(ModelFolder folder) {
    List<String> differences = folder.sums().differences(sums, "the driver's");
    if (!differences.isEmpty()) {
      throw new ProblemsException(
          differences.stream()
              .map(
                  difference ->
                      ("Cannot load the model: every executor must have the same files as the"
                              + " driver (%s)")
                          .formatted(difference))
              .toList());
    }
  }

  @Override
  public int gpuCount() {
    UsedLibtorch.choose(libtorchPath);
    return UsedLibtorch.usable(TorchDevice::gpuCount);
  }

  @Override
  public List<NoGpu> whyNoGpu() {
    UsedLibtorch.choose(libtorchPath);
    return UsedLibtorch.usable(TorchEngine::whyNoGpu);
  }

  @Override
  public Optional<String> computesWith(String device) {
    UsedLibtorch.choose(libtorchPath);
    return TorchEngine.isOfJob() ? Optional.empty() : Optional.of(TorchEngine.describe(device));
  }

  @Override
  public Optional<CudaDevice> gpu(int index) {
    return CudaDriver.find().map(driver -> driver.device(index));
  }
}

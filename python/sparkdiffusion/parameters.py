"""The parameters of TextToImage. Made from the Java side by PythonParametersTest, with -Dsparkdiffusion.write=true."""

from pyspark.ml.param import Param, Params, TypeConverters


class Parameters(Params):
    batchSize = Param(Params._dummy(), "batchSize", "images in a batch on a GPU, which is padded to it; not set: by memory", TypeConverters.toInt)
    device = Param(Params._dummy(), "device", "auto, cpu, cuda or cuda:N", TypeConverters.toString)
    diffusion_scheduler_config = Param(Params._dummy(), "diffusion_scheduler_config", "mapping that wins over the model's, YAML or JSON", TypeConverters.toString)
    dtype = Param(Params._dummy(), "dtype", "number format: float32, bfloat16, float16 (GPU only); auto: by the device", TypeConverters.toString)
    eta = Param(Params._dummy(), "eta", "share of noise in each step of ddim and tcd, 0 to 1", TypeConverters.toFloat)
    from_pt = Param(Params._dummy(), "from_pt", "PyTorch's weights; false: Flax's", TypeConverters.toBoolean)
    guidance_rescale = Param(Params._dummy(), "guidance_rescale", "against overexposure, 0 to 1; 0.7 goes with 7.5", TypeConverters.toFloat)
    guidance_scale = Param(Params._dummy(), "guidance_scale", "strength of guidance, 0 or more; at most 1: without", TypeConverters.toFloat)
    height = Param(Params._dummy(), "height", "pixels, a multiple of 8 from 8 to 4096", TypeConverters.toInt)
    idCol = Param(Params._dummy(), "idCol", "column of ids; without one, the prompt's SHA-256 is the id", TypeConverters.toString)
    inputCol = Param(Params._dummy(), "inputCol", "column of prompts", TypeConverters.toString)
    libtorch_path = Param(Params._dummy(), "libtorch_path", "folder of a PyTorch on each executor, for GPUs; empty: the job's", TypeConverters.toString)
    modelUrl = Param(Params._dummy(), "modelUrl", "model: local folder, any Hadoop path or hub id", TypeConverters.toString)
    model_cache_dir = Param(Params._dummy(), "model_cache_dir", "local folder of models' copies; empty: the usual", TypeConverters.toString)
    model_digest = Param(Params._dummy(), "model_digest", "digest that the model must have; empty: any", TypeConverters.toString)
    negativePromptCol = Param(Params._dummy(), "negativePromptCol", "column of what to avoid, where it is there", TypeConverters.toString)
    negative_prompt = Param(Params._dummy(), "negative_prompt", "what to avoid", TypeConverters.toString)
    num_images = Param(Params._dummy(), "num_images", "images for each row, 1 to 10000", TypeConverters.toInt)
    num_inference_steps = Param(Params._dummy(), "num_inference_steps", "denoising steps, 1 to 1000", TypeConverters.toInt)
    outputCol = Param(Params._dummy(), "outputCol", "column of images, which is added", TypeConverters.toString)
    png_ai_mark = Param(Params._dummy(), "png_ai_mark", "mark PNGs as made by a model", TypeConverters.toBoolean)
    png_parameters = Param(Params._dummy(), "png_parameters", "write prompts and parameters into PNGs", TypeConverters.toBoolean)
    revision = Param(Params._dummy(), "revision", "branch, tag or commit of a hub id; empty: main", TypeConverters.toString)
    scheduler = Param(Params._dummy(), "scheduler", "sampler, such as ddim, euler or dpm++_2m", TypeConverters.toString)
    seed = Param(Params._dummy(), "seed", "rows without a seed derive theirs from it and their id", TypeConverters.toInt)
    vae_tiling = Param(Params._dummy(), "vae_tiling", "large images in tiles: auto, on, off", TypeConverters.toString)
    variant = Param(Params._dummy(), "variant", "which of several weights, as fp16 or non_ema; empty: the usual", TypeConverters.toString)
    width = Param(Params._dummy(), "width", "pixels, a multiple of 8 from 8 to 4096", TypeConverters.toInt)

"""The parameters of TextToImage. Made from the Java side by PythonParametersTest, with -Dsparkdiffusion.write=true."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from pyspark.ml.param import Param, Params, TypeConverters

if TYPE_CHECKING:
    from typing_extensions import TypedDict

    class Given(TypedDict, total=False):
        """What a TextToImage can be made with."""

        batchSize: int
        clip_skip: int
        control_guidance_end: float
        control_guidance_start: float
        control_image: str
        control_image_2: str
        control_image_2_sha256: str
        control_image_3: str
        control_image_3_sha256: str
        control_image_sha256: str
        control_preprocessor: str
        controlnet_conditioning_scale: float
        controlnets: str
        depth_image: str
        depth_image_sha256: str
        device: str
        diffusion_scheduler_config: str
        dtype: str
        embeddings: str
        eta: float
        from_pt: bool
        guidance_rescale: float
        guidance_scale: float
        height: int
        idCol: str
        init_image: str
        init_image_fit: str
        init_image_sha256: str
        inputCol: str
        libtorch_path: str
        loras: str
        mask_image: str
        mask_image_sha256: str
        modelUrl: str
        model_cache_dir: str
        model_digest: str
        negativePromptCol: str
        negative_prompt: str
        noise_level: int
        num_images: int
        num_inference_steps: int
        outputCol: str
        png_ai_mark: bool
        png_parameters: bool
        prompt_syntax: str
        revision: str
        scheduler: str
        seed: int
        strength: float
        vae_tiling: str
        variant: str
        width: int

P = TypeVar("P", bound="Parameters")


class Parameters(Params):
    """A parameter and its setter for each one of Java's; the setter returns the stage."""

    batchSize: Param[int] = Param(Params._dummy(), "batchSize", "images in a batch on a GPU, which is padded to it; not set: by memory", TypeConverters.toInt)

    def setBatchSize(self: P, value: int) -> P:
        """images in a batch on a GPU, which is padded to it; not set: by memory"""
        return self._set(batchSize=value)

    clip_skip: Param[int] = Param(Params._dummy(), "clip_skip", "last layers of the text encoder that the prompt leaves out", TypeConverters.toInt)

    def setClipSkip(self: P, value: int) -> P:
        """last layers of the text encoder that the prompt leaves out"""
        return self._set(clip_skip=value)

    control_guidance_end: Param[float] = Param(Params._dummy(), "control_guidance_end", "share of the steps after which ControlNets say nothing, 0 to 1", TypeConverters.toFloat)

    def setControlGuidanceEnd(self: P, value: float) -> P:
        """share of the steps after which ControlNets say nothing, 0 to 1"""
        return self._set(control_guidance_end=value)

    control_guidance_start: Param[float] = Param(Params._dummy(), "control_guidance_start", "share of the steps before which ControlNets say nothing, 0 to 1", TypeConverters.toFloat)

    def setControlGuidanceStart(self: P, value: float) -> P:
        """share of the steps before which ControlNets say nothing, 0 to 1"""
        return self._set(control_guidance_start=value)

    control_image: Param[str] = Param(Params._dummy(), "control_image", "image file that controlnets' first looks at, any Hadoop path", TypeConverters.toString)

    def setControlImage(self: P, value: str) -> P:
        """image file that controlnets' first looks at, any Hadoop path"""
        return self._set(control_image=value)

    control_image_2: Param[str] = Param(Params._dummy(), "control_image_2", "image file that the one at place 2 looks at, any Hadoop path", TypeConverters.toString)

    def setControlImage2(self: P, value: str) -> P:
        """image file that the one at place 2 looks at, any Hadoop path"""
        return self._set(control_image_2=value)

    control_image_2_sha256: Param[str] = Param(Params._dummy(), "control_image_2_sha256", "SHA-256 that the file of control_image_2 must have; empty: any", TypeConverters.toString)

    def setControlImage2Sha256(self: P, value: str) -> P:
        """SHA-256 that the file of control_image_2 must have; empty: any"""
        return self._set(control_image_2_sha256=value)

    control_image_3: Param[str] = Param(Params._dummy(), "control_image_3", "image file that the one at place 3 looks at, any Hadoop path", TypeConverters.toString)

    def setControlImage3(self: P, value: str) -> P:
        """image file that the one at place 3 looks at, any Hadoop path"""
        return self._set(control_image_3=value)

    control_image_3_sha256: Param[str] = Param(Params._dummy(), "control_image_3_sha256", "SHA-256 that the file of control_image_3 must have; empty: any", TypeConverters.toString)

    def setControlImage3Sha256(self: P, value: str) -> P:
        """SHA-256 that the file of control_image_3 must have; empty: any"""
        return self._set(control_image_3_sha256=value)

    control_image_sha256: Param[str] = Param(Params._dummy(), "control_image_sha256", "SHA-256 that the file of control_image must have; empty: any", TypeConverters.toString)

    def setControlImageSha256(self: P, value: str) -> P:
        """SHA-256 that the file of control_image must have; empty: any"""
        return self._set(control_image_sha256=value)

    control_preprocessor: Param[str] = Param(Params._dummy(), "control_preprocessor", "what is made of control images first: none, canny", TypeConverters.toString)

    def setControlPreprocessor(self: P, value: str) -> P:
        """what is made of control images first: none, canny"""
        return self._set(control_preprocessor=value)

    controlnet_conditioning_scale: Param[float] = Param(Params._dummy(), "controlnet_conditioning_scale", "how much ControlNets have to say, -100 to 100", TypeConverters.toFloat)

    def setControlnetConditioningScale(self: P, value: float) -> P:
        """how much ControlNets have to say, -100 to 100"""
        return self._set(controlnet_conditioning_scale=value)

    controlnets: Param[str] = Param(Params._dummy(), "controlnets", "ControlNets FOLDER[:WEIGHT] with commas: local, any Hadoop path, or a hub's ORG/NAME[@REVISION]", TypeConverters.toString)

    def setControlnets(self: P, value: str) -> P:
        """ControlNets FOLDER[:WEIGHT] with commas: local, any Hadoop path, or a hub's ORG/NAME[@REVISION]"""
        return self._set(controlnets=value)

    depth_image: Param[str] = Param(Params._dummy(), "depth_image", "image file of init_image's depth for a depth model; empty: none", TypeConverters.toString)

    def setDepthImage(self: P, value: str) -> P:
        """image file of init_image's depth for a depth model; empty: none"""
        return self._set(depth_image=value)

    depth_image_sha256: Param[str] = Param(Params._dummy(), "depth_image_sha256", "SHA-256 that the file of depth_image must have; empty: any", TypeConverters.toString)

    def setDepthImageSha256(self: P, value: str) -> P:
        """SHA-256 that the file of depth_image must have; empty: any"""
        return self._set(depth_image_sha256=value)

    device: Param[str] = Param(Params._dummy(), "device", "auto, cpu, cuda or cuda:N", TypeConverters.toString)

    def setDevice(self: P, value: str) -> P:
        """auto, cpu, cuda or cuda:N"""
        return self._set(device=value)

    diffusion_scheduler_config: Param[str] = Param(Params._dummy(), "diffusion_scheduler_config", "mapping that wins over the model's, YAML or JSON", TypeConverters.toString)

    def setDiffusionSchedulerConfig(self: P, value: str) -> P:
        """mapping that wins over the model's, YAML or JSON"""
        return self._set(diffusion_scheduler_config=value)

    dtype: Param[str] = Param(Params._dummy(), "dtype", "number format: float32, bfloat16, float16 (GPU only); auto: by the device", TypeConverters.toString)

    def setDtype(self: P, value: str) -> P:
        """number format: float32, bfloat16, float16 (GPU only); auto: by the device"""
        return self._set(dtype=value)

    embeddings: Param[str] = Param(Params._dummy(), "embeddings", "textual inversion: files PATH[:TOKEN], with commas", TypeConverters.toString)

    def setEmbeddings(self: P, value: str) -> P:
        """textual inversion: files PATH[:TOKEN], with commas"""
        return self._set(embeddings=value)

    eta: Param[float] = Param(Params._dummy(), "eta", "share of noise in each step of ddim and tcd, 0 to 1", TypeConverters.toFloat)

    def setEta(self: P, value: float) -> P:
        """share of noise in each step of ddim and tcd, 0 to 1"""
        return self._set(eta=value)

    from_pt: Param[bool] = Param(Params._dummy(), "from_pt", "PyTorch's weights; false: Flax's", TypeConverters.toBoolean)

    def setFromPt(self: P, value: bool) -> P:
        """PyTorch's weights; false: Flax's"""
        return self._set(from_pt=value)

    guidance_rescale: Param[float] = Param(Params._dummy(), "guidance_rescale", "against overexposure, 0 to 1; 0.7 goes with 7.5", TypeConverters.toFloat)

    def setGuidanceRescale(self: P, value: float) -> P:
        """against overexposure, 0 to 1; 0.7 goes with 7.5"""
        return self._set(guidance_rescale=value)

    guidance_scale: Param[float] = Param(Params._dummy(), "guidance_scale", "strength of guidance, 0 or more; at most 1: without", TypeConverters.toFloat)

    def setGuidanceScale(self: P, value: float) -> P:
        """strength of guidance, 0 or more; at most 1: without"""
        return self._set(guidance_scale=value)

    height: Param[int] = Param(Params._dummy(), "height", "pixels, a multiple of 8 from 8 to 4096", TypeConverters.toInt)

    def setHeight(self: P, value: int) -> P:
        """pixels, a multiple of 8 from 8 to 4096"""
        return self._set(height=value)

    idCol: Param[str] = Param(Params._dummy(), "idCol", "column of ids; without one, the prompt's SHA-256 is the id", TypeConverters.toString)

    def setIdCol(self: P, value: str) -> P:
        """column of ids; without one, the prompt's SHA-256 is the id"""
        return self._set(idCol=value)

    init_image: Param[str] = Param(Params._dummy(), "init_image", "image file that is drawn over, any Hadoop path; empty: noise", TypeConverters.toString)

    def setInitImage(self: P, value: str) -> P:
        """image file that is drawn over, any Hadoop path; empty: noise"""
        return self._set(init_image=value)

    init_image_fit: Param[str] = Param(Params._dummy(), "init_image_fit", "input images of another size: exact refuses them, resize, crop", TypeConverters.toString)

    def setInitImageFit(self: P, value: str) -> P:
        """input images of another size: exact refuses them, resize, crop"""
        return self._set(init_image_fit=value)

    init_image_sha256: Param[str] = Param(Params._dummy(), "init_image_sha256", "SHA-256 that the file of init_image must have; empty: any", TypeConverters.toString)

    def setInitImageSha256(self: P, value: str) -> P:
        """SHA-256 that the file of init_image must have; empty: any"""
        return self._set(init_image_sha256=value)

    inputCol: Param[str] = Param(Params._dummy(), "inputCol", "column of prompts", TypeConverters.toString)

    def setInputCol(self: P, value: str) -> P:
        """column of prompts"""
        return self._set(inputCol=value)

    libtorch_path: Param[str] = Param(Params._dummy(), "libtorch_path", "folder of a PyTorch on each executor, for GPUs; empty: the job's", TypeConverters.toString)

    def setLibtorchPath(self: P, value: str) -> P:
        """folder of a PyTorch on each executor, for GPUs; empty: the job's"""
        return self._set(libtorch_path=value)

    loras: Param[str] = Param(Params._dummy(), "loras", "LoRA files PATH[:WEIGHT], with commas, added to the weights", TypeConverters.toString)

    def setLoras(self: P, value: str) -> P:
        """LoRA files PATH[:WEIGHT], with commas, added to the weights"""
        return self._set(loras=value)

    mask_image: Param[str] = Param(Params._dummy(), "mask_image", "image file, white where init_image is painted anew; empty: none", TypeConverters.toString)

    def setMaskImage(self: P, value: str) -> P:
        """image file, white where init_image is painted anew; empty: none"""
        return self._set(mask_image=value)

    mask_image_sha256: Param[str] = Param(Params._dummy(), "mask_image_sha256", "SHA-256 that the file of mask_image must have; empty: any", TypeConverters.toString)

    def setMaskImageSha256(self: P, value: str) -> P:
        """SHA-256 that the file of mask_image must have; empty: any"""
        return self._set(mask_image_sha256=value)

    modelUrl: Param[str] = Param(Params._dummy(), "modelUrl", "model: local folder, any Hadoop path or hub id", TypeConverters.toString)

    def setModelUrl(self: P, value: str) -> P:
        """model: local folder, any Hadoop path or hub id"""
        return self._set(modelUrl=value)

    model_cache_dir: Param[str] = Param(Params._dummy(), "model_cache_dir", "local folder of models' copies; empty: the usual", TypeConverters.toString)

    def setModelCacheDir(self: P, value: str) -> P:
        """local folder of models' copies; empty: the usual"""
        return self._set(model_cache_dir=value)

    model_digest: Param[str] = Param(Params._dummy(), "model_digest", "digest that the model must have; empty: any", TypeConverters.toString)

    def setModelDigest(self: P, value: str) -> P:
        """digest that the model must have; empty: any"""
        return self._set(model_digest=value)

    negativePromptCol: Param[str] = Param(Params._dummy(), "negativePromptCol", "column of what to avoid, where it is there", TypeConverters.toString)

    def setNegativePromptCol(self: P, value: str) -> P:
        """column of what to avoid, where it is there"""
        return self._set(negativePromptCol=value)

    negative_prompt: Param[str] = Param(Params._dummy(), "negative_prompt", "what to avoid", TypeConverters.toString)

    def setNegativePrompt(self: P, value: str) -> P:
        """what to avoid"""
        return self._set(negative_prompt=value)

    noise_level: Param[int] = Param(Params._dummy(), "noise_level", "with an upscaling model: noise over init_image, 0 to 350", TypeConverters.toInt)

    def setNoiseLevel(self: P, value: int) -> P:
        """with an upscaling model: noise over init_image, 0 to 350"""
        return self._set(noise_level=value)

    num_images: Param[int] = Param(Params._dummy(), "num_images", "images for each row, 1 to 10000", TypeConverters.toInt)

    def setNumImages(self: P, value: int) -> P:
        """images for each row, 1 to 10000"""
        return self._set(num_images=value)

    num_inference_steps: Param[int] = Param(Params._dummy(), "num_inference_steps", "denoising steps, 1 to 1000", TypeConverters.toInt)

    def setNumInferenceSteps(self: P, value: int) -> P:
        """denoising steps, 1 to 1000"""
        return self._set(num_inference_steps=value)

    outputCol: Param[str] = Param(Params._dummy(), "outputCol", "column of images, which is added", TypeConverters.toString)

    def setOutputCol(self: P, value: str) -> P:
        """column of images, which is added"""
        return self._set(outputCol=value)

    png_ai_mark: Param[bool] = Param(Params._dummy(), "png_ai_mark", "mark PNGs as made by a model", TypeConverters.toBoolean)

    def setPngAiMark(self: P, value: bool) -> P:
        """mark PNGs as made by a model"""
        return self._set(png_ai_mark=value)

    png_parameters: Param[bool] = Param(Params._dummy(), "png_parameters", "write prompts and parameters into PNGs", TypeConverters.toBoolean)

    def setPngParameters(self: P, value: bool) -> P:
        """write prompts and parameters into PNGs"""
        return self._set(png_parameters=value)

    prompt_syntax: Param[str] = Param(Params._dummy(), "prompt_syntax", "what brackets in texts mean: plain, a1111", TypeConverters.toString)

    def setPromptSyntax(self: P, value: str) -> P:
        """what brackets in texts mean: plain, a1111"""
        return self._set(prompt_syntax=value)

    revision: Param[str] = Param(Params._dummy(), "revision", "branch, tag or commit of a hub id; empty: main", TypeConverters.toString)

    def setRevision(self: P, value: str) -> P:
        """branch, tag or commit of a hub id; empty: main"""
        return self._set(revision=value)

    scheduler: Param[str] = Param(Params._dummy(), "scheduler", "sampler, such as ddim, euler or dpm++_2m", TypeConverters.toString)

    def setScheduler(self: P, value: str) -> P:
        """sampler, such as ddim, euler or dpm++_2m"""
        return self._set(scheduler=value)

    seed: Param[int] = Param(Params._dummy(), "seed", "rows without a seed derive theirs from it and their id", TypeConverters.toInt)

    def setSeed(self: P, value: int) -> P:
        """rows without a seed derive theirs from it and their id"""
        return self._set(seed=value)

    strength: Param[float] = Param(Params._dummy(), "strength", "how much of init_image is drawn anew, 0 to 1", TypeConverters.toFloat)

    def setStrength(self: P, value: float) -> P:
        """how much of init_image is drawn anew, 0 to 1"""
        return self._set(strength=value)

    vae_tiling: Param[str] = Param(Params._dummy(), "vae_tiling", "large images in tiles: auto, on, off", TypeConverters.toString)

    def setVaeTiling(self: P, value: str) -> P:
        """large images in tiles: auto, on, off"""
        return self._set(vae_tiling=value)

    variant: Param[str] = Param(Params._dummy(), "variant", "which of several weights, as fp16 or non_ema; empty: the usual", TypeConverters.toString)

    def setVariant(self: P, value: str) -> P:
        """which of several weights, as fp16 or non_ema; empty: the usual"""
        return self._set(variant=value)

    width: Param[int] = Param(Params._dummy(), "width", "pixels, a multiple of 8 from 8 to 4096", TypeConverters.toInt)

    def setWidth(self: P, value: int) -> P:
        """pixels, a multiple of 8 from 8 to 4096"""
        return self._set(width=value)

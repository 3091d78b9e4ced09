"""Stable Diffusion 2 as a stage of Spark ML, from PySpark: a thin wrapper of the Java class in the job's jar.

    spark = sparkdiffusion.start()
    generator = TextToImage(modelUrl="models/tiny-sd2-1", height=128, width=128, guidance_rescale=0.7)
    generator.transform(spark.createDataFrame([("a red circle",)], ["prompt"])).write.parquet("images")
"""

import sys

try:
    import numpy  # noqa: F401
except ImportError as error:
    raise ImportError("Cannot import sparkdiffusion: pyspark.ml needs numpy, which pyspark does not bring; pip install numpy") from error

from pyspark import SparkContext
from pyspark.ml.param import Param, Params, TypeConverters
from pyspark.ml.util import JavaMLReadable, JavaMLReader, JavaMLWritable
from pyspark.ml.wrapper import JavaTransformer

from sparkdiffusion.session import configure, find_jar, has_class, start

__all__ = ["TextToImage", "configure", "find_jar", "start"]

_PACKAGE = "io.sparkdiffusion.spark.ml"
_CLASS = _PACKAGE + ".TextToImage"


def _text(name, doc):
    return Param(Params._dummy(), name, doc, TypeConverters.toString)


def _integer(name, doc):
    return Param(Params._dummy(), name, doc, TypeConverters.toInt)


def _number(name, doc):
    return Param(Params._dummy(), name, doc, TypeConverters.toFloat)


def _boolean(name, doc):
    return Param(Params._dummy(), name, doc, TypeConverters.toBoolean)


def _require_class():
    """Without the jar py4j only says that a package cannot be called."""
    context = SparkContext._active_spark_context
    if context is None:
        raise RuntimeError("Cannot make a TextToImage: a Spark session must run (none does); sparkdiffusion.start() starts one")
    if not has_class(context._jvm):
        jars = context.getConf().get("spark.jars", "")
        raise RuntimeError(
            "Cannot make a TextToImage: the job's jar must be on the class path before the session starts, by sparkdiffusion.start(),"
            f" spark.jars or --jars (spark.jars is {jars!r})"
        )


class _Reader(JavaMLReader):
    """Reads what either side has written; the Java class has another name than this module."""

    @classmethod
    def _java_loader_class(cls, clazz):
        return _CLASS


class TextToImage(JavaTransformer, JavaMLReadable, JavaMLWritable):
    """Generates an image of each row's prompt. All columns are kept; ``outputCol`` is added as a struct of ``bytes`` (a PNG file),
    ``status`` (``generated`` or ``failed``), ``error`` and every parameter that made the image.

    Parameters can be given by name, or set one by one as in Java: ``setGuidanceScale(5)``. Columns of the table that are called
    ``seed``, ``num_inference_steps`` and so on override them where they are not null. Images are generated when rows are requested,
    and again by each action: write or persist them.
    """

    inputCol = _text("inputCol", "column of prompts")
    outputCol = _text("outputCol", "column of images, which is added")
    idCol = _text("idCol", "column of ids; without one, the prompt's SHA-256 is the id")
    negativePromptCol = _text("negativePromptCol", "column of what to avoid, where it is there")
    modelUrl = _text("modelUrl", "model: local folder, any Hadoop path or hub id")
    revision = _text("revision", "branch, tag or commit of a hub id; empty: main")
    from_pt = _boolean("from_pt", "PyTorch's weights; false: Flax's")
    variant = _text("variant", "which of several weights, as fp16 or non_ema; empty: the usual")
    model_digest = _text("model_digest", "digest that the model must have; empty: any")
    model_cache_dir = _text("model_cache_dir", "local folder of models' copies; empty: the usual")
    diffusion_scheduler_config = _text("diffusion_scheduler_config", "mapping that wins over the model's, YAML or JSON")
    negative_prompt = _text("negative_prompt", "what to avoid")
    seed = _integer("seed", "rows without a seed derive theirs from it and their id")
    num_images = _integer("num_images", "images for each row, 1 to 10000")
    num_inference_steps = _integer("num_inference_steps", "denoising steps, 1 to 1000")
    guidance_scale = _number("guidance_scale", "strength of guidance, 0 or more; at most 1: without")
    guidance_rescale = _number("guidance_rescale", "against overexposure, 0 to 1; 0.7 goes with 7.5")
    height = _integer("height", "pixels, a multiple of 8 from 8 to 4096")
    width = _integer("width", "pixels, a multiple of 8 from 8 to 4096")
    scheduler = _text("scheduler", "sampler: ddim")
    eta = _number("eta", "share of noise in each DDIM step, 0 to 1")
    device = _text("device", "auto, cpu, cuda or cuda:N")
    libtorch_path = _text("libtorch_path", "folder of a PyTorch on each executor, for GPUs; empty: the job's")
    dtype = _text("dtype", "number format: float32, bfloat16, float16 (GPU only)")
    batchSize = _integer("batchSize", "images in a batch on a GPU; every batch is padded to it")
    png_parameters = _boolean("png_parameters", "write prompts and parameters into PNGs")
    png_ai_mark = _boolean("png_ai_mark", "mark PNGs as made by a model")

    def __init__(self, **params):
        super().__init__()
        _require_class()
        self._java_obj = self._new_java_obj(_CLASS, self.uid)
        self._transfer_params_from_java()  # the usual values
        self._set(**params)

    @classmethod
    def read(cls):
        return _Reader(cls)


def _add_setters():
    """One for each parameter, called as in Java: setInputCol, setNumInferenceSteps."""
    for name, param in list(vars(TextToImage).items()):
        if isinstance(param, Param):
            words = "".join(word[0].upper() + word[1:] for word in name.split("_"))

            def setter(self, value, name=name):
                return self._set(**{name: value})

            setter.__doc__ = param.doc
            setattr(TextToImage, "set" + words, setter)


_add_setters()

# PySpark looks for the Python side of a stage, as of a pipeline that it loads, in a module called like its Java package.
sys.modules[_PACKAGE] = sys.modules[__name__]

"""Stable Diffusion 2 as a stage of Spark ML, from PySpark: a thin wrapper of the Java class in the job's jar.

    spark = sparkdiffusion.start()
    generator = TextToImage(modelUrl="models/tiny-sd2-1", height=128, width=128, guidance_rescale=0.7)
    generator.transform(spark.createDataFrame([("a red circle",)], ["prompt"])).write.parquet("images")
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, cast

try:
    import numpy  # noqa: F401
except ImportError as error:
    raise ImportError("Cannot import sparkdiffusion: pyspark.ml needs numpy, which pyspark does not bring; pip install numpy") from error

import pyspark
from pyspark import SparkContext
from pyspark.ml.util import JavaMLReadable, JavaMLReader, JavaMLWritable
from pyspark.ml.wrapper import JavaTransformer
from pyspark.sql.utils import is_remote

from sparkdiffusion.parameters import Parameters
from sparkdiffusion.session import configure, coordinates, find_jar, has_class, start
from sparkdiffusion.version import VERSION as __version__

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from sparkdiffusion.parameters import Given

__all__ = ["TextToImage", "__version__", "configure", "coordinates", "find_jar", "start"]

_PACKAGE = "io.sparkdiffusion.spark.ml"
_CLASS = _PACKAGE + ".TextToImage"


def _require_class() -> None:
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


def _require_remote_stages() -> None:
    if pyspark.__version__.startswith("3."):
        raise RuntimeError(
            "Cannot make a TextToImage on Spark Connect: its stages need Spark 4, call the SQL function text_to_image"
            f" (PySpark {pyspark.__version__})"
        )


class _Reader(JavaMLReader["TextToImage"]):
    """Reads what either side has written; the Java class has another name than this module."""

    @classmethod
    def _java_loader_class(cls, clazz: Any) -> str:
        return _CLASS


class TextToImage(JavaTransformer, Parameters, JavaMLReadable["TextToImage"], JavaMLWritable):
    """Generates an image of each row's prompt. All columns are kept; ``outputCol`` is added as a struct of ``bytes`` (a PNG file),
    ``status`` (``generated`` or ``failed``), ``error`` and every parameter that made the image.

    Parameters can be given by name, or set one by one as in Java: ``setGuidanceScale(5)``. Columns of the table that are called
    ``seed``, ``num_inference_steps`` and so on override them where they are not null. Images are generated when rows are requested,
    and again by each action: write or persist them.
    """

    def __init__(self, **params: Unpack[Given]) -> None:
        """:raises RuntimeError: where no Spark runs, or one without the jar"""
        super().__init__()
        if is_remote():
            _require_remote_stages()
            self._java_obj = cast(Any, _CLASS)  # the server makes it, which has the usual values
        else:
            _require_class()
            self._java_obj = self._new_java_obj(_CLASS, self.uid)
            self._transfer_params_from_java()  # the usual values
        self._set(**params)

    @classmethod
    def read(cls) -> JavaMLReader[TextToImage]:
        """Reads a stage that Python or Java has saved."""
        return _Reader(cls)


# PySpark looks for the Python side of a stage, as of a pipeline that it loads, in a module called like its Java package.
sys.modules[_PACKAGE] = sys.modules[__name__]

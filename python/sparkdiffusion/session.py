"""Starts Spark with the job's jar on its class path."""

import glob
import os

import pyspark
from py4j.java_gateway import JavaPackage
from pyspark.sql import SparkSession

__all__ = ["configure", "find_jar", "start"]

# The line of Scala is PySpark's: 2.13 since Spark 4.
JAR = f"spark-diffusion_{'2.12' if pyspark.__version__.startswith('3.') else '2.13'}-*-job.jar"
_HERE = os.path.dirname(os.path.abspath(__file__))


def find_jar(jar=None):
    """The job's jar: the one given, else ``SPARK_DIFFUSION_JAR``, else the one built in the checkout around this module or the working
    directory."""
    given = jar or os.environ.get("SPARK_DIFFUSION_JAR")
    if given:
        if "://" not in given and not os.path.isfile(given):
            raise FileNotFoundError(f"Cannot use the job's jar: the file must exist ({given})")
        return given
    folders = [os.path.join(_HERE, "..", "..", "target"), "target"]
    for folder in folders:
        found = sorted(glob.glob(os.path.join(folder, JAR)))
        if found:
            return os.path.abspath(found[-1])
    raise FileNotFoundError(
        "Cannot find the job's jar: build it with ./mvnw -Pquick package, for Spark 4 -Pquick,spark-4, and start in the checkout, or give its path as jar= or in"
        f" SPARK_DIFFUSION_JAR (looked for {JAR} in {' and '.join(os.path.abspath(folder) for folder in folders)})"
    )


def configure(builder, jar=None):
    """Adds the jar to a ``SparkSession.builder``, keeps the jars it has, and returns it."""
    with builder._lock:
        known = builder._options.get("spark.jars", "")
    return builder.config("spark.jars", ",".join(one for one in (known, find_jar(jar)) if one))


def start(master="local[1]", jar=None, **options):
    """A session with the job's jar. One image at a time is fastest on a CPU, since each uses all of its cores: hence ``local[1]``.

    ``options`` are Spark's, with two underscores for each dot: ``start(spark__driver__memory="4g")``.
    """
    builder = configure(SparkSession.builder.master(master).appName("spark-diffusion"), jar)
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    for name, value in options.items():
        builder = builder.config(name.replace("__", "."), value)
    session = builder.getOrCreate()
    if not has_class(session._jvm):
        raise RuntimeError(
            "Cannot draw in this session: the job's jar must be there before Spark starts (Spark has started without it); start Python"
            " anew, and call sparkdiffusion.start() first"
        )
    return session


def has_class(jvm):
    """Whether the JVM knows the transformer: py4j takes an unknown name for a package."""
    return not isinstance(jvm.io.sparkdiffusion.spark.ml.TextToImage, JavaPackage)

"""Starts Spark with the jar that draws on its class path."""

from __future__ import annotations

import glob
import os
from typing import Any

import pyspark
from py4j.java_gateway import JavaPackage  # type: ignore[import-untyped]
from pyspark.errors import PySparkRuntimeError
from pyspark.sql import SparkSession

from sparkdiffusion.version import VERSION

__all__ = ["configure", "coordinates", "find_jar", "start"]

JAR = "spark-diffusion_{scala}-*-job.jar"
PACKAGE = "io.sparkdiffusion:spark-diffusion_{scala}:{version}"
EXTENSIONS = "io.sparkdiffusion.spark.ml.SqlFunctions"
_HERE = os.path.dirname(os.path.abspath(__file__))


def _is_spark_3() -> bool:
    return bool(pyspark.__version__.startswith("3."))


def _scala() -> str:
    """The Scala of this PySpark's own jars."""
    return "2.12" if _is_spark_3() else "2.13"


def coordinates() -> str:
    """What Maven's repositories know the jar by, for this version and the Scala of the PySpark that is installed."""
    return PACKAGE.format(scala=_scala(), version=VERSION.replace(".dev0", "-SNAPSHOT"))


def _folders() -> list[str]:
    return [os.path.abspath(folder) for folder in (os.path.join(_HERE, "..", "..", "target"), "target")]


def _look_for_jar(jar: str | None) -> str | None:
    given = jar or os.environ.get("SPARK_DIFFUSION_JAR")
    if given:
        if "://" not in given and not os.path.isfile(given):
            raise FileNotFoundError(f"Cannot use the job's jar: the file must exist ({given})")
        return given
    for folder in _folders():
        found = sorted(glob.glob(os.path.join(folder, JAR.format(scala=_scala()))))
        if found:
            return found[-1]
    return None


def find_jar(jar: str | None = None) -> str:
    """The job's jar: the one given, else ``SPARK_DIFFUSION_JAR``, else the one built in the checkout around this module or the working
    directory.

    :raises FileNotFoundError: where there is none
    """
    found = _look_for_jar(jar)
    if found is None:
        raise FileNotFoundError(
            "Cannot find the job's jar: build it with ./mvnw -Pquick package, for Spark 4 -Pquick,spark-4, and start in the checkout, or"
            f" give its path as jar= or in SPARK_DIFFUSION_JAR (looked for {JAR.format(scala=_scala())} in {' and '.join(_folders())})"
        )
    return found


def configure(builder: SparkSession.Builder, jar: str | None = None, repositories: str | None = None) -> SparkSession.Builder:
    """Adds the jar that :func:`find_jar` finds to a ``SparkSession.builder``, or else its :func:`coordinates`, and the SQL function
    ``text_to_image``; keeps the jars, packages and extensions that it has, and returns it.

    :param repositories: where Maven's coordinates are looked for besides Maven Central, such as ``file:/folder``, parted by commas;
        by default ``SPARK_DIFFUSION_REPOSITORIES``
    """
    if _is_spark_3():  # Spark 4 finds it as a service, in PySpark's sessions too
        _append(builder, "spark.sql.extensions", EXTENSIONS)
    found = _look_for_jar(jar)
    if found is not None:
        return _append(builder, "spark.jars", found)
    others = repositories or os.environ.get("SPARK_DIFFUSION_REPOSITORIES")
    if others:
        _append(builder, "spark.jars.repositories", others)
    return _append(builder, "spark.jars.packages", coordinates())


def _append(builder: SparkSession.Builder, key: str, value: str) -> SparkSession.Builder:
    with builder._lock:
        known = builder._options.get(key, "")
    return builder.config(key, ",".join(one for one in (known, value) if one))


def start(master: str = "local[1]", jar: str | None = None, repositories: str | None = None, **options: Any) -> SparkSession:
    """A session that can draw. One image at a time is fastest on a CPU, since each uses all of its cores: hence ``local[1]``.

    ``jar`` and ``repositories`` are those of :func:`configure`; ``options`` are Spark's, with two underscores for each dot:
    ``start(spark__driver__memory="4g")``.

    :raises RuntimeError: where Spark runs already without the jar, or does not start
    """
    builder = configure(SparkSession.Builder().master(master).appName("spark-diffusion"), jar, repositories)
    builder = builder.config("spark.ui.showConsoleProgress", "false")
    for name, value in options.items():
        builder = builder.config(name.replace("__", "."), value)
    try:
        session = builder.getOrCreate()
    except PySparkRuntimeError as error:
        packages = builder._options.get("spark.jars.packages")
        if not packages:
            raise
        raise RuntimeError(
            f"Cannot start Spark with {packages}: repositories= must name where it is, or jar= the job's jar (Spark says more above)"
        ) from error
    if not has_class(session._jvm):
        raise RuntimeError(
            "Cannot draw in this session: the job's jar must be there before Spark starts (Spark has started without it); start Python"
            " anew, and call sparkdiffusion.start() first"
        )
    return session


def has_class(jvm: Any) -> bool:
    """Whether the JVM knows the transformer: py4j takes an unknown name for a package."""
    return not isinstance(jvm.io.sparkdiffusion.spark.ml.TextToImage, JavaPackage)

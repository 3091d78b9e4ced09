"""Draws from PySpark what the batch job has drawn into OUTPUT from configs/tiny.yml, through a pipeline that is saved and loaded, from
a stream, behind a view of SQL and as docs/programs.md does it, and checks that all bytes are the job's: OUTPUT."""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import sparkdiffusion
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import HashingTF, Tokenizer
from pyspark.ml.param import Param
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

ROWS = 2
BARE = "--bare"
MODEL, SEED, STEPS, SIZE, GUIDANCE = "models/tiny-sd2-base", 0, 15, 128, 7.5  # as configs/tiny.yml has them


def check_parameters(stage):
    """Python's parameters are Java's, with the same texts and usual values."""
    theirs = {param.name(): param for param in stage._java_obj.params()}
    ours = {param.name: param for param in stage.params}
    assert ours.keys() == theirs.keys(), ours.keys() ^ theirs.keys()
    for name, param in ours.items():
        assert isinstance(param, Param) and param.doc == theirs[name].doc(), name
        assert stage.hasDefault(param) == stage._java_obj.hasDefault(theirs[name]), name
        setter = "set" + "".join(word[0].upper() + word[1:] for word in name.split("_"))
        assert hasattr(stage, setter) and hasattr(stage._java_obj, setter), setter


def check_errors(spark):
    wrong = sparkdiffusion.TextToImage(modelUrl=MODEL, guidance_scale=5, height=9)
    try:
        wrong.transform(spark.createDataFrame([("a fox",)], ["text"]))
    except Exception as error:
        assert "Cannot use height: it must be a multiple of 8 from 8 to 4096 (9)" in str(error), error
        assert "Cannot read prompt from column prompt: the table must have it (text)" in str(error), error
    else:
        raise AssertionError("a wrong height and a missing column were taken")


def draw(spark, prompts):
    drawing = sparkdiffusion.TextToImage(modelUrl=MODEL, seed=SEED, num_inference_steps=STEPS)
    drawing.setHeight(SIZE).setWidth(SIZE).setGuidanceScale(GUIDANCE)
    check_parameters(drawing)
    stages = [Tokenizer(inputCol="prompt", outputCol="words"), HashingTF(inputCol="words", outputCol="features"), drawing]
    with tempfile.TemporaryDirectory() as folder:
        Pipeline(stages=stages).fit(prompts).write().overwrite().save(folder)
        loaded = PipelineModel.load(folder)
    again = loaded.stages[-1]
    assert type(again) is sparkdiffusion.TextToImage and again.uid == drawing.uid
    assert again.getOrDefault("guidance_scale") == GUIDANCE and again.getOrDefault("modelUrl") == MODEL
    return loaded.transform(prompts)


def check_jar():
    """What is said where the jar is not there, before Spark and with a Spark that lacks it."""
    os.environ["SPARK_DIFFUSION_JAR"] = "nowhere.jar"
    said = error_of(FileNotFoundError, sparkdiffusion.find_jar)
    assert said == "Cannot use the job's jar: the file must exist (nowhere.jar)", said
    del os.environ["SPARK_DIFFUSION_JAR"]
    said = error_of(RuntimeError, sparkdiffusion.TextToImage)
    assert said.startswith("Cannot make a TextToImage: a Spark session must run"), said

    subprocess.run([sys.executable, __file__, BARE], check=True)
    with_own = sparkdiffusion.configure(SparkSession.Builder().config("spark.jars", "own.jar"))._options["spark.jars"].split(",")
    assert with_own == ["own.jar", sparkdiffusion.find_jar()], with_own
    of_build = re.search("<version>(.*?)</version>", Path("pom.xml").read_text()).group(1)
    assert sparkdiffusion.coordinates().endswith(f":{of_build}"), (sparkdiffusion.coordinates(), of_build)


def check_bare():
    """A Spark that has started without the jar; its JVM stays as it is."""
    bare = SparkSession.builder.master("local[1]").config("spark.ui.enabled", False).getOrCreate()
    said = error_of(RuntimeError, sparkdiffusion.TextToImage)
    assert said.startswith("Cannot make a TextToImage: the job's jar must be on the class path"), said
    bare.stop()
    said = error_of(RuntimeError, sparkdiffusion.start)
    assert said.startswith("Cannot draw in this session: the job's jar must be there before Spark starts"), said


def error_of(kind, action):
    try:
        action()
    except kind as error:
        return str(error)
    raise AssertionError(f"{action} must raise a {kind.__name__}")


def streamed(spark, prompts, folder):
    """The images of a stream of files, by a sink and batch by batch."""
    prompts.write.parquet(f"{folder}/in")
    drawing = sparkdiffusion.TextToImage(modelUrl=MODEL, num_inference_steps=STEPS, height=SIZE, width=SIZE)
    stream = spark.readStream.schema(prompts.schema).parquet(f"{folder}/in")
    sinks = {
        "sink": drawing.transform(stream).writeStream.format("parquet").option("path", f"{folder}/sink"),
        "batches": stream.writeStream.foreachBatch(lambda batch, _: drawing.transform(batch).write.parquet(f"{folder}/batches")),
    }
    for name, sink in sinks.items():
        sink.option("checkpointLocation", f"{folder}/checkpoint-{name}").trigger(availableNow=True).start().awaitTermination()
    return [spark.read.parquet(f"{folder}/{name}") for name in sinks]


def viewed(spark, prompts):
    drawing = sparkdiffusion.TextToImage(modelUrl=MODEL, num_inference_steps=STEPS, height=SIZE, width=SIZE)
    drawing.transform(prompts).createOrReplaceTempView("drawn")
    return spark.sql("SELECT id, image FROM drawn")


def by_function(spark, prompts):
    prompts.createOrReplaceTempView("prompts")
    parameters = {"modelUrl": MODEL, "num_inference_steps": STEPS, "height": SIZE, "width": SIZE}
    texts = ", ".join(f"'{name}', '{value}'" for name, value in parameters.items())
    return spark.sql(f"SELECT * FROM text_to_image(TABLE(prompts), map({texts}))")


def main(output):
    check_jar()
    spark = sparkdiffusion.start(spark__ui__enabled=False, spark__sql__shuffle__partitions=1)
    spark.sparkContext.setLogLevel("ERROR")
    prompts = spark.read.csv("configs/tiny_prompts.csv", header=True).orderBy("id").limit(ROWS)
    check_errors(spark)
    drawn = draw(spark, prompts)
    assert drawn.columns == prompts.columns + ["words", "features", "image"], drawn.columns
    exec(re.search(r"```python\n(.*?)```", Path("docs/programs.md").read_text(), re.S).group(1), {})
    of_job = {row.id: row.sha256 for row in spark.read.parquet(f"{output}/rows").where("status = 'generated'").collect()}
    with tempfile.TemporaryDirectory() as folder:
        one = spark.createDataFrame(prompts.limit(1).collect(), prompts.schema)
        tables = [(drawn, ROWS), (spark.read.parquet("output/images"), 2), (viewed(spark, one), 1), (by_function(spark, one), 1)]
        for images, count in tables + [(images, 1) for images in streamed(spark, one, folder)]:
            rows = images.select("id", "image.*", F.sha2("image.bytes", 256).alias("sum")).collect()
            assert len(rows) == count, rows
            for row in rows:
                assert row.status == "generated" and row.sum == row.sha256 == of_job[row.id], (row.id, row.error)
    print(
        f"PySpark {spark.version}: images of a loaded pipeline, of a stream, behind a view, by the function of SQL and of the documents'"
        " lines are the job's, byte for byte"
    )
    spark.stop()


if __name__ == "__main__":
    check_bare() if sys.argv[1] == BARE else main(*sys.argv[1:])

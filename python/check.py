"""Draws from PySpark what the batch job has drawn into OUTPUT from configs/tiny.yml, through a pipeline that is saved and loaded and as
the README does it, and checks that all bytes are the job's: JAR OUTPUT."""

import re
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
MODEL, SEED, STEPS, SIZE, GUIDANCE = "models/tiny-sd2-base", 0, 20, 128, 7.5  # as configs/tiny.yml has them


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


def main(jar, output):
    spark = (
        SparkSession.builder.master("local[1]").appName("check").config("spark.jars", jar).config("spark.ui.enabled", False)
        .config("spark.ui.showConsoleProgress", False).config("spark.sql.shuffle.partitions", 1)
        .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1").getOrCreate()
    )
    spark.sparkContext.setLogLevel("ERROR")
    prompts = spark.read.csv("configs/tiny_prompts.csv", header=True).orderBy("id").limit(ROWS)
    check_errors(spark)
    drawn = draw(spark, prompts)
    assert drawn.columns == prompts.columns + ["words", "features", "image"], drawn.columns
    exec(re.search(r"```python\n(.*?)```", Path("README.md").read_text(), re.S).group(1), {})
    of_job = {row.id: row.sha256 for row in spark.read.parquet(f"{output}/rows").where("status = 'generated'").collect()}
    for pictures, count in [(drawn, ROWS), (spark.read.parquet("output/pictures"), 2)]:
        rows = pictures.select("id", "image.*", F.sha2("image.bytes", 256).alias("sum")).collect()
        assert len(rows) == count, rows
        for row in rows:
            assert row.status == "generated" and row.sum == row.sha256 == of_job[row.id], (row.id, row.error)
    print(f"PySpark {spark.version}: pictures of a loaded pipeline and of the README's lines are the job's, byte for byte")
    spark.stop()


if __name__ == "__main__":
    main(*sys.argv[1:])

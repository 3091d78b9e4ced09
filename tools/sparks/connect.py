"""Draws by SQL through Spark Connect what the job has drawn into OUTPUT, and checks the bytes: REMOTE OUTPUT."""

import hashlib
import re
import sys
import time
from pathlib import Path

import sparkdiffusion
from pyspark.sql import SparkSession

STEPS = int(re.search(r"^num_inference_steps: (\d+)", Path("configs/tiny.yml").read_text(), re.M).group(1))

FUNCTION = """
    SELECT id, image.status, image.sha256, image.bytes
    FROM text_to_image(TABLE({table}), map('modelUrl', 'models/tiny-sd2-base', 'height', '128', 'width', '128', 'num_inference_steps', '{steps}'))
"""


def connected(remote):
    """The server takes half a minute to start."""
    for _ in range(120):
        try:
            spark = SparkSession.builder.remote(remote).getOrCreate()
            spark.range(1).collect()
            return spark
        except Exception as error:
            said = error
            time.sleep(1)
    raise said


def check(rows, of_job, count):
    assert len(rows) == count, rows
    for row in rows:
        assert row.status == "generated", row
        assert hashlib.sha256(bytes(row.bytes)).hexdigest() == row.sha256 == of_job[row.id], row.id


def transform(spark, prompts, of_job):
    """The stage itself, which Spark 4 lets a client name."""
    settings = dict(modelUrl="models/tiny-sd2-base", height=128, width=128, num_inference_steps=STEPS, guidance_scale=7.5, seed=0)
    if spark.version.startswith("3."):
        try:
            sparkdiffusion.TextToImage(**settings)
        except RuntimeError as error:
            assert str(error).startswith("Cannot make a TextToImage on Spark Connect: its stages need Spark 4"), error
        else:
            raise AssertionError("Spark 3.5 was taken")
        return
    images = sparkdiffusion.TextToImage(**settings).transform(prompts)
    check(images.select("id", "image.*").collect(), of_job, 2)


def main(remote, output):
    spark = connected(remote)
    assert not hasattr(spark, "_jvm") or "connect" in type(spark).__module__
    of_job = {row.id: row.sha256 for row in spark.read.parquet(f"{output}/rows").where("status = 'generated'").collect()}
    prompts = spark.read.csv("configs/tiny_prompts.csv", header=True).limit(2)
    prompts.createOrReplaceTempView("prompts")
    check(spark.sql(FUNCTION.format(steps=STEPS, table="prompts")).collect(), of_job, 2)
    check(spark.sql(FUNCTION.format(steps=STEPS, table="SELECT id, prompt, 1 AS seed FROM prompts WHERE id = 'red-circle'")).collect(), of_job, 1)

    # What the client has in its own memory.
    own = spark.createDataFrame([(row.id, row.prompt, row.seed) for row in prompts.collect()], "id STRING, prompt STRING, seed STRING")
    own.createOrReplaceTempView("own")
    check(spark.sql(FUNCTION.format(steps=STEPS, table="own")).collect(), of_job, 2)

    # A mistake is told as in a program, without a stack trace of ours.
    try:
        spark.sql("SELECT * FROM text_to_image(TABLE(prompts), map('modelUrl', 'm', 'height', '9'))").collect()
    except Exception as error:
        assert "it must be a multiple of 8 from 8 to 4096 (9)" in str(error), error
    else:
        raise AssertionError("a height of 9 was taken")
    transform(spark, prompts, of_job)
    print(f"Spark Connect {spark.version}: images by the function text_to_image, and by the stage on Spark 4, are the job's, byte for byte")


if __name__ == "__main__":
    main(*sys.argv[1:])

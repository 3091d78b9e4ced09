"""For tools/release/check: draws by the wheel, whose jar Spark fetches into the folder IVY, and compares with what the others have drawn."""

import os
import sys

import sparkdiffusion

SIZE = 128
OTHERS = {"a Maven project": "images", "spark-shell": "shell"}
OF_JOB = "job/rows"


def main(ivy: str) -> None:
    spark = sparkdiffusion.start(spark__ui__enabled=False, spark__jars__ivy=ivy)
    jars = (spark.conf.get("spark.jars", "") or "").split(",")
    assert any("spark-diffusion" in jar for jar in jars) and all(ivy in jar for jar in jars), jars
    prompts = spark.read.csv("configs/tiny_prompts.csv", header=True).limit(2)
    generator = sparkdiffusion.TextToImage(modelUrl="models/tiny-sd2-base", height=SIZE, width=SIZE, guidance_scale=7.5)
    drawn = generator.setNumInferenceSteps(int(os.environ["STEPS"])).transform(prompts)
    mine = {row["id"]: row["sha256"] for row in drawn.select("id", "image.sha256").collect()}
    assert len(mine) == 2 and all(mine.values()), mine
    for name, folder in OTHERS.items():
        theirs = spark.read.parquet(f"output/{folder}").select("id", "image.sha256").collect()
        assert {row["id"]: row["sha256"] for row in theirs} == mine, (name, theirs, mine)
    of_job = spark.read.parquet(f"output/{OF_JOB}").select("id", "sha256").collect()
    assert {row["id"]: row["sha256"] for row in of_job} == mine, (of_job, mine)
    print(
        f"PySpark {spark.version} with {sparkdiffusion.coordinates()}: the images are those of a Maven project, of spark-shell --packages and"
        " of the job, byte for byte"
    )
    spark.stop()


if __name__ == "__main__":
    main(sys.argv[1])

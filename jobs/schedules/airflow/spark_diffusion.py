"""Each night the pictures that a table asks for and that are not there yet, by Apache Airflow.

The connection spark_diffusion says where Spark is (for instance host local[1], or yarn), and spark-submit of a Spark 3.5 must be
on the workers' PATH. These variables of the workers' environment say the rest:

    SPARK_DIFFUSION_HOME      the checkout, with the jar that ./mvnw -Pquick package makes
    SPARK_DIFFUSION_PROMPTS   the table of prompts
    SPARK_DIFFUSION_OUTPUT    the output folder

The last line of the task's output, just above Airflow's own error, is the reason where a run fails.
"""

import os
from datetime import datetime, timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator
from airflow.sdk import DAG

HOME = os.environ.get("SPARK_DIFFUSION_HOME", "/opt/spark-diffusion")
PROMPTS = os.environ.get("SPARK_DIFFUSION_PROMPTS", f"{HOME}/configs/tiny_prompts.csv")
OUTPUT = os.environ.get("SPARK_DIFFUSION_OUTPUT", f"{HOME}/output/tiny")

with DAG(
    dag_id="spark_diffusion",
    schedule="10 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # one run makes all that is missing, so none has to be made up for
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5)},
):
    SparkSubmitOperator(
        task_id="generate",
        conn_id="spark_diffusion",
        application=f"{HOME}/target/spark-diffusion-0.1.0-SNAPSHOT-job.jar",
        java_class="io.sparkdiffusion.Main",
        name="spark-diffusion",
        driver_memory="2g",
        conf={
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{HOME}/jobs/lib/log4j2.properties"
            " -Dai.djl.offline=true",
            "spark.executorEnv.RUST_FLAVOR": "cpu",
            "spark.executorEnv.OPT_OUT_TRACKING": "true",
        },
        env_vars={"RUST_FLAVOR": "cpu", "OPT_OUT_TRACKING": "true"},
        application_args=[
            f"{HOME}/configs/tiny.yml",
            f"pretrained_model_name_or_path={HOME}/models/tiny-sd2-base",
            f"prompts={PROMPTS}",
            f"output_dir={OUTPUT}",
        ],
    )

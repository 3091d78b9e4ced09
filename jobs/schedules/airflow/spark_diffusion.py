"""Each night the images that a table asks for and that are not there yet, by Apache Airflow 2 or 3.

The connection spark_diffusion says where Spark is (for instance host local[1], or yarn), and spark-submit of a Spark 3.5 must be
on the workers' PATH. These variables of the workers' environment say the rest:

    SPARK_DIFFUSION_HOME      the checkout, with the jar that ./mvnw -Pquick package makes
    SPARK_DIFFUSION_CONFIG    the configuration file
    SPARK_DIFFUSION_MODEL     model folder or hub id
    SPARK_DIFFUSION_PROMPTS   the table of prompts
    SPARK_DIFFUSION_OUTPUT    the output folder
    SPARK_DIFFUSION_GPUS      1: an executor has one GPU and runs one task on it; the cluster's machines have Spark at SPARK_HOME
    SPARK_DIFFUSION_PACKAGES  Maven coordinates, as org.apache.hadoop:hadoop-aws:3.3.4 for s3a:// paths

Airflow's variable spark_diffusion_hf_token is the token of a private or gated hub model; on a cluster give HF_TOKEN to its machines
instead, since spark-submit would have it among its arguments. The last line of the task's output, just above Airflow's own error, is
the reason where a run fails.
"""

import os
import re
from datetime import datetime, timedelta

from airflow.providers.apache.spark.operators.spark_submit import SparkSubmitOperator

try:
    from airflow.sdk import DAG
    from airflow.sdk.exceptions import AirflowException, AirflowFailException
except ImportError:  # Airflow 2
    from airflow import DAG
    from airflow.exceptions import AirflowException, AirflowFailException

SPARK = os.environ.get("SPARK_HOME", "/opt/spark")
HOME = os.environ.get("SPARK_DIFFUSION_HOME", "/opt/spark-diffusion")
CONFIG = os.environ.get("SPARK_DIFFUSION_CONFIG", f"{HOME}/configs/tiny.yml")
MODEL = os.environ.get("SPARK_DIFFUSION_MODEL", f"{HOME}/models/tiny-sd2-base")
PROMPTS = os.environ.get("SPARK_DIFFUSION_PROMPTS", f"{HOME}/configs/tiny_prompts.csv")
OUTPUT = os.environ.get("SPARK_DIFFUSION_OUTPUT", f"{HOME}/output/tiny")

# As jobs/lib/launch.sh has them: memory that large tensors leave is kept, Java's compiler leaves the cores to libtorch.
ENVIRONMENT = {
    "RUST_FLAVOR": "cpu",
    "OPT_OUT_TRACKING": "true",
    "GLIBC_TUNABLES": ":".join(
        f"glibc.malloc.{one}"
        for one in ("arena_max=1", "mmap_threshold=1073741824", "trim_threshold=536870912", "tcache_count=0", "mxfast=0")
    ),
}
COMPILER = (
    "-XX:+IgnoreUnrecognizedVMOptions -XX:Tier4InvocationThreshold=500000 -XX:Tier4MinInvocationThreshold=60000"
    " -XX:Tier4CompileThreshold=1500000 -XX:Tier4BackEdgeThreshold=4000000"
)
GPU = {
    "spark.executor.resource.gpu.amount": "1",
    "spark.executor.resource.gpu.discoveryScript": f"{SPARK}/examples/src/main/scripts/getGpusResources.sh",
    "spark.task.resource.gpu.amount": "1",
}


class GenerateOperator(SparkSubmitOperator):
    """A mistake in settings or table (exit code 2) or too many failed rows (3) would only fail again: no retry."""

    def execute(self, context):
        try:
            return super().execute(context)
        except AirflowException as error:
            if re.search(r"Error code is: [23]\b", str(error)):
                raise AirflowFailException(str(error)) from error
            raise


with DAG(
    dag_id="spark_diffusion",
    schedule="10 2 * * *",
    start_date=datetime(2026, 1, 1),
    catchup=False,  # one run makes all that is missing, so none has to be made up for
    max_active_runs=1,
    default_args={"retries": 1, "retry_delay": timedelta(minutes=5), "execution_timeout": timedelta(hours=12)},
):
    GenerateOperator(
        task_id="generate",
        conn_id="spark_diffusion",
        application=f"{HOME}/target/spark-diffusion_2.12-0.1.0-job.jar",
        java_class="io.sparkdiffusion.Main",
        name="spark-diffusion",
        driver_memory="2g",
        packages=os.environ.get("SPARK_DIFFUSION_PACKAGES"),
        conf={
            "spark.ui.showConsoleProgress": "false",
            "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile=file:{HOME}/jobs/lib/log4j2.properties"
            " -Dai.djl.offline=true",
            "spark.driver.defaultJavaOptions": COMPILER,
            "spark.executor.defaultJavaOptions": COMPILER,
            **{f"spark.executorEnv.{name}": value for name, value in ENVIRONMENT.items()},
            **(GPU if os.environ.get("SPARK_DIFFUSION_GPUS") else {}),
        },
        env_vars={**ENVIRONMENT, "HF_TOKEN": "{{ var.value.get('spark_diffusion_hf_token', '') }}"},
        application_args=[
            CONFIG,
            f"pretrained_model_name_or_path={MODEL}",
            f"prompts={PROMPTS}",
            f"output_dir={OUTPUT}",
        ],
    )

"""Runs the job against moto's S3 server, behind a proxy that breaks things (faults.py), and compares what it left with a run on this
machine's disk: each image once, with the same bytes, nothing unfinished.

    tools/s3/run [PART ...]

On the Spark that SPARK_HOME names, else on the build's own, with the connector of that Spark's Hadoop.
"""

import hashlib
import io
import json
import logging
import os
import pathlib
import signal
import subprocess
import sys
import time

import boto3
import pyarrow.parquet
from faults import proxy
from moto.server import ThreadedMotoServer

BUCKET = "images"
WORK = pathlib.Path(".work/s3")
SPARK = pathlib.Path(os.environ.get("SPARK_HOME", "target/spark"))
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_REGION": "us-east-1"}
SETTINGS = ["num_inference_steps=2", "per_device_batch_size=1", "commit_group_images=4", f"model_cache_dir={WORK}/models"]
ALL = 24


class Store:
    """The bucket: what a run is to read is put there, what it left is read without faults."""

    def __init__(self):
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        self.server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        self.server.start()
        host, port = self.server.get_host_and_port()
        self.proxy = proxy((host, port))
        self.faults = self.proxy.faults
        self.endpoint = f"http://127.0.0.1:{self.proxy.server_address[1]}"
        self.s3 = boto3.client("s3", endpoint_url=f"http://{host}:{port}", region_name=KEYS["AWS_REGION"],
                               aws_access_key_id="test", aws_secret_access_key="test")
        self.s3.create_bucket(Bucket=BUCKET)
        model = pathlib.Path("models/tiny-sd2-base")
        for file in model.rglob("*"):
            if file.is_file():
                self.s3.upload_file(str(file), BUCKET, str(file))
        self.s3.upload_file("configs/tiny_prompts.csv", BUCKET, "prompts.csv")
        self.s3.upload_file("configs/tiny.yml", BUCKET, "tiny.yml")

    def names(self, folder):
        """Files; newer connectors keep an empty object for each folder that they have made."""
        pages = self.s3.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=folder + "/")
        keys = [o["Key"] for page in pages for o in page.get("Contents", [])]
        return [key[len(folder) + 1:] for key in keys if not key.endswith("/")]

    def read(self, key):
        return self.s3.get_object(Bucket=BUCKET, Key=key)["Body"].read()


class Disk:
    """The same for a folder of this machine."""

    def names(self, folder):
        return [str(f.relative_to(folder)) for f in pathlib.Path(folder).rglob("*") if f.is_file()]

    def read(self, key):
        return pathlib.Path(key).read_bytes()


def images(store, folder):
    """SHA-256 of each image by its file's name."""
    return {n: hashlib.sha256(store.read(f"{folder}/{n}")).hexdigest() for n in store.names(folder) if n.startswith("images/")}


def require(holds, what):
    if not holds:
        sys.exit(f"Cannot go on: {what}")


def connector():
    """The version that error messages and docs/operations.md tell users to take."""
    found = list(SPARK.glob("jars/hadoop-client-api-*.jar"))
    require(len(found) == 1, f"{SPARK}/jars must have one hadoop-client-api ({found})")
    return f"org.apache.hadoop:hadoop-aws:{found[0].stem.removeprefix('hadoop-client-api-')}"


def start(store, output, *settings, config="configs/tiny.yml", log=None):
    """The job on the store, with its model and its prompts there."""
    name = log or output
    options = {
        "spark.hadoop.fs.s3a.endpoint": store.endpoint,
        "spark.hadoop.fs.s3a.path.style.access": "true",
        "spark.hadoop.fs.s3a.connection.ssl.enabled": "false",
        # Spark 4.2's connector has another reader by default, which gives up at the first broken answer.
        "spark.hadoop.fs.s3a.input.stream.type": "classic",
    }
    command = ["jobs/generate", config, *SETTINGS, f"pretrained_model_name_or_path=s3a://{BUCKET}/models/tiny-sd2-base",
               f"prompts=s3a://{BUCKET}/prompts.csv", f"output_dir=s3a://{BUCKET}/{output}", *settings, "--",
               "--packages", connector(), "--master", "local[1,4]"]  # four tries of a task, as on a cluster
    for key, value in options.items():
        command += ["--conf", f"{key}={value}"]
    with open(WORK / f"{name}.log", "w") as file:
        process = subprocess.Popen(command, stdout=file, stderr=file, env=os.environ | KEYS, start_new_session=True)
    process.log = WORK / f"{name}.log"
    return process


def ended(process, code=0):
    """Waits for the job's end; its last line."""
    found = process.wait(timeout=900)
    text = process.log.read_text()
    require(found == code, f"{process.log} must end with exit code {code} ({found})\n{text[-3000:]}")
    return text.strip().splitlines()[-1]


def check(store, output, undisturbed):
    """Nothing lost, nothing twice, nothing unfinished, the same bytes."""
    names = store.names(output)
    drawn = images(store, output)
    different = sorted(name for name in drawn.keys() | undisturbed.keys() if drawn.get(name) != undisturbed.get(name))
    require(not different, f"{output} must have the images of an undisturbed run ({len(drawn)} are there, others are {different[:4]})")
    require(not [n for n in names if n.startswith("_") or n.endswith(".tmp")], f"{output} must have nothing unfinished ({names})")
    lists = [json.loads(store.read(f"{output}/{n}")) for n in names if n.startswith("rows/_manifests/") and n.endswith(".json")]
    listed = sorted(file for one in lists for file in one["files"])
    found = sorted(n[len("rows/"):] for n in names if n.startswith("rows/group="))
    require(listed == found, f"{output} must have the listed files of rows and no others ({listed} and {found})")
    rows = [row for n in found for row in pyarrow.parquet.read_table(
        io.BytesIO(store.read(f"{output}/rows/{n}")), columns=["id", "status", "sha256", "image"]).to_pylist()]
    require(len(rows) == ALL and {r["id"] for r in rows} == {r["id"] for r in rows if r["status"] == "generated"},
            f"{output} must have {ALL} rows, each once ({len(rows)})")
    require({r["image"]["path"]: r["sha256"] for r in rows} == undisturbed, f"{output}'s rows must name its images")


def plain(store, undisturbed):
    last = ended(start(store, "plain", config=f"s3a://{BUCKET}/tiny.yml"))
    require("24 generated, 0 skipped, 0 failed" in last, last)
    check(store, "plain", undisturbed)
    last = ended(start(store, "plain"))
    require("0 generated, 24 skipped, 0 failed" in last, last)
    check(store, "plain", undisturbed)


def faults(store, undisturbed):
    store.faults.set(**{"503": 7, "cut": 11, "lost": 13, "slow": 17})
    last = ended(start(store, "faults", f"model_cache_dir={WORK}/models-with-faults"))
    done = dict(store.faults.done)
    store.faults.set()
    require("24 generated, 0 skipped, 0 failed" in last, last)
    require(all(done.get(fault, 0) > 2 for fault in ("503", "cut", "lost", "slow")), f"all faults must have come ({done})")
    check(store, "faults", undisturbed)
    print(f"  the store did this meanwhile: {done}")


def kills(store, undisturbed):
    """kill -9 once the first group is there, again in the middle of the second run, then to the end, faults all the time."""
    store.faults.set(**{"503": 9, "lost": 19})
    for kill in range(2):
        process = start(store, "kills", log=f"kills-{kill}")
        before = len(images(store, "kills"))
        while len(images(store, "kills")) < before + 6 and process.poll() is None:
            time.sleep(0.05)
        require(process.poll() is None, f"{process.log} must still run")
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        require("_lock" in store.names("kills"), "a killed run must leave its lock")
    last = ended(start(store, "kills", log="kills-end"))
    store.faults.set()
    require(" 0 failed" in last and "0 skipped" not in last, last)
    check(store, "kills", undisturbed)


def two(store, undisturbed):
    """Two runs that begin at once: one makes the images, the other is refused."""
    both = [start(store, "two", log=f"two-{i}") for i in range(2)]
    codes = sorted(process.wait(timeout=900) for process in both)
    require(codes == [0, 2], f"one of two runs must be refused ({codes})")
    refused = next(process for process in both if process.returncode == 2)
    require("another run is writing to it" in refused.log.read_text(), refused.log.read_text()[-2000:])
    check(store, "two", undisturbed)


def mistakes(store, undisturbed):
    """What is told of a bucket that is not there, in one line."""
    last = ended(start(store, "nobucket", "output_dir=s3a://nobucket/out"), code=2)
    require(last.startswith("Cannot write to output_dir s3a://nobucket/out: "), last)
    print(f"  {last}")


PARTS = {part.__name__: part for part in (plain, faults, kills, two, mistakes)}


def main(parts):
    WORK.mkdir(parents=True, exist_ok=True)
    subprocess.run(["rm", "-rf", str(WORK)], check=True)
    WORK.mkdir()
    local = str(WORK / "local")
    with open(WORK / "local.log", "w") as log:
        subprocess.run(["jobs/generate", "configs/tiny.yml", *SETTINGS, f"output_dir={local}"], stdout=log, stderr=log, check=True)
    undisturbed = images(Disk(), local)
    require(len(undisturbed) == ALL, f"{ALL} images must be made here ({len(undisturbed)})")
    print(f"{SPARK} with {connector()}", flush=True)
    store = Store()
    for part in parts or PARTS:
        begun = time.monotonic()
        PARTS[part](store, undisturbed)
        print(f"s3 {part}: as it must be, {time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])

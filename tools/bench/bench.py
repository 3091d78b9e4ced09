"""Times Spark Diffusion beside diffusers and OpenVINO on this machine, turn by turn, into .work/bench/results.json; `publish.py` writes docs/ from it."""

import argparse
import csv
import json
import os
import re
import statistics
import subprocess
import sys
import threading
import time
from pathlib import Path

import diffusers
import torch
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import sides
from sides import REPOSITORY, Paced, Side, alternate, ended, ratio, take_turns

HERE = Path(__file__).resolve().parent
WORK = REPOSITORY / ".work/bench"
COMMIT = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()
MODEL = REPOSITORY / ".work/full-size/model"
TINY = REPOSITORY / "models/tiny-sd2-base"
JAVA = [REPOSITORY / "jobs/bench"]
DIFFUSERS = [sys.executable, HERE / "diffusers_worker.py"]
IMAGES_IN = {  # stage: the model's place in the folder, what is asked for, its tensor in the outputs
    "encoder": ("", "encoder", "encoded"), "control": ("", "control", "controlled"), "inpainting": ("inpainting", "unet", "noise")}
FEW_STEPS = 2  # of whole images
PIXELS = 512
JOB_STEPS = 4
SCALING_PIXELS = 64
HUNDRED = 100  # images of one question while it scales
TWENTY, TURNS = 20, 101  # images of a turn, and turns, when it has scaled


class Bench:
    """What was measured so far, kept in a file so that parts can be measured again one by one."""

    def __init__(self, arguments):
        self.repeats, self.arguments = arguments.repeats, arguments
        self.file = WORK / "results.json"
        self.results = json.loads(self.file.read_text()) if self.file.exists() else {}

    def keep(self, name, value):
        self.results[name] = value | {"commit": COMMIT}
        self.file.write_text(json.dumps(self.results, indent=1) + "\n")
        print(name, json.dumps(value)[:400], flush=True)

    def pair(self, name, calls):
        """Two sides in turn; the first is ours."""
        times = take_turns(calls, self.repeats)
        (ours, a), (theirs, b) = times.items()
        self.keep(name, ratio(a, b) | {"seconds": {ours: statistics.median(a), theirs: statistics.median(b)}})

    def stages(self, dtype, peer, command, names):
        inputs = WORK / "inputs.safetensors"
        two = {"java": Side([*JAVA, "stages", MODEL, inputs, WORK / "java.safetensors", dtype]), peer: Side(command(inputs, dtype))}
        for stage in names:
            self.pair(f"{stage} {dtype} {peer}", {name: (lambda side=side: side.seconds(stage)) for name, side in two.items()})
        for side in two.values():
            side.close()
        self.keep(f"sides {dtype} {peer}", {name: side.facts for name, side in two.items()})

    def diffusers(self, dtype, names):
        def command(inputs, dtype):
            return [*DIFFUSERS, "stages", MODEL, inputs, WORK / "diffusers.safetensors", dtype]
        self.stages(dtype, "diffusers", command, names)

    def bfloat16(self):
        self.diffusers("bfloat16", ("unet", "text", "vae", "guidance"))

    def float32(self):
        self.diffusers("float32", ("unet", "text", "guidance", "vae"))

    def text(self):
        """A text alone, which is so short that it takes more pairs: --repeats 41."""
        self.diffusers("bfloat16", ("text",))

    def batch(self):
        self.diffusers("bfloat16", ("unet:4", "vae:4"))

    def batch_float32(self):
        self.diffusers("float32", ("unet:4", "vae:4"))

    def images_in(self):
        """What images from images take beside the rest: the VAE's encoder, a step under a ControlNet, and a step of an inpainting UNet."""
        self.encoder()
        self.control()
        self.inpainting()

    def encoder(self):
        for dtype in ("bfloat16", "float32"):
            self.image_in("encoder", dtype)

    def control(self):
        self.image_in("control", "bfloat16")

    def inpainting(self):
        self.image_in("inpainting", "bfloat16")

    def images_in_float32(self):
        for stage in ("control", "inpainting"):
            self.image_in(stage, "float32")

    def image_in(self, stage, dtype):
        """One stage in processes of its own: the peak memory of loading and a first call, then times, in the end the largest difference of the answers."""
        place, question, tensor = IMAGES_IN[stage]
        inputs = write_inputs(stage, place)
        outputs = {name: WORK / f"{name}.safetensors" for name in ("java", "diffusers")}
        two = {name: Side([*command, "stages", MODEL / place, inputs, outputs[name], dtype], watched=True)
               for name, command in {"java": JAVA, "diffusers": DIFFUSERS}.items()}

        def answer(side):
            seconds = side.seconds(question)
            side.watched = False  # the first turn does not count
            return seconds

        times = take_turns({name: (lambda side=side: answer(side)) for name, side in two.items()}, self.repeats)
        for side in two.values():
            side.close()
        answers = [load_file(file)[tensor] for file in outputs.values()]
        self.keep(f"{stage} {dtype} images-in", ratio(*times.values()) | {
            "seconds": {name: statistics.median(values) for name, values in times.items()},
            "bytes": {name: side.facts["peak_rss_anon_bytes"] for name, side in two.items()},
            "difference": sides.error(*answers)["max_relative_to_largest"]})

    def newest(self):
        def command(inputs, dtype):
            return [self.arguments.newest or peer("newest"), HERE / "diffusers_worker.py", "stages", MODEL, inputs, WORK / "newest.safetensors", dtype]
        self.stages("bfloat16", "newest", command, ("text", "unet", "vae"))

    def openvino(self):
        def command(inputs, dtype):
            return [self.arguments.openvino or peer("openvino"), HERE / "openvino_worker.py", MODEL, inputs, dtype, WORK / "openvino"]
        self.stages("bfloat16", "openvino", command, ("unet", "vae"))

    def cold(self):
        """From the process's start to the beginning of the first step, a new process for each turn."""
        def first_step(command):
            side = Side([*command, "images", MODEL, "bfloat16", 1, PIXELS])
            side.ask("1 1")
            side.answer()
            seconds = side.age()
            side.process.kill()
            side.process.wait()
            return seconds

        self.pair("cold start bfloat16", {"java": lambda: first_step(JAVA), "diffusers": lambda: first_step(DIFFUSERS)})

    def memory(self):
        """The peak anonymous memory of two images of a few steps, a new process for each turn."""
        def peak(command):
            side = Side([*command, "images", MODEL, "bfloat16", 1, PIXELS], watched=True)
            side.ask(f"{FEW_STEPS} 2")
            side.answer()
            side.answer()
            side.close()
            return side.facts["peak_rss_anon_bytes"]

        times = take_turns({name: (lambda command=command: peak(command)) for name, command in {"java": JAVA, "diffusers": DIFFUSERS}.items()}, self.repeats)
        self.keep("peak memory", ratio(*times.values()) | {"bytes": {name: statistics.median(values) for name, values in times.items()}})

    def images(self):
        """Whole images of a few steps, PNG included."""
        two = {name: Side([*command, "images", MODEL, "bfloat16", 1, PIXELS]) for name, command in {"java": JAVA, "diffusers": DIFFUSERS}.items()}

        def image(side):
            side.ask(f"{FEW_STEPS} 1")
            side.answer()
            return float(side.answer())

        self.pair(f"image of {FEW_STEPS} steps bfloat16", {name: (lambda side=side: image(side)) for name, side in two.items()})
        for side in two.values():
            side.close()
        self.keep("image sides", {name: side.facts for name, side in two.items()})

    def lora(self):
        """Whole images of a few steps without and with a LoRA for every attention of the UNet, both ours: the second over the first."""
        lora = write_lora(WORK / "lora.safetensors")
        sides_of = {name: Side([*JAVA, "images", MODEL, "bfloat16", 1, PIXELS, *more]) for name, more in {"plain": [], "lora": [lora]}.items()}
        times = take_turns({name: (lambda side=side: images(side, 1)) for name, side in sides_of.items()}, self.repeats)
        for side in sides_of.values():
            side.close()
        self.keep(f"lora image of {FEW_STEPS} steps bfloat16", ratio(times["lora"], times["plain"]) | {
            "seconds": {name: statistics.median(values) for name, values in times.items()},
            "sides": {name: side.facts for name, side in sides_of.items()}})

    def job(self):
        """The Spark job at the real size beside the bare pipeline, the same prompts and seeds, from the first image to the end.

        Each turn is a new process on either side, with as many threads: a JVM that has run before is faster. Both encode all texts first, as the job does on a CPU,
        make one image at a time, and encode it as PNG. The job also writes it as a file and in a row of Parquet, commits, and makes the gallery; the pipeline writes
        nothing. The first image, with all loading, is made at a stretch; then both run in turn for two seconds each, since the machine's speed changes by more than what
        is asked from minute to minute.
        """
        count = self.arguments.job_rows
        table = write_rows(count)
        jobs, bares = zip(*[self.job_turn(table, count) for _ in range(self.repeats)])
        self.keep("job", ratio(jobs, bares) | {
            "seconds": {"job": statistics.median(jobs), "pipeline": statistics.median(bares)}, "images": count - 1, "steps": JOB_STEPS})

    def job_turn(self, table, count):
        """Seconds of the job and of the bare pipeline, without those in which they were held."""
        dtype = "bfloat16"
        job = Job("base_2_base.yml", table, [
            f"pretrained_model_name_or_path={MODEL}", f"weights_dtype={dtype}", f"activations_dtype={dtype}", "device=cpu", f"num_inference_steps={JOB_STEPS}"])
        first = job.await_images(1)
        ours = Paced(job.process, lambda: job.await_images(count))
        bare = Side([*JAVA, "images", MODEL, dtype, 1, PIXELS])
        images(bare, 1, JOB_STEPS, expected=count)
        theirs = Paced(bare.process, lambda: images(bare, count - 1, JOB_STEPS))
        alternate([ours, theirs], lambda one: one is ours and job.end())
        said, _ = job.end()
        seconds = said["Done:"] - first - ours.held, theirs.answer.result() - theirs.held
        bare.close()
        print("job, pipeline", *seconds, flush=True)
        return seconds

    def scaling(self):
        """Many tiny images in one process, each of the embedded model, which then takes turns with a new process; anonymous memory early and late.

        The machine's own drift within those minutes is larger than what is asked, so late is not compared with what was early then.
        """
        old, memory = self.hundreds(self.arguments.images // HUNDRED)
        new, _ = self.hundreds(1)
        times = take_turns({"late": lambda: images(old, TWENTY), "early": lambda: images(new, TWENTY)}, TURNS)
        for side in (old, new):
            side.close()
        part = max(1, len(memory) // 10)
        value = ratio(times["late"], times["early"]) | {"seconds": {name: statistics.median(values) / TWENTY for name, values in times.items()}}
        kept = {"early": statistics.median(memory[1:1 + part]), "late": statistics.median(memory[-part:])}
        self.keep("scaling", value | {"rss_anon_bytes": kept, "images": self.arguments.images, "part": part * HUNDRED})

    def hundreds(self, count):
        """A process that has made so many hundreds of images, and its anonymous memory after each."""
        side = Side([*JAVA, "images", TINY, "float32", 1, SCALING_PIXELS])
        memory = []
        for _ in range(count):
            images(side, HUNDRED)
            memory.append(sides.status_bytes(side.process.pid, "RssAnon:"))
        return side, memory

    def two(self):
        """Two executors of one core each, by Spark's local-cluster, beside one executor and the driver on one core: from the plan to the commit, without loading."""
        table = write_rows(self.arguments.rows)

        def executors(number):
            pinned = ["taskset", "-c", "0"] if number == 1 else []
            lines, seconds = Job("tiny.yml", table, ["num_inference_steps=12"], pinned, [
                "--master", f"local-cluster[{number},1,2048]", "--conf", "spark.executor.memory=2g",
                "--conf", "spark.executor.extraJavaOptions=-Dai.djl.pytorch.num_threads=1"]).end()
            return lines["Committed group"] - lines["images to make in"] - (seconds["load"] + seconds["compile"]) / number

        times = take_turns({number: (lambda number=number: executors(number)) for number in (2, 1)}, self.repeats)
        share = ratio([seconds / 2 for seconds in times[1]], times[2])
        self.keep("two executors", share | {"seconds": {str(number): statistics.median(values) for number, values in times.items()}})

    def png(self):
        """Each image on one core, ours and ImageIO's default."""
        for name, image in png_images().items():
            side = Side(["taskset", "-c", "1", *JAVA, "png", image])
            sizes = {}

            def encode(encoder, side=side, sizes=sizes):
                side.ask(encoder)
                answer = json.loads(side.answer())
                sizes[encoder] = answer["bytes"]
                return answer["seconds"]

            for _ in range(100):  # the JVM's compiler has its say first
                encode("ours"), encode("imageio")
            times = take_turns({encoder: (lambda encoder=encoder: encode(encoder)) for encoder in ("ours", "imageio")}, 51)
            side.close()
            self.keep(f"png {name}", ratio(times["ours"], times["imageio"]) | {
                "bytes": sizes, "seconds": {encoder: statistics.median(values) for encoder, values in times.items()}})

    def roofline(self):
        """Rate of this machine's large matrix products and convolutions through libtorch, in TFLOP/s."""
        rates = {}
        for dtype in (torch.bfloat16, torch.float32):
            a, b = (torch.randn(4096, 4096, dtype=dtype) for _ in range(2))
            x = torch.randn(2, 320, 64, 64, dtype=dtype).to(memory_format=torch.channels_last)
            w = torch.randn(320, 320, 3, 3, dtype=dtype).to(memory_format=torch.channels_last)
            rates[str(dtype).removeprefix("torch.")] = {
                "matrix": 2 * 4096**3 / best(lambda a=a, b=b: a @ b) / 1e12,
                "convolution": 2 * 2 * 64 * 64 * 9 * 320 * 320 / best(lambda x=x, w=w: torch.conv2d(x, w, padding=1)) / 1e12}
        self.keep("roofline", rates)


def images(side, count, steps=FEW_STEPS, expected=None):
    """Seconds of so many images; the same prompts each time, of which so many are encoded before that (ours alone can)."""
    side.ask(" ".join(str(number) for number in (steps, count, expected) if number))
    side.answer()
    return float(side.answer())


def write_lora(file, rank=16):
    """A LoRA in PEFT's names with small random numbers, for the model that is measured."""
    numbers, tensors = torch.Generator().manual_seed(0), {}
    with safe_open(MODEL / "unet/diffusion_pytorch_model.safetensors", framework="pt") as unet:
        for name in unet.keys():
            if re.search(r"attn[12]\.to_(q|k|v|out\.0)\.weight$", name):
                outputs, inputs = unet.get_slice(name).get_shape()[:2]
                layer = "unet." + name.removesuffix(".weight")
                tensors[f"{layer}.lora_A.weight"] = torch.randn(rank, inputs, generator=numbers) / inputs
                tensors[f"{layer}.lora_B.weight"] = torch.randn(outputs, rank, generator=numbers) / inputs
    save_file(tensors, file)
    return file


def best(call, times=7):
    with torch.inference_mode():
        call()
        seconds = []
        for _ in range(times):
            start = time.perf_counter()
            call()
            seconds.append(time.perf_counter() - start)
    return min(seconds)


def write_rows(count):
    """A table of prompts with seeds, the images that `jobs/bench images` makes."""
    table = WORK / "rows.csv"
    with open(table, "w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([["id", "prompt", "seed"]] + [
            [f"row{n}", f"a photograph of an astronaut riding horse number {n}", n] for n in range(count)])
    return table


class Job:
    """A run of the job."""

    OUTPUT = WORK / "job"
    WORDS = ("images to make in", "Loading the model", "Committed group", "Done:")

    def __init__(self, config, table, settings, before=(), sparks=()):
        subprocess.run(["rm", "-rf", self.OUTPUT], check=True)
        command = [
            *before, REPOSITORY / "jobs/generate", REPOSITORY / "configs" / config, f"prompts={table}", f"output_dir={self.OUTPUT}", *settings, "--", *sparks]
        self.said = {}
        self.process = subprocess.Popen(command, cwd=REPOSITORY, text=True, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
        self.listener = threading.Thread(target=self.listen)
        self.listener.start()

    def listen(self):
        for line in self.process.stderr:
            for words in self.WORDS:
                if words in line:
                    self.said.setdefault(words, time.perf_counter())

    def await_images(self, count):
        """Returns when so many PNG files are there: when the last of them was written, by the clock of `said`."""
        while self.process.poll() is None:
            if len(written := [file.stat().st_mtime for file in self.OUTPUT.rglob("*.png")]) >= count:
                return max(written) - time.time() + time.perf_counter()
            time.sleep(0.2)
        sys.exit(ended(self.process))

    def end(self):
        """Awaits the end: when it said what, by a clock, and the seconds of its report."""
        self.listener.join()
        if self.process.wait():
            sys.exit(ended(self.process))
        return self.said, json.loads((self.OUTPUT / "run.json").read_text())["seconds"]


def png_images():
    """A drawn image, one of soft noise, and one of hard noise, 512x512."""
    drawn = next((REPOSITORY / "docs/images").glob("quick-start.png"))
    generator = torch.Generator().manual_seed(0)
    soft = torch.nn.functional.interpolate(torch.randn(1, 3, 32, 32, generator=generator), size=(PIXELS, PIXELS), mode="bicubic")[0]
    soft = soft + 0.02 * torch.randn(3, PIXELS, PIXELS, generator=generator)
    hard = torch.randn(3, PIXELS, PIXELS, generator=generator)
    files = {name: WORK / f"{name}.png" for name in ("drawn", "soft", "hard")}
    Image.open(drawn).convert("RGB").crop((0, 0, PIXELS, PIXELS)).save(files["drawn"])
    for name, values in (("soft", soft), ("hard", hard)):
        Image.fromarray((values * 50 + 128).clamp(0, 255).byte().permute(1, 2, 0).numpy()).save(files[name])
    return files


PARTS = ("bfloat16", "cold", "memory", "images", "job", "openvino", "png", "roofline", "float32", "newest", "batch", "batch_float32", "scaling", "two", "images_in", "images_in_float32")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("parts", nargs="*", default=PARTS, help=" ".join(PARTS) + "; or text or lora alone, or of images_in encoder, control or inpainting")
    parser.add_argument("--repeats", type=int, default=7, help="pairs, after one that does not count; `job` has none such")
    parser.add_argument("--rows", type=int, default=400, help="images of each job of `two`")
    parser.add_argument("--job-rows", type=int, default=10, help="images of each job of `job`, with the first, which is not counted")
    parser.add_argument("--images", type=int, default=10_000, help="tiny images of `scaling`")
    parser.add_argument("--newest", help="an interpreter with the newest packages (default: a virtual environment in .work, made on first use)")
    parser.add_argument("--openvino", help="the same with OpenVINO")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    write_inputs()
    bench = Bench(arguments)
    bench.keep("machine", {"processor": sides.processor(), "cores": os.cpu_count(), "torch": torch.__version__, "diffusers": diffusers.__version__, "date": time.strftime("%Y-%m-%d")})
    for part in arguments.parts:
        getattr(bench, part)()


def write_inputs(stage="unet", place=""):
    """Writes the model and the inputs of a stage where they are missing: the file of the inputs."""
    inputs = WORK / "inputs.safetensors"
    command = [sys.executable, REPOSITORY / "tools/reference/full_size.py", "--write-only", "--stages", stage, "--inputs", inputs]
    subprocess.run(command, check=True)
    return inputs.with_stem(f"inputs-{place}") if place else inputs


def peer(name):
    """The interpreter of a peer's environment, which is made on first use."""
    script = f"unset PYTHON; here='{HERE / name}'; source '{REPOSITORY / 'tools/reference/environment.sh'}'; echo \"$PYTHON\""
    return subprocess.run(["bash", "-euc", script], check=True, stdout=subprocess.PIPE, text=True).stdout.split()[-1]


if __name__ == "__main__":
    main()

"""Stable Diffusion 2 at its real size with random weights: writes the folder, and compares Java with diffusers on it."""

import argparse
import json
import math
import os
import shutil
import statistics
import struct
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizerFast

import models
from common import REPOSITORY, numbers, write_json

STAGES = {"text": "states", "unet": "noise", "vae": "image"}  # stage: its tensor in outputs.safetensors
KEY_FILES = {"text_encoder": "text-encoder-keys.txt", "unet": "unet-keys.txt", "vae": "vae-keys.txt"}


def write_folder(folder, configs):
    for part in ("model_index.json", "scheduler/*", "tokenizer/*"):
        for file in configs.glob(part):
            copy = folder / file.relative_to(configs)
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, copy)
    for component, stem in models.WEIGHT_FILES.items():
        config = json.loads((configs / component / "config.json").read_text())
        with torch.device("meta"):
            state = models.published(component, models.network(component, config).state_dict())
        check_names(component, state, configs.parent / KEY_FILES[component])
        write_json(folder / component / "config.json", config)
        path = folder / component / f"{stem}.safetensors"
        print(f"{path}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} parameters", flush=True)
        write_random(path, state)
    (folder / "complete").touch()


def check_names(component, state, key_file):
    """Compares names and shapes with the list of the published ones, where there is one."""
    if not key_file.exists():
        print(f"{key_file} is missing: names and shapes of {component} are not checked")
        return
    published = dict(line.split() for line in key_file.read_text().splitlines() if line)
    ours = {name: ",".join(map(str, tensor.shape)) for name, tensor in state.items()}
    assert ours == published, sorted(set(ours.items()) ^ set(published.items()))[:10]


def write_random(path, state):
    """Writes a float32 safetensors file tensor by tensor, so that memory holds one tensor at a time."""
    header, position = {"__metadata__": {"format": "pt"}}, 0
    for name, tensor in sorted(state.items()):
        end = position + 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [position, end]}
        position = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, tensor in sorted(state.items()):
            value = numbers(zlib.crc32(name.encode()), *tensor.shape)
            value = value * models.spread(name, tensor) + models.is_scale(name, tensor)
            file.write(value.numpy().data)


def write_inputs(path, folder):
    """Inputs of one text encoding, one UNet call of a guidance pair and one VAE decode (latents already divided by the scaling factor)."""
    tokenizer = CLIPTokenizerFast.from_pretrained(folder / "tokenizer")
    prompt = "a photograph of an astronaut riding a horse"
    inputs = {
        "ids": tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids,
        "sample": numbers(1, 2, 4, 64, 64),
        "timestep": torch.tensor([500.0]),
        "states": numbers(2, 2, 77, 1024),
        "latents": numbers(3, 1, 4, 64, 64) / 0.18215,
    }
    save_file(inputs, path, metadata={"format": "pt"})


class Side:
    """A process that holds the model and runs one stage when it is asked."""

    def __init__(self, command, folder, inputs, outputs, dtype):
        self.outputs, self.peaks = outputs, {"RssAnon:": 0, "VmRSS:": 0}  # weights that stay mapped from their file are in VmRSS only
        outputs.unlink(missing_ok=True)
        environment = {key: value for key, value in os.environ.items() if key != "PYTHON"}
        start = time.perf_counter()
        self.process = subprocess.Popen(
            [*command, folder, inputs, str(outputs), dtype], cwd=REPOSITORY, text=True, bufsize=1, env=environment,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        threading.Thread(target=watch_memory, args=(self.process, self.peaks), daemon=True).start()
        self.facts = json.loads(self.answer())
        self.facts["ready_seconds"] = time.perf_counter() - start  # from the process's start

    def answer(self):
        if line := self.process.stdout.readline():
            return line
        sys.exit(f"exit status {self.process.wait()}: {self.process.args}")

    def seconds(self, stage):
        self.process.stdin.write(stage + "\n")
        return float(self.answer())

    def close(self):
        self.process.stdin.close()
        if status := self.process.wait():
            sys.exit(f"exit status {status}: {self.process.args}")
        self.facts |= {name: self.peaks[field] for name, field in MEMORY.items()}


MEMORY = {"peak_rss_anon_bytes": "RssAnon:", "peak_rss_bytes": "VmRSS:"}


def watch_memory(process, peak):
    while process.poll() is None:
        everyone = family(process.pid)
        for field, highest in peak.items():
            peak[field] = max(highest, sum(status_bytes(pid, field) for pid in everyone))
        time.sleep(0.02)


def family(pid):
    """A process and all that it has started."""
    try:
        children = [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in (task / "children").read_text().split()]
    except OSError:
        return []
    return [pid] + [descendant for child in children for descendant in family(child)]


def status_bytes(pid, field):
    try:
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(field):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0


def compare(arguments):
    work = arguments.results.resolve()
    work.mkdir(parents=True, exist_ok=True)
    folder, inputs = str(arguments.folder.resolve()), str(work / "inputs.safetensors")
    write_inputs(inputs, arguments.folder)
    worker = [sys.executable, str(Path(__file__).with_name("diffusers_worker.py"))]
    commands = {"diffusers": worker, "java": arguments.java.split()}
    chosen = {side: command for side, command in commands.items() if side in arguments.sides}
    results, facts = [], []
    for dtype in arguments.dtypes:
        sides = {side: Side(command, folder, inputs, work / f"{side}-{dtype}.safetensors", dtype) for side, command in chosen.items()}
        times = {stage: take_turns(sides, stage, arguments.repeats) for stage in arguments.stages}
        for side in sides.values():
            side.close()
        facts += [{"dtype": dtype, "side": name, **side.facts} for name, side in sides.items()]
        results += [row(dtype, stage, times[stage], sides, work / "diffusers-float32.safetensors") for stage in arguments.stages]
    machine = {"cores": os.cpu_count(), "processor": processor(), "torch": torch.__version__}
    write_json(work / "results.json", {"machine": machine, "rows": results, "sides": facts})
    print_table(results, facts)


def take_turns(sides, stage, repeats):
    """Seconds of each side, one call of each in turn, after one of each that does not count."""
    times = {name: [] for name in sides}
    for turn in range(repeats + 1):
        order = list(sides.items())
        for name, side in order if turn % 2 else reversed(order):
            seconds = side.seconds(stage)
            if turn:
                times[name].append(seconds)
    return times


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def row(dtype, stage, times, sides, exact):
    """A stage's times, the ratio of its pairs, and the errors of the sides that ran."""
    result, outputs = {"dtype": dtype, "stage": stage}, {}
    for name, side in sides.items():
        result[f"{name}_seconds"] = times[name]
        outputs[name] = load_file(side.outputs)[STAGES[stage]]
        if exact.exists() and STAGES[stage] in (expected := load_file(exact)):
            result[f"{name}_error_to_float32"] = error(outputs[name], expected[STAGES[stage]])
    if len(sides) == 2:
        ratios = [ours / theirs for ours, theirs in zip(times["java"], times["diffusers"])]
        low, high = interval(ratios)
        result |= {"ratio": statistics.median(ratios), "ratio_low": low, "ratio_high": high}
        result["error"] = error(outputs["java"], outputs["diffusers"])
    return result


def interval(values):
    """The narrowest interval between two of the sorted values that holds the median with 95 % or more, by the binomial distribution."""
    values, n = sorted(values), len(values)
    outside = 0.0
    for cut in range(n // 2):
        outside += 2 * math.comb(n, cut) / 2**n
        if outside > 0.05:
            return values[max(cut - 1, 0)], values[n - 1 - max(cut - 1, 0)]
    return values[n // 2 - 1 if n > 2 else 0], values[-(n // 2) if n > 2 else -1]


def error(actual, expected):
    if actual.shape != expected.shape:
        sys.exit(f"Cannot compare outputs: shapes must be equal ({tuple(actual.shape)} and {tuple(expected.shape)})")
    if not (actual.isfinite().all() and expected.isfinite().all()):
        sys.exit("Cannot compare outputs: every value must be finite")
    difference = (actual.double() - expected.double()).abs()
    largest = expected.double().abs().max().item()
    return {"max_relative_to_largest": difference.max().item() / largest, "mean_absolute": difference.mean().item()}


def print_table(results, facts):
    print("dtype     stage  java s  diffusers s  ratio (95 %)         max error  mean error  (max to float32: java, diffusers)")
    for row in results:
        ratio = f"{row['ratio']:.3f} ({row['ratio_low']:.3f}, {row['ratio_high']:.3f})" if "ratio" in row else "-"
        print(
            f"{row['dtype']:9} {row['stage']:5} {median(row, 'java_seconds'):>7} {median(row, 'diffusers_seconds'):>12}  {ratio:20}"
            f" {cell(row.get('error'), 'max_relative_to_largest', '.1e'):>9} {cell(row.get('error'), 'mean_absolute', '.1e'):>11}"
            f"  ({cell(row.get('java_error_to_float32'), 'max_relative_to_largest', '.1e')},"
            f" {cell(row.get('diffusers_error_to_float32'), 'max_relative_to_largest', '.1e')})"
        )
    for side in facts:
        gigabytes = (side[name] / 2**30 for name in MEMORY)
        print(f"{side['dtype']:9} {side['side']:9} ready after {side['ready_seconds']:.1f} s, peak GiB: anonymous %.2f, all %.2f" % tuple(gigabytes))


def median(row, key):
    return f"{statistics.median(row[key]):.3f}" if key in row else "-"


def cell(row, key, form):
    return format(row[key], form) if row and key in row else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".work/full-size/model", help="model folder, written where it is not complete")
    parser.add_argument("--configs", type=Path, default=REPOSITORY / "../shared/data/stable-diffusion-2-1-base", help="published configs and tokenizer")
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".work/full-size/results")
    parser.add_argument("--write-only", action="store_true", help="do not compare")
    parser.add_argument("--sides", nargs="+", choices=("diffusers", "java"), default=("diffusers", "java"))
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16"), default=("float32", "bfloat16"))
    parser.add_argument("--stages", nargs="+", choices=tuple(STAGES), default=tuple(STAGES))
    parser.add_argument("--repeats", type=int, default=7, help="pairs of calls of each stage, after one that does not count")
    parser.add_argument("--java", default="./jobs/bench", help="the Java side's command")
    arguments = parser.parse_args()
    if not (arguments.folder / "complete").exists():
        write_folder(arguments.folder, arguments.configs.resolve())
    if not arguments.write_only:
        compare(arguments)


if __name__ == "__main__":
    main()

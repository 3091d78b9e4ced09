"""Stable Diffusion 2 at its real size with random weights: writes the folder, and compares Java with diffusers on it."""

import argparse
import json
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


def run(command, out):
    """Runs one side to its end; returns the JSON of its last line, with the peak of its anonymous memory seen from outside."""
    out.mkdir(parents=True, exist_ok=True)
    (out / "outputs.safetensors").unlink(missing_ok=True)
    print("running", " ".join(command), flush=True)
    environment = {key: value for key, value in os.environ.items() if key != "PYTHON"}
    process = subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE, text=True, env=environment)
    peak = {"RssAnon:": 0, "VmRSS:": 0}  # weights that stay mapped from their file are in VmRSS only
    watcher = threading.Thread(target=watch_memory, args=(process, peak))
    watcher.start()
    lines = process.communicate()[0].splitlines()
    watcher.join()
    if process.returncode:
        sys.exit(f"exit status {process.returncode}: {' '.join(command)}")
    return json.loads(lines[-1]) | {
        "watched_peak_rss_anon_bytes": peak["RssAnon:"],
        "watched_peak_rss_bytes": peak["VmRSS:"],
    }


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
    sides = [side for side in commands if side in arguments.sides]
    reports = {}
    for dtype in arguments.dtypes:
        for _ in range(arguments.rounds):
            for side in sides:  # in turn, never two at once
                out = work / f"{side}-{dtype}"
                options = [folder, inputs, str(out), f"dtype={dtype}", f"repeats={arguments.repeats}"]
                reports.setdefault((dtype, side), []).append(run(commands[side] + options, out))
    results = [row for dtype in arguments.dtypes for row in rows(dtype, sides, reports, work)]
    machine = {"cores": os.cpu_count(), "processor": processor(), "torch": torch.__version__}
    raw = [{"dtype": dtype, "side": side, "runs": runs} for (dtype, side), runs in reports.items()]
    write_json(work / "results.json", {"machine": machine, "rows": results, "reports": raw})
    print_table(results)


def processor():
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "unknown")


def rows(dtype, sides, reports, work):
    """One row for each stage: times, memory and errors of the sides that ran."""
    exact = work / "diffusers-float32/outputs.safetensors"
    for stage, name in STAGES.items():
        row, outputs = {"dtype": dtype, "stage": stage}, {}
        for side in sides:
            runs = reports[dtype, side]
            row[f"{side}_seconds"] = statistics.median(s for report in runs for s in report[stage]["seconds"])
            row[f"{side}_load_seconds"] = statistics.median(report["load_seconds"] for report in runs)
            for memory in ("peak_rss_anon_bytes", "peak_rss_bytes"):
                row[f"{side}_{memory}"] = max(report[f"watched_{memory}"] for report in runs)
            outputs[side] = load_file(work / f"{side}-{dtype}/outputs.safetensors")[name]
            if exact.exists():
                row[f"{side}_error_to_float32"] = error(outputs[side], load_file(exact)[name])
        if len(sides) == 2:
            row["java_over_diffusers_seconds"] = row["java_seconds"] / row["diffusers_seconds"]
            row["error"] = error(outputs["java"], outputs["diffusers"])
        yield row


def error(actual, expected):
    if actual.shape != expected.shape:
        sys.exit(f"Cannot compare outputs: shapes must be equal ({tuple(actual.shape)} and {tuple(expected.shape)})")
    if not (actual.isfinite().all() and expected.isfinite().all()):
        sys.exit("Cannot compare outputs: every value must be finite")
    difference = (actual.double() - expected.double()).abs()
    largest = expected.double().abs().max().item()
    return {"max_relative_to_largest": difference.max().item() / largest, "mean_absolute": difference.mean().item()}


def print_table(results):
    print("dtype     stage  java s  diffusers s  ratio  java GiB  diffusers GiB  max error  mean error  (max to float32: java, diffusers)")
    for row in results:
        print(
            f"{row['dtype']:9} {row['stage']:5}"
            f" {cell(row, 'java_seconds', '.3f'):>7} {cell(row, 'diffusers_seconds', '.3f'):>12}"
            f" {cell(row, 'java_over_diffusers_seconds', '.2f'):>6}"
            f" {cell(row, 'java_peak_rss_anon_bytes', '.2f', 2**30):>9}"
            f" {cell(row, 'diffusers_peak_rss_anon_bytes', '.2f', 2**30):>14}"
            f" {cell(row.get('error'), 'max_relative_to_largest', '.1e'):>10} {cell(row.get('error'), 'mean_absolute', '.1e'):>11}"
            f"  ({cell(row.get('java_error_to_float32'), 'max_relative_to_largest', '.1e')},"
            f" {cell(row.get('diffusers_error_to_float32'), 'max_relative_to_largest', '.1e')})"
        )


def cell(row, key, form, unit=1):
    return format(row[key] / unit, form) if row and key in row else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".work/full-size/model", help="model folder, written where it is not complete")
    parser.add_argument("--configs", type=Path, default=REPOSITORY / "../shared/data/stable-diffusion-2-1-base", help="published configs and tokenizer")
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".work/full-size/results")
    parser.add_argument("--write-only", action="store_true", help="do not compare")
    parser.add_argument("--sides", nargs="+", choices=("diffusers", "java"), default=("diffusers", "java"))
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16"), default=("float32", "bfloat16"))
    parser.add_argument("--repeats", type=int, default=3, help="timed calls of each stage after one warm-up")
    parser.add_argument("--rounds", type=int, default=1, help="processes of each side, in turn")
    parser.add_argument("--java", default="./jobs/bench", help="the Java side's command")
    arguments = parser.parse_args()
    if not (arguments.folder / "complete").exists():
        write_folder(arguments.folder, arguments.configs.resolve())
    if not arguments.write_only:
        compare(arguments)


if __name__ == "__main__":
    main()

"""Stable Diffusion 2 at its real size with random weights: writes the folder, and compares Java with diffusers on it."""

import argparse
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizerFast

import models
from common import PUBLISHED, REPOSITORY, numbers, write_json

sys.path.append(str(REPOSITORY / "tools/bench"))
import sides  # noqa: E402

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
        "sample": numbers(1, 1, 4, 64, 64),
        "timestep": torch.tensor([500.0]),
        "states": numbers(2, 2, 77, 1024),
        "latents": numbers(3, 1, 4, 64, 64) / 0.18215,
    }
    save_file(inputs, path, metadata={"format": "pt"})


def compare(arguments):
    work = arguments.results.resolve()
    work.mkdir(parents=True, exist_ok=True)
    folder, inputs = arguments.folder.resolve(), work / "inputs.safetensors"
    write_inputs(inputs, arguments.folder)
    commands = {"diffusers": [sys.executable, sides.REPOSITORY / "tools/bench/diffusers_worker.py"], "java": arguments.java.split()}
    results = []
    for dtype in arguments.dtypes:
        outputs = {name: work / f"{name}-{dtype}.safetensors" for name in arguments.sides}
        for name, output in outputs.items():
            output.unlink(missing_ok=True)
            side = sides.Side([*commands[name], "stages", folder, inputs, output, dtype])
            for stage in arguments.stages:
                side.seconds(stage)
            side.close()
        results += [row(dtype, stage, outputs, work / "diffusers-float32.safetensors") for stage in arguments.stages]
    write_json(work / "results.json", {"processor": sides.processor(), "torch": torch.__version__, "rows": results})
    print_table(results)


def row(dtype, stage, files, exact):
    """The errors of a stage's outputs."""
    name, result = STAGES[stage], {"dtype": dtype, "stage": stage}
    outputs = {side: load_file(file)[name] for side, file in files.items()}
    if exact.exists() and name in (expected := load_file(exact)):
        result |= {f"{side}_error_to_float32": error(output, expected[name]) for side, output in outputs.items()}
    if len(outputs) == 2:
        result["error"] = error(outputs["java"], outputs["diffusers"])
    return result


def error(actual, expected):
    if actual.shape != expected.shape:
        sys.exit(f"Cannot compare outputs: shapes must be equal ({tuple(actual.shape)} and {tuple(expected.shape)})")
    if not (actual.isfinite().all() and expected.isfinite().all()):
        sys.exit("Cannot compare outputs: every value must be finite")
    difference = (actual.double() - expected.double()).abs()
    largest = expected.double().abs().max().item()
    return {"max_relative_to_largest": difference.max().item() / largest, "mean_absolute": difference.mean().item()}


def print_table(results):
    print("dtype     stage  max error  mean error  (max to float32: java, diffusers)")
    for row in results:
        to_exact = ", ".join(cell(row.get(f"{side}_error_to_float32"), "max_relative_to_largest", ".1e") for side in ("java", "diffusers"))
        print(f"{row['dtype']:9} {row['stage']:5} {cell(row.get('error'), 'max_relative_to_largest', '.1e'):>10}"
              f" {cell(row.get('error'), 'mean_absolute', '.1e'):>11}  ({to_exact})")


def cell(row, key, form):
    return format(row[key], form) if row and key in row else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".work/full-size/model", help="model folder, written where it is not complete")
    parser.add_argument("--configs", type=Path, default=PUBLISHED, help="published configs and tokenizer")
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".work/full-size/results")
    parser.add_argument("--write-only", action="store_true", help="do not compare")
    parser.add_argument("--inputs", type=Path, help="write the stages' inputs here too")
    parser.add_argument("--sides", nargs="+", choices=("diffusers", "java"), default=("diffusers", "java"))
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16"), default=("float32", "bfloat16"))
    parser.add_argument("--stages", nargs="+", choices=tuple(STAGES), default=tuple(STAGES))
    parser.add_argument("--java", default="./jobs/bench", help="the Java side's command")
    arguments = parser.parse_args()
    if not (arguments.folder / "complete").exists():
        write_folder(arguments.folder, arguments.configs.resolve())
    if arguments.inputs:
        write_inputs(arguments.inputs, arguments.folder)
    if not arguments.write_only:
        compare(arguments)


if __name__ == "__main__":
    main()

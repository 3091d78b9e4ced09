"""Stable Diffusion 2 at its real size with random weights: writes the folder, and compares Java with diffusers on it."""

import argparse
import json
import shutil
import struct
import sys
import zlib
from pathlib import Path

import torch
from diffusers import ControlNetModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTokenizerFast

import controlnet
import inputs
import models
from common import PUBLISHED, REPOSITORY, numbers, write_json

sys.path.append(str(REPOSITORY / "tools/bench"))
import sides  # noqa: E402

STAGES = {  # stage: the model's place in the folder, what is asked for, its tensor in outputs.safetensors
    "text": ("", "text", "states"),
    "unet": ("", "unet", "noise"),
    "vae": ("", "vae", "image"),
    "encoder": ("", "encoder", "encoded"),
    "control": ("", "control", "controlled"),
    "inpainting": ("inpainting", "unet", "noise"),
}
USUAL = ("text", "unet", "vae", "encoder")  # stages of a model alone
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
        write_network(folder / component, config, state, stem)
    (folder / "complete").touch()


def write_controlnet(folder):
    """A ControlNet as those published for Stable Diffusion 2.1, into the folder of its model."""
    unet = json.loads((folder / "unet/config.json").read_text())
    config = {key: value for key, value in unet.items() if key not in controlnet.NOT_IN_CONTROLNET}
    config |= controlnet.OWN | {"conditioning_embedding_out_channels": [16, 32, 96, 256]}
    with torch.device("meta"):
        state = ControlNetModel.from_config(config).state_dict()
    write_network(folder / "controlnet", config, state, models.WEIGHT_FILES["unet"])
    (folder / "controlnet/complete").touch()


def write_inpainting(folder):
    """The same model with a UNet of 9 channels, in a folder within; what is the same is linked."""
    own = folder / "inpainting"
    config = json.loads((folder / "unet/config.json").read_text()) | {"in_channels": inputs.CHANNELS["inpainting"]}
    with torch.device("meta"):
        state = models.network("unet", config).state_dict()
    write_network(own / "unet", config, state, models.WEIGHT_FILES["unet"])
    write_json(own / "model_index.json", json.loads((folder / "model_index.json").read_text()) | {"_class_name": inputs.PIPELINES["inpainting"]})
    for same in ("scheduler", "tokenizer", "text_encoder", "vae"):
        (own / same).unlink(missing_ok=True)
        (own / same).symlink_to(Path("..") / same)
    (own / "complete").touch()


def write_network(folder, config, state, stem):
    write_json(folder / "config.json", config)
    path = folder / f"{stem}.safetensors"
    print(f"{path}: {len(state)} tensors, {sum(t.numel() for t in state.values()):,} parameters", flush=True)
    write_random(path, state)


def write_missing(folder, configs, stages):
    """Writes what the stages need and is not there."""
    if not (folder / "complete").exists():
        write_folder(folder, configs)
    if "control" in stages and not (folder / "controlnet/complete").exists():
        write_controlnet(folder)
    if "inpainting" in stages and not (folder / "inpainting/complete").exists():
        write_inpainting(folder)


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


def inputs_of(path, place):
    """The file of a model's inputs, named after its place in the folder."""
    return path.with_stem("-".join(part for part in (path.stem, place) if part))


def write_inputs(path, folder):
    """Inputs of one call of each stage: latents for the VAE's decoder are already divided by the scaling factor, a ControlNet's condition is white on black."""
    channels = json.loads((folder / "unet/config.json").read_text())["in_channels"]
    tokenizer = CLIPTokenizerFast.from_pretrained(folder / "tokenizer")
    prompt = "a photograph of an astronaut riding a horse"
    tensors = {
        "ids": tokenizer(prompt, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids,
        "sample": numbers(1, 1, channels, 64, 64),
        "timestep": torch.tensor([500.0]),
        "states": numbers(2, 2, 77, 1024),
        "latents": numbers(3, 1, 4, 64, 64) / 0.18215,
        "pixels": numbers(4, 1, 3, 512, 512).clamp(-1, 1),
        "noise": numbers(5, 1, 4, 64, 64),
        "condition": (numbers(6, 1, 1, 512, 512) > 1.5).float().repeat(1, 3, 1, 1),
        "scale": torch.tensor([[1.0]]),
    }
    save_file(tensors, path, metadata={"format": "pt"})


def compare(arguments):
    work = arguments.results.resolve()
    work.mkdir(parents=True, exist_ok=True)
    results = []
    for dtype in arguments.dtypes:
        for place in places(arguments.stages):
            results += compare_model(arguments, work, place, dtype)
    write_json(work / "results.json", {"processor": sides.processor(), "torch": torch.__version__, "rows": results})
    print_table(results)


def places(stages):
    return dict.fromkeys(STAGES[stage][0] for stage in stages)


def compare_model(arguments, work, place, dtype):
    """The rows of all stages of one model."""
    folder, given = (arguments.folder / place).resolve(), inputs_of(work / "inputs.safetensors", place)
    write_inputs(given, folder)
    commands = {"diffusers": [sys.executable, sides.REPOSITORY / "tools/bench/diffusers_worker.py"], "java": arguments.java.split()}
    outputs = {name: inputs_of(work / f"{name}-{dtype}.safetensors", place) for name in arguments.sides}
    stages = [stage for stage in arguments.stages if STAGES[stage][0] == place]
    for name, output in outputs.items():
        output.unlink(missing_ok=True)
        side = sides.Side([*commands[name], "stages", folder, given, output, dtype])
        for stage in stages:
            side.seconds(STAGES[stage][1])
        side.close()
    exact = inputs_of(work / "diffusers-float32.safetensors", place)
    return [row(dtype, stage, outputs, exact) for stage in stages]


def row(dtype, stage, files, exact):
    """The errors of a stage's outputs."""
    name, result = STAGES[stage][2], {"dtype": dtype, "stage": stage}
    outputs = {side: load_file(file)[name] for side, file in files.items()}
    if exact.exists() and name in (expected := load_file(exact)):
        result |= {f"{side}_error_to_float32": sides.error(output, expected[name]) for side, output in outputs.items()}
    if len(outputs) == 2:
        result["error"] = sides.error(outputs["java"], outputs["diffusers"])
    return result


def print_table(results):
    print("dtype     stage       max error  mean error  (max to float32: java, diffusers)")
    for row in results:
        to_exact = ", ".join(cell(row.get(f"{side}_error_to_float32"), "max_relative_to_largest", ".1e") for side in ("java", "diffusers"))
        print(f"{row['dtype']:9} {row['stage']:10} {cell(row.get('error'), 'max_relative_to_largest', '.1e'):>10}"
              f" {cell(row.get('error'), 'mean_absolute', '.1e'):>11}  ({to_exact})")


def cell(row, key, form):
    return format(row[key], form) if row and key in row else "-"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, default=REPOSITORY / ".work/full-size/model", help="model folder, written where it is not complete")
    parser.add_argument("--configs", type=Path, default=PUBLISHED, help="published configs and tokenizer")
    parser.add_argument("--results", type=Path, default=REPOSITORY / ".work/full-size/results")
    parser.add_argument("--write-only", action="store_true", help="do not compare")
    parser.add_argument("--inputs", type=Path, help="write the stages' inputs here too, other models' beside it")
    parser.add_argument("--sides", nargs="+", choices=("diffusers", "java"), default=("diffusers", "java"))
    parser.add_argument("--dtypes", nargs="+", choices=("float32", "bfloat16"), default=("float32", "bfloat16"))
    parser.add_argument("--stages", nargs="+", choices=tuple(STAGES), default=USUAL, help="`control` and `inpainting` write 4.9 GB more (default: the others)")
    parser.add_argument("--java", default="./jobs/bench", help="the Java side's command")
    arguments = parser.parse_args()
    write_missing(arguments.folder, arguments.configs.resolve(), arguments.stages)
    if arguments.inputs:
        for place in places(arguments.stages):
            write_inputs(inputs_of(arguments.inputs, place), arguments.folder / place)
    if not arguments.write_only:
        compare(arguments)


if __name__ == "__main__":
    main()

"""Measures both folders with diffusers: do images show what the prompts of prompts.csv say, with guidance and without?

Writes .work/tiny-sd2/check.json and prints its entries. `--reference` writes images for the Java tests instead: what diffusers makes of a few of the
prompts, under src/test/resources/meaning. `--samplers [EVERY [MODEL [SAMPLER [STEPS]]]]` compares samplers and numbers of steps on every so many
prompts, names and numbers separated by commas: .work/tiny-sd2/samplers.json.
"""

import csv
import json
import sys

import numpy as np
import torch
from diffusers import (
    DDIMScheduler, DEISMultistepScheduler, DPMSolverMultistepScheduler, EulerDiscreteScheduler, HeunDiscreteScheduler, StableDiffusionPipeline,
    UniPCMultistepScheduler)
from safetensors.numpy import save_file

import folders
import measure
import prompts
import training

STEPS, BATCH = 20, 16
ASPECTS = ("background", "colour", "shape", "relation")
RESCALE = {"tiny-sd2-base": 0.0, "tiny-sd2-1": 0.7}  # the recommended one for each
MEASURED = {  # (guidance scale, guidance rescale)
    "tiny-sd2-base": ((7.5, 0.0), (1.0, 0.0)),
    "tiny-sd2-1": ((7.5, 0.7), (7.5, 0.0), (1.0, 0.0), (15.0, 0.7), (15.0, 0.0)),
}

TRAILING = {"timestep_spacing": "trailing"}
SAMPLERS = {
    "ddim": (DDIMScheduler, {}),
    "ddim trailing": (DDIMScheduler, TRAILING),
    "dpm++_2m": (DPMSolverMultistepScheduler, {}),
    "dpm++_2m trailing": (DPMSolverMultistepScheduler, TRAILING),
    "dpm++_2m karras": (DPMSolverMultistepScheduler, {"use_karras_sigmas": True}),
    "unipc": (UniPCMultistepScheduler, {}),
    "unipc trailing": (UniPCMultistepScheduler, TRAILING),
    "deis trailing": (DEISMultistepScheduler, TRAILING),
    "euler trailing": (EulerDiscreteScheduler, TRAILING),
    "heun trailing": (HeunDiscreteScheduler, TRAILING),
}
SAMPLER_STEPS = "20,15,12,10,8"


def rows():
    with open(prompts.FILE, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def load(name):
    folder = training.REPOSITORY / "models" / name
    pipeline = StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True).to(training.DEVICE)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def generate(pipeline, table, guidance, rescale, steps=STEPS):
    """Images (N, 128, 128, 3) uint8 of the rows' prompts, each from a CPU generator of its own."""
    images = []
    for begin in range(0, len(table), BATCH):
        part = table[begin:begin + BATCH]
        generators = [torch.Generator().manual_seed(int(row["seed"])) for row in part]
        made = pipeline([row["prompt"] for row in part], num_inference_steps=steps, guidance_scale=guidance,
                        guidance_rescale=rescale, generator=generators, output_type="np").images
        images.append((made * 255).round().astype(np.uint8))
    return np.concatenate(images)


def rate(verdicts):
    """Percent of each aspect that holds, where it is asked for."""
    return {a: round(100 * float(np.mean([v[a] for v in verdicts if a in v])), 1) for a in ASPECTS if any(a in v for v in verdicts)}


def measured(pipeline, table, guidance, rescale, steps=STEPS):
    images = generate(pipeline, table, guidance, rescale, steps)
    verdicts = [measure.verdict(row, image) for row, image in zip(table, images)]
    held_out = [row["held_out"] == "true" for row in table]
    return {
        "guidance_scale": guidance, "guidance_rescale": rescale, "steps": steps, "prompts": len(table), "all": rate(verdicts),
        "trained": rate([v for v, h in zip(verdicts, held_out) if not h]),
        "held_out": rate([v for v, h in zip(verdicts, held_out) if h]),
        "over_saturated_pixels": round(100 * float(((images <= 2) | (images >= 253)).any(-1).mean()), 2)}


def check():
    table, results = rows(), []
    for name in folders.MODELS:
        pipeline = load(name)
        for guidance, rescale in MEASURED[name]:
            results.append({"model": name} | measured(pipeline, table, guidance, rescale))
            print(json.dumps(results[-1]), flush=True)
    training.write_results("check", results)


def samplers(every=1, models=",".join(folders.MODELS), names=",".join(SAMPLERS), steps=SAMPLER_STEPS):
    """Meaning by sampler and number of steps, on every so many prompts."""
    table, results = rows()[:: int(every)], []
    for name in models.split(","):
        pipeline = load(name)
        config = dict(pipeline.scheduler.config)
        for sampler in names.split(","):
            scheduler, settings = SAMPLERS[sampler]
            pipeline.scheduler = scheduler.from_config(config, **settings)
            for count in map(int, steps.split(",")):
                entry = measured(pipeline, table, 7.5, RESCALE[name], count)
                results.append({"model": name, "sampler": sampler} | entry)
                print(json.dumps(results[-1]), flush=True)
    training.write_results("samplers", results)


def reference():
    table = rows()[::40]
    for name in folders.MODELS:
        images = generate(load(name), table, 7.5, RESCALE[name])
        save_file({row["id"]: np.ascontiguousarray(image) for row, image in zip(table, images)}, prompts.FILE.parent / f"{name}.safetensors")


if __name__ == "__main__":
    if "--samplers" in sys.argv:
        samplers(*sys.argv[2:])
    else:
        reference() if "--reference" in sys.argv else check()

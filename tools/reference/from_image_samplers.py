#!/usr/bin/env python3
"""Writes from_image_samplers.safetensors: runs of every sampler from an image's latents, as diffusers'
StableDiffusionImg2ImgPipeline has its schedulers make them, over the made-up model of samplers.py.

Usage: from_image_samplers.py [OUTPUT_FOLDER]   (default: src/test/resources/reference)

  metadata "about"       JSON: cases, each with a sampler, its settings and [steps, strength] of the runs
  image                  (images, channels, height, width) float32: the latents of the image, without noise
  CASE/timesteps         float32, one for each call of the model, of all the case's runs one after another
  CASE/levels            (calls, 2) float32: factors of an image's latents and of noise that are added after each call, by add_noise
  CASE/latents           (calls + 1, images, channels, height, width) float32: the noised start and what follows each call
"""

import inspect
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import diffusers
import numpy as np
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from safetensors.numpy import save_file

import samplers

IMAGE = torch.randn((2, *samplers.SHAPE[1:]), generator=torch.Generator("cpu").manual_seed(7))
STEPS = (4, 20)
STRENGTHS = (0.3, 0.8, 1.0)
ORDERED = {
    "dpm++_2m": {"solver_order": 3},
    "dpm++_2s": {"solver_order": 3},
    "unipc": {"solver_order": 3},
    "deis": {"solver_order": 3},
    "dpm++_2m_sde": {"solver_type": "heun"},
}


def rows():
    for sampler in samplers.CLASSES:
        for spacing in ("linspace",) if sampler in samplers.UNSPACED else ("leading", "trailing"):
            for prediction in ("epsilon", "v_prediction"):
                yield sampler, f"{prediction}/{spacing}", {"prediction_type": prediction, "timestep_spacing": spacing}
        if sampler in samplers.KARRAS:
            yield sampler, "karras", {"use_karras_sigmas": True}
        if sampler in ORDERED:
            yield sampler, "ordered", ORDERED[sampler]
    for sampler in ("ddim", "euler", "dpm++_2m", "unipc"):
        yield sampler, "zero_snr", samplers.ZERO


def described(sampler, settings):
    scheduler = getattr(diffusers, samplers.CLASSES[sampler])
    known = set(inspect.signature(scheduler.__init__).parameters)
    every = samplers.SD2 | samplers.PRESETS.get(sampler, {}) | settings
    return {
        "sampler": sampler,
        "class": samplers.CLASSES[sampler],
        "settings": {key: value for key, value in every.items() if key in known},
        "runs": [[steps, strength] for steps in STEPS for strength in STRENGTHS],
    }


def run(case, steps, strength):
    scheduler = samplers.made(case)
    scheduler.set_timesteps(num_inference_steps=steps)
    pipeline = SimpleNamespace(scheduler=scheduler)
    timesteps, _ = StableDiffusionImg2ImgPipeline.get_timesteps(pipeline, steps, strength, "cpu")
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in samplers.SEEDS]
    noise = torch.cat([torch.randn(samplers.SHAPE, generator=generator) for generator in generators])
    latents = [scheduler.add_noise(IMAGE, noise, timesteps[:1].repeat(len(samplers.SEEDS))).float()]
    told = {"generator": generators, "eta": 0.0}
    extra = {key: told[key] for key in told if key in inspect.signature(scheduler.step).parameters}
    levels = []
    for i, timestep in enumerate(timesteps):
        output = samplers.model(scheduler.scale_model_input(latents[-1], timestep), float(timestep))
        latents.append(scheduler.step(output, timestep, latents[-1], **extra, return_dict=False)[0].float())
        levels.append(level(scheduler, timesteps[i + 1]) if i + 1 < len(timesteps) else [1, 0])
    return timesteps.numpy(), np.array(levels), torch.stack(latents).numpy()


def level(scheduler, timestep):
    """As diffusers' StableDiffusionInpaintPipeline has its schedulers add noise."""
    one, none = torch.ones((1, 1)), torch.zeros((1, 1))
    return [float(scheduler.add_noise(image, noise, torch.tensor([timestep]))) for image, noise in ((one, none), (none, one))]


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    diffusers.utils.logging.set_verbosity_error()
    cases = {f"{sampler}/{name}": described(sampler, settings) for sampler, name, settings in rows()}
    tensors = {"image": IMAGE.numpy()}
    for name, case in cases.items():
        timesteps, levels, latents = zip(*(run(case, *one) for one in case["runs"]))
        tensors[f"{name}/timesteps"] = np.concatenate(timesteps).astype(np.float32)
        tensors[f"{name}/levels"] = np.concatenate(levels).astype(np.float32)
        tensors[f"{name}/latents"] = np.concatenate(latents).astype(np.float32)
    path = folder / "from_image_samplers.safetensors"
    save_file(tensors, path, {"about": json.dumps({"cases": cases})})
    path.chmod(0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else samplers.RESOURCES / "reference")

#!/usr/bin/env python3
"""Writes samplers.safetensors: whole runs of every sampler by diffusers' schedulers over a small made-up model.

Usage: samplers.py [OUTPUT_FOLDER]   (default: src/test/resources/reference)

  metadata "about"       JSON: the source's versions; cases, each with a scheduler's class, its settings and the runs
  CASE/timesteps         float32, one for each call of the model, of all the case's runs one after another
  CASE/latents           (calls + 1, images, channels, height, width) float32: the first latents and those after each call
  CASE/sigmas            float32, the noise levels of some cases
  published/NN           float32, timesteps of 20 steps with the real scheduler_config.json of that number

The model answers 0.9 x + 0.25 sin(2 x + 0.01 t), in double, for the latents x as it is given them, at timestep t. Each
image draws from a generator of its own, seeds 0 and 1.
"""

import inspect
import json
import sys
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import torch
from safetensors.numpy import save_file

RESOURCES = Path(__file__).parents[2] / "src/test/resources"
SHAPE = (1, 1, 2, 2)
SEEDS = (0, 1)

SD2 = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "steps_offset": 1,
    "clip_sample": False,
}
CLASSES = {
    "ddim": "DDIMScheduler",
    "ddpm": "DDPMScheduler",
    "pndm": "PNDMScheduler",
    "euler": "EulerDiscreteScheduler",
    "euler_a": "EulerAncestralDiscreteScheduler",
    "heun": "HeunDiscreteScheduler",
    "lms": "LMSDiscreteScheduler",
    "dpm2": "KDPM2DiscreteScheduler",
    "dpm2_a": "KDPM2AncestralDiscreteScheduler",
    "dpm++_2m": "DPMSolverMultistepScheduler",
    "dpm++_2m_sde": "DPMSolverMultistepScheduler",
    "dpm++_2s": "DPMSolverSinglestepScheduler",
    "unipc": "UniPCMultistepScheduler",
    "deis": "DEISMultistepScheduler",
    "lcm": "LCMScheduler",
    "tcd": "TCDScheduler",
}
PRESETS = {"dpm++_2m_sde": {"algorithm_type": "sde-dpmsolver++"}, "pndm": {"skip_prk_steps": True}}
UNSPACED = ("dpm++_2s", "lcm", "tcd")  # their timesteps lie where they lie
KARRAS = ("euler", "heun", "lms", "dpm2", "dpm2_a", "dpm++_2m", "dpm++_2m_sde", "dpm++_2s", "unipc", "deis")
LEVELS = ("euler", "dpm++_2m", "unipc", "deis")
NO_SAMPLE = ("pndm", "euler_a", "dpm2", "dpm2_a")
STEPS = (1, 2, 4, 20, 50)
FEW = (4, 20)
AYS = [999, 850, 736, 645, 545, 455, 343, 233, 124, 24]
ZERO = {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"}
MORE = [
    ("ddim", "eta", {}, FEW, {"eta": 0.5}),
    ("ddim", "alpha_one", {"set_alpha_to_one": True}, FEW, {"eta": 1.0}),
    ("tcd", "eta", {}, FEW, {"eta": 0.3}),
    ("tcd", "eta_one", {"prediction_type": "v_prediction"}, FEW, {"eta": 1.0}),
    ("ddpm", "large", {"variance_type": "fixed_large"}, FEW, {}),
    ("ddpm", "given", {}, (10,), {"timesteps": AYS}),
    ("pndm", "prk", {"skip_prk_steps": False}, (4, 20, 50), {}),
    ("pndm", "prk_v", {"skip_prk_steps": False, "prediction_type": "v_prediction", "set_alpha_to_one": True}, FEW, {}),
    ("euler", "sigma_min", {"final_sigmas_type": "sigma_min"}, FEW, {}),
    ("euler", "given", {}, (10,), {"timesteps": AYS}),
    ("euler", "sigmas", {}, (4,), {"sigmas": [14.6, 6.0, 2.5, 0.7, 0.0]}),
    ("heun", "given", {"timestep_spacing": "leading"}, (10,), {"timesteps": AYS}),
    ("dpm++_2m", "given", {}, (10,), {"timesteps": AYS}),
    ("dpm++_2m", "order_1", {"solver_order": 1}, FEW, {}),
    ("dpm++_2m", "order_3", {"solver_order": 3}, FEW, {}),
    ("dpm++_2m", "heun", {"solver_type": "heun", "lower_order_final": False, "final_sigmas_type": "sigma_min"}, FEW, {}),
    ("dpm++_2m", "euler_at_final", {"euler_at_final": True, "final_sigmas_type": "sigma_min"}, FEW, {}),
    ("dpm++_2m", "first", {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"}, FEW, {}),
    (
        "dpm++_2m",
        "first_heun_3",
        {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "solver_order": 3, "prediction_type": "sample"},
        FEW,
        {},
    ),
    ("dpm++_2m", "first_heun", {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min", "solver_type": "heun"}, FEW, {}),
    ("dpm++_2m_sde", "heun", {"solver_type": "heun"}, FEW, {}),
    ("dpm++_2m_sde", "order_3", {"solver_order": 3}, FEW, {}),
    ("dpm++_2m", "sde", {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min"}, FEW, {}),
    (
        "dpm++_2m",
        "sde_heun",
        {"algorithm_type": "sde-dpmsolver", "final_sigmas_type": "sigma_min", "solver_type": "heun"},
        FEW,
        {},
    ),
    ("dpm++_2s", "heun", {"solver_type": "heun"}, FEW, {}),
    ("dpm++_2s", "order_1", {"solver_order": 1}, FEW, {}),
    ("dpm++_2s", "order_3", {"solver_order": 3}, (2, 4, 5, 20, 21), {}),
    ("dpm++_2s", "order_3_heun", {"solver_order": 3, "solver_type": "heun", "final_sigmas_type": "sigma_min"}, (3, 4, 21), {}),
    ("dpm++_2s", "lower", {"lower_order_final": True, "final_sigmas_type": "sigma_min"}, (4, 5), {}),
    ("dpm++_2s", "first", {"algorithm_type": "dpmsolver", "final_sigmas_type": "sigma_min"}, FEW, {}),
    ("dpm++_2s", "sde", {"algorithm_type": "sde-dpmsolver++"}, FEW, {}),
    ("dpm++_2s", "given", {}, (10,), {"timesteps": AYS}),
    ("unipc", "order_1", {"solver_order": 1}, FEW, {}),
    ("unipc", "order_3", {"solver_order": 3}, FEW, {}),
    ("unipc", "bh1", {"solver_type": "bh1", "final_sigmas_type": "sigma_min"}, FEW, {}),
    ("unipc", "karras_min", {"use_karras_sigmas": True, "final_sigmas_type": "sigma_min"}, FEW, {}),
    ("deis", "order_1", {"solver_order": 1}, FEW, {}),
    ("deis", "order_3", {"solver_order": 3}, FEW, {}),
    ("lcm", "given", {}, (4,), {"timesteps": [999, 759, 499, 259]}),
    ("lcm", "original", {"original_inference_steps": 100, "timestep_scaling": 3.0}, FEW, {}),
]


def cases() -> dict[str, dict]:
    """Class, settings, numbers of steps, and what a run is told, of each case by its name."""
    rows = []
    for sampler in CLASSES:
        for spacing in ("linspace",) if sampler in UNSPACED else ("leading", "linspace", "trailing"):
            for prediction in ("epsilon", "v_prediction"):
                settings = {"prediction_type": prediction, "timestep_spacing": spacing}
                rows.append((sampler, f"{prediction}/{spacing}", settings, STEPS, {}))
        if sampler not in NO_SAMPLE:
            rows.append((sampler, "sample", {"prediction_type": "sample"}, FEW, {}))
        for spaced in ("karras", "exponential", "beta") if sampler in KARRAS else ():
            for prediction in ("epsilon", "v_prediction"):
                settings = {"prediction_type": prediction, f"use_{spaced}_sigmas": True}
                rows.append((sampler, f"{prediction}/{spaced}", settings, STEPS if spaced == "karras" else (1, 4, 20), {}))
    for sampler in ("ddim", "ddpm", "euler", "euler_a", "dpm++_2m", "unipc", "lcm", "tcd"):
        rows.append((sampler, "zero_snr", ZERO, FEW, {}))
    described = {}
    for sampler, name, settings, steps, told in rows + MORE:
        scheduler = getattr(diffusers, CLASSES[sampler])
        known = set(inspect.signature(scheduler.__init__).parameters)
        all_settings = SD2 | PRESETS.get(sampler, {}) | settings
        described[f"{sampler}/{name}"] = {
            "sampler": sampler,
            "class": CLASSES[sampler],
            "settings": {key: value for key, value in all_settings.items() if key in known},
            "steps": list(steps),
            "told": told,
        }
    return described


def made(case: dict):
    exact = mock.patch.object(torch.Tensor, "sqrt", lambda tensor: torch.from_numpy(np.asarray(np.sqrt(tensor.numpy()))))
    with exact if case["settings"].get("rescale_betas_zero_snr") else mock.MagicMock():
        return getattr(diffusers, case["class"])(**case["settings"])


def model(latents: torch.Tensor, timestep: float) -> torch.Tensor:
    x = latents.double()
    return (0.9 * x + 0.25 * torch.sin(2 * x + 0.01 * timestep)).float()


def run(case: dict, steps: int) -> dict[str, np.ndarray]:
    scheduler = made(case)
    told = case["told"]
    given = {key: told[key] for key in ("timesteps", "sigmas") if key in told}
    scheduler.set_timesteps(**(given or {"num_inference_steps": steps}))
    generators = [torch.Generator("cpu").manual_seed(seed) for seed in SEEDS]
    step_takes = set(inspect.signature(scheduler.step).parameters)
    extra = {"generator": generators} if "generator" in step_takes else {}
    if "eta" in step_takes:
        extra["eta"] = told.get("eta", 0.0)
    first = torch.cat([torch.randn(SHAPE, generator=generator) for generator in generators])
    latents = [first * scheduler.init_noise_sigma]
    for timestep in scheduler.timesteps:
        output = model(scheduler.scale_model_input(latents[-1], timestep), float(timestep))
        latents.append(scheduler.step(output, timestep, latents[-1], **extra, return_dict=False)[0].float())
    tensors = {"timesteps": scheduler.timesteps.numpy(), "latents": torch.stack(latents).numpy()}
    if case["sampler"] in LEVELS and case["settings"].get("prediction_type") == "epsilon":
        tensors["sigmas"] = scheduler.sigmas.numpy()
    return tensors


def runs(case: dict) -> dict[str, np.ndarray]:
    all_runs = [run(case, steps) for steps in case["steps"]]
    return {name: np.concatenate([one[name] for one in all_runs]).astype(np.float32) for name in all_runs[0]}


def published() -> dict[str, np.ndarray]:
    """As StableDiffusionPipeline makes it, which forces two settings."""
    tensors = {}
    for file in sorted((RESOURCES / "published/schedulers").glob("*.json")):
        config = json.loads(file.read_text()) | {"steps_offset": 1, "clip_sample": False}
        scheduler = getattr(diffusers, config["_class_name"].removeprefix("Flax")).from_config(config)
        scheduler.set_timesteps(20)
        tensors[f"published/{file.stem}"] = scheduler.timesteps.numpy().astype(np.float32)
    return tensors


def main(folder: Path) -> None:
    torch.set_num_threads(1)
    diffusers.utils.logging.set_verbosity_error()
    tensors = published()
    described = cases()
    for name, case in described.items():
        tensors |= {f"{name}/{key}": values for key, values in runs(case).items()}
    source = f"diffusers {diffusers.__version__}, torch {torch.__version__}, numpy {np.__version__}"
    about = json.dumps({"source": source, "cases": described})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "samplers.safetensors", {"about": about})
    (folder / "samplers.safetensors").chmod(0o644)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESOURCES / "reference")

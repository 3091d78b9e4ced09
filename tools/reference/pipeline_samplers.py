"""Whole runs of the small models by diffusers with other samplers than DDIM, as pipeline_cases.py has those with DDIM.

pipeline_samplers.safetensors has NAME/latents and NAME/pixels of each, and the cases as JSON under "about".
"""

import json
import sys

import diffusers
import torch
from safetensors.torch import save_file

import pipeline_cases
import samplers
from common import OUTPUT
from components import load

COLUMNS = ("model", "scheduler", "steps", "guidance_scale", "overrides")
CASES = [
    ("base", "euler", 6, 7.5, {}),
    ("base", "euler", 1, 0.0, {"timestep_spacing": "trailing"}),
    ("base", "euler_a", 5, 7.5, {}),
    ("base", "dpm++_2m", 6, 7.5, {"use_karras_sigmas": True}),
    ("base", "pndm", 6, 7.5, {}),
    ("v21", "heun", 4, 7.5, {}),
    ("v21", "unipc", 6, 7.5, {}),
    ("v21", "dpm++_2m_sde", 5, 1.0, {"timestep_spacing": "leading"}),
    ("v21", "dpm2_a", 3, 7.5, {}),
    ("base", "lcm", 4, 1.0, {}),
]


def described(row):
    case = dict(zip(COLUMNS, row))
    case["name"] = f"{case['model']}-{case['scheduler']}-{case['steps']}-steps-guidance-{case['guidance_scale']:g}"
    texts = {"prompts": pipeline_cases.POSITIVE, "negative_prompts": pipeline_cases.NEGATIVE, "seeds": pipeline_cases.SEEDS}
    case |= {key: values[1:3] for key, values in texts.items()}
    return case | {"height": 64, "width": 64, "guidance_rescale": 0.0, "eta": 0.0}


def prepare(pipeline, case):
    """In the place of pipeline_cases.prepare: the case's own scheduler, from the folder's configuration."""
    settings = samplers.PRESETS.get(case["scheduler"], {}) if case["scheduler"] != "pndm" else {}
    folder = json.loads((OUTPUT / case["model"] / "scheduler/scheduler_config.json").read_text())
    scheduler = getattr(diffusers, samplers.CLASSES[case["scheduler"]])
    pipeline.scheduler = scheduler.from_config(folder, **settings, **case["overrides"])
    return [torch.Generator("cpu").manual_seed(seed) for seed in case["seeds"]]


def run(pipeline, case):
    latents, pixels = pipeline_cases.run(pipeline, case)
    latents[0] *= float(pipeline.scheduler.init_noise_sigma)
    return latents, pixels


def main():
    pipeline_cases.prepare = prepare
    cases, tensors = [described(row) for row in CASES], {}
    for model in ("base", "v21"):
        pipeline = load(OUTPUT / model)
        pipeline.set_progress_bar_config(disable=True)
        for case in (case for case in cases if case["model"] == model):
            tensors[f"{case['name']}/latents"], tensors[f"{case['name']}/pixels"] = run(pipeline, case)
    path = OUTPUT / "pipeline_samplers.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

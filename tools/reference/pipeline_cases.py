"""Whole runs of the small models by diffusers: every latent of every step, and the decoded 8-bit pixels."""

import numpy
import torch
from diffusers import DDIMScheduler

from common import OUTPUT, write_json, write_tensors
from components import DECODES, PROMPTS, UNET_CALLS, load

POSITIVE = [
    "a photograph of an astronaut riding a horse",
    "a watercolor painting of a red fox in the snow, soft light",
    "a castle by the sea at sunset",
]
NEGATIVE = ["", "blurry, low quality", "dark, abstract texture"]
SEEDS = [42, 0, 2**40 + 7]

NUMBERS = {"base": "pipeline", "v21": "pipeline", "sd15": "pipeline_sd15"}  # the file that has a model's runs

COLUMNS = ("steps", "guidance_scale", "guidance_rescale", "eta", "size", "batch", "timestep_spacing", "zero_snr")
CASES = {
    "base": [
        (50, 7.5, 0.0, 0.0, (64, 64), 1, "leading", False),
        (50, 1.0, 0.0, 0.5, (64, 96), 3, "leading", False),
        (50, 0.5, 0.7, 0.0, (72, 88), 1, "trailing", False),
        (5, 7.5, 0.7, 0.5, (72, 88), 3, "leading", False),
        (5, 7.5, 1.0, 0.0, (64, 96), 1, "trailing", False),
        (5, 0.0, 0.0, 0.5, (64, 64), 3, "linspace", False),
        (5, 1.0, 0.7, 0.0, (64, 64), 1, "trailing", False),
        (5, 7.5, 0.0, 0.5, (64, 64), 3, "trailing", False),
        (5, 0.0, 1.0, 0.0, (64, 96), 3, "leading", False),
    ],
    "v21": [
        (50, 7.5, 0.7, 0.0, (64, 64), 1, "trailing", True),
        (50, 7.5, 1.0, 0.5, (64, 96), 3, "leading", False),
        (50, 0.5, 0.0, 0.5, (96, 64), 1, "leading", False),
        (5, 1.0, 0.0, 0.5, (72, 88), 3, "trailing", True),
        (5, 7.5, 0.0, 0.0, (64, 96), 3, "leading", False),
        (5, 0.0, 1.0, 0.5, (64, 64), 1, "trailing", True),
        (5, 7.5, 0.7, 0.5, (72, 88), 3, "trailing", True),
        (5, 1.0, 1.0, 0.0, (64, 64), 1, "linspace", False),
    ],
    "sd15": [
        (50, 7.5, 0.0, 0.0, (64, 64), 1, "leading", False),
        (5, 7.5, 0.7, 0.5, (72, 88), 3, "leading", False),
        (5, 1.0, 0.0, 0.0, (64, 96), 1, "trailing", False),
    ],
}


def described(model, row):
    case = {"name": "", "model": model} | dict(zip(COLUMNS, row))
    height, width = case.pop("size")
    batch, zero_snr = case.pop("batch"), case.pop("zero_snr")
    if NUMBERS[model] != "pipeline":
        case["numbers"] = NUMBERS[model]
    case["name"] = (
        f"{model}-{case['steps']}-steps-guidance-{case['guidance_scale']:g}-rescale-{case['guidance_rescale']:g}"
        f"-eta-{case['eta']:g}-{height}x{width}-batch-{batch}-{case['timestep_spacing']}{'-zero' if zero_snr else ''}"
    )
    first = 0 if batch > 1 else 1  # a batch of one has a negative prompt that is not empty
    texts = {"prompts": POSITIVE, "negative_prompts": NEGATIVE, "seeds": SEEDS}
    case |= {key: values[first : first + batch] for key, values in texts.items()}
    return case | {"height": height, "width": width, "rescale_betas_zero_snr": zero_snr}


def prepare(pipeline, case):
    """Gives the pipeline the case's DDIM scheduler; returns the images' generators."""
    pipeline.scheduler = DDIMScheduler.from_config(
        pipeline.scheduler.config,
        timestep_spacing=case["timestep_spacing"],
        rescale_betas_zero_snr=case["rescale_betas_zero_snr"],
    )
    return [torch.Generator("cpu").manual_seed(seed) for seed in case["seeds"]]


def run(pipeline, case):
    """diffusers itself: guidance above 1, or none."""
    latents = []

    def collect(pipeline, step, timestep, values):
        latents.append(values["latents"].clone())
        return {}

    generators = prepare(pipeline, case)
    shape = (1, 4, case["height"] // 8, case["width"] // 8)
    first = torch.cat([torch.randn(shape, generator=generator) for generator in generators])
    generators = prepare(pipeline, case)
    images = pipeline(
        case["prompts"],
        negative_prompt=case["negative_prompts"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        guidance_rescale=case["guidance_rescale"],
        eta=case["eta"],
        height=case["height"],
        width=case["width"],
        generator=generators,
        callback_on_step_end=collect,
    ).images
    return torch.stack([first, *latents]), pixels(images)


def pixels(images):
    return torch.from_numpy(numpy.stack([numpy.asarray(image) for image in images]))


def main():
    described_cases, tensors = [], {file: {} for file in NUMBERS.values()}
    for model, rows in CASES.items():
        pipeline = load(OUTPUT / model)
        pipeline.set_progress_bar_config(disable=True)
        for row in rows:
            case = described(model, row)
            described_cases.append(case)
            values = tensors[NUMBERS[model]]
            values[f"{case['name']}/latents"], values[f"{case['name']}/pixels"] = run(pipeline, case)
    for file, values in tensors.items():
        write_tensors(OUTPUT / f"{file}.safetensors", values)
    write_json(
        OUTPUT / "cases.json",
        {
            "text_prompts": PROMPTS,
            "unet_calls": list(UNET_CALLS),
            "vae_decodes": list(DECODES),
            "pipeline": described_cases,
        },
    )


if __name__ == "__main__":
    main()

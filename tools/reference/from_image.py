"""Whole runs of the small models from images, by diffusers' StableDiffusionImg2ImgPipeline.

pipeline_from_image.safetensors has images/HxW (B, H, W, 3) uint8, which runs of this size start from, NAME/latents (calls
+ 1, B, 4, h, w), the noised start and what follows each call of the UNet, NAME/pixels of each, and the cases as JSON under
"about".
"""

import json
import sys

import diffusers
import torch
from diffusers import StableDiffusionImg2ImgPipeline
from PIL import Image
from safetensors.torch import save_file

import pipeline_cases
import pipeline_samplers
from common import OUTPUT
from components import load

STEPS = {"pndm": 10}  # with 7 and strength 0.8 diffusers' float32 differs from its float64 by 2e-4 of the largest value
USUAL_STEPS = 7
STRENGTHS = (0.3, 0.8, 1.0)
CASES = [
    *(("base", scheduler, strength, 64, 64) for scheduler in ("ddim", "euler", "pndm") for strength in STRENGTHS),
    *(("v21", scheduler, strength, 64, 64) for scheduler in ("dpm++_2m", "heun") for strength in STRENGTHS),
    ("base", "euler_a", 0.8, 72, 88),
    ("v21", "ddim", 0.8, 72, 88),
]


def described(model, scheduler, strength, height, width):
    name = f"{model}-{scheduler}-strength-{strength:g}-{height}x{width}"
    case = {"name": name, "model": model, "scheduler": scheduler, "strength": strength, "height": height, "width": width}
    texts = {"prompts": pipeline_cases.POSITIVE, "negative_prompts": pipeline_cases.NEGATIVE, "seeds": pipeline_cases.SEEDS}
    case |= {key: values[1:3] for key, values in texts.items()}
    more = {"steps": STEPS.get(scheduler, USUAL_STEPS), "guidance_scale": 7.5, "guidance_rescale": 0.0, "eta": 0.0, "overrides": {}}
    return case | more | {"numbers": "pipeline_from_image"}


def drawings(case):
    """Blocks of eight pixels with a little of each pixel's own."""
    generator = torch.Generator().manual_seed(case["height"])
    shape = (len(case["seeds"]), case["height"] // 8, case["width"] // 8, 3)
    blocks = torch.randint(0, 240, shape, generator=generator).repeat_interleave(8, 1).repeat_interleave(8, 2)
    return (blocks + torch.randint(0, 16, blocks.shape, generator=generator)).to(torch.uint8)


def run(pipeline, case):
    latents = []
    prepare = StableDiffusionImg2ImgPipeline.prepare_latents

    def prepared(*arguments, **named):
        latents.append(prepare(pipeline, *arguments, **named))
        return latents[0]

    def collect(pipeline, step, timestep, values):
        latents.append(values["latents"].clone())
        return {}

    pipeline.prepare_latents = prepared
    generators = pipeline_samplers.prepare(pipeline, case)
    images = drawings(case)
    made = pipeline(
        case["prompts"],
        image=[Image.fromarray(image) for image in images.numpy()],
        negative_prompt=case["negative_prompts"],
        strength=case["strength"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        generator=generators,
        callback_on_step_end=collect,
    ).images
    return {f"images/{case['height']}x{case['width']}": images, f"{case['name']}/latents": torch.stack(latents), f"{case['name']}/pixels": pipeline_cases.pixels(made)}


def main():
    diffusers.utils.logging.set_verbosity_error()
    cases, tensors = [described(*row) for row in CASES], {}
    for model in ("base", "v21"):
        pipeline = StableDiffusionImg2ImgPipeline(**load(OUTPUT / model).components, requires_safety_checker=False)
        pipeline.set_progress_bar_config(disable=True)
        for case in (case for case in cases if case["model"] == model):
            tensors |= {key: values.contiguous() for key, values in run(pipeline, case).items()}
    path = OUTPUT / "pipeline_from_image.safetensors"
    save_file(tensors, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

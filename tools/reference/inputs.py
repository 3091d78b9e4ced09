"""Whole runs of small models from images with masks and depths, by diffusers' StableDiffusionInpaintPipeline and
StableDiffusionDepth2ImgPipeline.

Writes the model folders inpainting (a UNet of 9 channels) and depth (5), in float16, and pipeline_inputs.safetensors:
images/HxW (B, H, W, 3) uint8, masks/HxW and depths/HxW (B, H, W) uint8, which runs of this size start from, NAME/latents
(calls + 1, B, 4, h, w), what the first step begins with and what follows each call of the UNet, NAME/pixels of each, and
the cases as JSON under "about".
"""

import json
import shutil
import sys
import zlib

import diffusers
import torch
from diffusers import StableDiffusionDepth2ImgPipeline, StableDiffusionInpaintPipeline
from PIL import Image
from safetensors.torch import save_file

import layout
import models
import pipeline_cases
import pipeline_samplers
from common import OUTPUT
from components import load
from from_image import described, drawings

CHANNELS = {"inpainting": 9, "depth": 5}
PIPELINES = {"inpainting": "StableDiffusionInpaintPipeline", "depth": "StableDiffusionDepth2ImgPipeline"}
V = {"prediction_type": "v_prediction"}
ODD = (72, 88)
CASES = [
    *(("base", "ddim", strength, (64, 64), {}) for strength in (0.3, 0.8, 1.0)),
    *(("v21", "euler", strength, (64, 64), {}) for strength in (0.3, 0.8, 1.0)),
    ("base", "pndm", 0.8, (64, 64), {}),
    ("base", "euler_a", 0.8, ODD, {}),
    ("v21", "heun", 0.8, (64, 64), {}),
    ("v21", "unipc", 0.8, ODD, {}),
    *(("inpainting", "ddim", strength, (64, 64), {}) for strength in (0.3, 0.8, 1.0)),
    *(("inpainting", "euler_a", strength, ODD, {}) for strength in (0.8, 1.0)),
    *(("inpainting", "euler", strength, (64, 64), V) for strength in (0.8, 1.0)),
    ("inpainting", "dpm++_2m", 0.3, (64, 64), V),
    *(("depth", "ddim", strength, (64, 64), {}) for strength in (0.3, 0.8, 1.0)),
    *(("depth", "euler_a", strength, ODD, V) for strength in (0.3, 0.8)),
]


def write_model(name):
    configs = {key: config | {"in_channels": CHANNELS[name]} if key == "unet" else config for key, config in models.CONFIGS["narrow"].items()}
    scheduler = models.CONFIGS["base"]["scheduler"]
    folder = OUTPUT / name
    shutil.rmtree(folder, ignore_errors=True)
    layout.write_index(folder, scheduler["_diffusers_version"], scheduler["_class_name"])
    index = json.loads((folder / "model_index.json").read_text()) | {"_class_name": PIPELINES[name]}
    layout.write_json(folder / "model_index.json", index)
    layout.write_json(folder / "scheduler/scheduler_config.json", scheduler)
    layout.write_tokenizer(folder / "tokenizer", models.VOCABULARY, models.MERGES, name)
    for component in models.WEIGHT_FILES:
        module = models.network(component, configs[component])
        state = models.draw_weights(module, zlib.crc32(f"{name}/{component}".encode()), stream=1)
        half = {key: tensor.half() for key, tensor in models.published(component, state).items()}
        models.write_component(folder / component, component, configs[component], half)


def case_of(model, scheduler, strength, size, overrides):
    case = described(model, scheduler, strength, *size) | {"numbers": "pipeline_inputs", "overrides": overrides}
    if (model, overrides) == ("inpainting", V):
        case["guidance_scale"] = 2.0  # with 7.5 diffusers' float32 differs from its float64 by 7e-4 of the largest value
    return case | {"inputs": ["init_image", "depth_image" if model == "depth" else "mask_image"]}


def masks(case):
    """Rectangles whose edges are no multiples of eight, greys on both sides of the middle."""
    height, width = case["height"], case["width"]
    result = torch.zeros((len(case["seeds"]), height, width), dtype=torch.uint8)
    for i in range(len(result)):
        result[i, 13 + 9 * i : height - 11, 6 : width - 21 - 7 * i] = 255
        result[i, :9, : width // 2] = 127
        result[i, :9, width // 2 :] = 128
    return result


def depths(case):
    generator = torch.Generator().manual_seed(case["width"])
    slope = torch.arange(case["height"])[:, None] + torch.arange(case["width"])
    noise = torch.randint(0, 60, (len(case["seeds"]), case["height"], case["width"]), generator=generator)
    return (slope + noise).to(torch.uint8)


def images(tensor):
    return [Image.fromarray(image) for image in tensor.numpy()]


def run(pipeline, case):
    latents = []
    prepare = type(pipeline).prepare_latents

    def prepared(*arguments, **named):
        made = prepare(pipeline, *arguments, **named)
        latents.append(made[0] if isinstance(made, tuple) else made)
        return made

    def collect(pipeline, step, timestep, values):
        latents.append(values["latents"].clone())
        return {}

    pipeline.prepare_latents = prepared
    generators = pipeline_samplers.prepare(pipeline, case)
    size = f"{case['height']}x{case['width']}"
    if case["model"] == "depth":
        second = {f"depths/{size}": depths(case)}
        more = {"depth_map": depths(case).float()}
    else:
        second = {f"masks/{size}": masks(case)}
        more = {"mask_image": images(masks(case)), "height": case["height"], "width": case["width"]}
    made = pipeline(
        case["prompts"],
        image=images(drawings(case)),
        negative_prompt=case["negative_prompts"],
        strength=case["strength"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        generator=generators,
        callback_on_step_end=collect,
        **more,
    ).images
    return {f"images/{size}": drawings(case), **second, f"{case['name']}/latents": torch.stack(latents), f"{case['name']}/pixels": pipeline_cases.pixels(made)}


def pipeline_of(model):
    parts = load(OUTPUT / model).components
    if model == "depth":
        parts = {key: parts[key] for key in ("vae", "text_encoder", "tokenizer", "unet", "scheduler")}
        return StableDiffusionDepth2ImgPipeline(**parts, depth_estimator=None, feature_extractor=None)
    return StableDiffusionInpaintPipeline(**parts, requires_safety_checker=False)


def main():
    diffusers.utils.logging.set_verbosity_error()
    for model in CHANNELS:
        write_model(model)
    cases, tensors = [case_of(*row) for row in CASES], {}
    for model in dict.fromkeys(case["model"] for case in cases):
        pipeline = pipeline_of(model)
        pipeline.set_progress_bar_config(disable=True)
        for case in (case for case in cases if case["model"] == model):
            tensors |= {key: values.contiguous() for key, values in run(pipeline, case).items()}
    path = OUTPUT / "pipeline_inputs.safetensors"
    save_file(tensors, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

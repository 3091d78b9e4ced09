"""Whole runs of the small models under ControlNets, by diffusers' StableDiffusionControlNetPipeline and its image-to-image twin.

controlnet/v21_second is a second network for v21, with weights of its own. pipeline_controlnet.safetensors has
control/PLACE/HxW (B, H, W, 3) uint8, what the network at that place looks at in runs of this size, images/HxW as
pipeline_from_image has them for runs with a strength, NAME/latents (calls + 1, B, 4, h, w), NAME/pixels of each, and the
cases as JSON under "about". A case's controlnets are written as the setting has them: FOLDER or FOLDER:WEIGHT.
"""

import json
import sys

import diffusers
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetImg2ImgPipeline, StableDiffusionControlNetPipeline
from PIL import Image
from safetensors.torch import save_file

import controlnet
import from_image
import pipeline_cases
import pipeline_samplers
from common import OUTPUT
from components import load

COLUMNS = ("name", "model", "scheduler", "controlnets", "scale", "start", "end", "guidance_scale", "height", "width")
CASES = [
    ("v21-half", "v21", "dpm++_2m", {"v21": 1.0}, 0.5, 0.0, 1.0, 7.5, 64, 64),
    ("v21-unguided", "v21", "euler_a", {"v21": 1.0}, 1.0, 0.0, 0.8, 1.0, 64, 64),
    ("v21-two", "v21", "ddim", {"v21": 0.5, "v21_second": 1.0}, 1.0, 0.0, 1.0, 7.5, 64, 64),
    ("v21-two-part", "v21", "heun", {"v21": 1.0, "v21_second": -0.5}, 0.5, 0.2, 0.8, 7.5, 72, 88),
    ("sd15-part", "sd15", "ddim", {"sd15": 1.0}, 0.5, 0.2, 0.8, 7.5, 72, 88),
    ("sd15-from-image", "sd15", "euler", {"sd15": 1.0}, 0.8, 0.2, 0.8, 7.5, 72, 88),
    ("v21-from-image-two", "v21", "ddim", {"v21": 1.0, "v21_second": 0.5}, 1.0, 0.0, 1.0, 7.5, 64, 64),
]
STRENGTHS = {"sd15-from-image": 0.8, "v21-from-image-two": 0.6}
STEPS = 7


def described(row):
    case = dict(zip(COLUMNS, row)) | {"steps": STEPS, "guidance_rescale": 0.0, "eta": 0.0, "overrides": {}}
    case["weights"] = case["controlnets"]
    case["controlnets"] = [name + ("" if weight == 1 else f":{weight:g}") for name, weight in case["weights"].items()]
    if case["name"] in STRENGTHS:
        case["strength"] = STRENGTHS[case["name"]]
    texts = {"prompts": pipeline_cases.POSITIVE, "negative_prompts": pipeline_cases.NEGATIVE, "seeds": pipeline_cases.SEEDS}
    case |= {key: values[1:3] for key, values in texts.items()}
    return case | {"numbers": "pipeline_controlnet"}


def edges(case, place):
    """White lines on black, other ones for each image, size and network."""
    height, width = case["height"], case["width"]
    images = torch.zeros((len(case["seeds"]), height, width, 3), dtype=torch.uint8)
    generator = torch.Generator().manual_seed(1000 * place + height)
    for image in images:
        for _ in range(6):
            row, column = (int(torch.randint(0, size, (1,), generator=generator)) for size in (height, width))
            image[row, column // 2 :] = 255
            image[row // 2 :, column] = 255 - 40 * place
    return images


def pil(images):
    return [Image.fromarray(image) for image in images.numpy()]


def pipeline_of(case):
    kind = StableDiffusionControlNetImg2ImgPipeline if "strength" in case else StableDiffusionControlNetPipeline
    networks = [ControlNetModel.from_pretrained(OUTPUT / "controlnet" / name, torch_dtype=torch.float32) for name in case["weights"]]
    parts = load(OUTPUT / case["model"]).components
    made = kind(**parts, controlnet=networks if len(networks) > 1 else networks[0], requires_safety_checker=False)
    made.set_progress_bar_config(disable=True)
    return made


def run(case):
    pipeline, latents, tensors = pipeline_of(case), [], {}
    prepare = type(pipeline).prepare_latents

    def prepared(*arguments, **named):
        latents.append(prepare(pipeline, *arguments, **named))
        return latents[0]

    def collect(pipeline, step, timestep, values):
        latents.append(values["latents"].clone())
        return {}

    pipeline.prepare_latents = prepared
    generators = pipeline_samplers.prepare(pipeline, case)
    size = f"{case['height']}x{case['width']}"
    controls = [edges(case, place) for place in range(len(case["weights"]))]
    tensors |= {f"control/{place}/{size}": images for place, images in enumerate(controls)}
    scales = [weight * case["scale"] for weight in case["weights"].values()]
    several = len(scales) > 1
    images = [control.permute(0, 3, 1, 2).float() / 255 for control in controls] if several else pil(controls[0])
    arguments = {"image": images}
    if "strength" in case:
        drawings = from_image.drawings(case)
        tensors[f"images/{size}"] = drawings
        arguments = {"image": pil(drawings), "control_image": images, "strength": case["strength"]}
    made = pipeline(
        case["prompts"],
        **arguments,
        negative_prompt=case["negative_prompts"],
        height=case["height"],
        width=case["width"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        controlnet_conditioning_scale=scales if several else scales[0],
        control_guidance_start=case["start"],
        control_guidance_end=case["end"],
        generator=generators,
        callback_on_step_end=collect,
    ).images
    return tensors | {f"{case['name']}/latents": torch.stack(latents), f"{case['name']}/pixels": pipeline_cases.pixels(made)}


def main():
    diffusers.utils.logging.set_verbosity_error()
    cases, tensors = [described(row) for row in CASES], {}
    for case in cases:
        tensors |= {key: values.contiguous() for key, values in run(case).items()}
        plain = {**case, "weights": dict.fromkeys(case["weights"], 0.0)}
        moved = (tensors[f"{case['name']}/latents"][-1] - run(plain)[f"{case['name']}/latents"][-1]).abs().max()
        print(f"{case['name']}: moves the latents by {moved / tensors[case['name'] + '/latents'][-1].abs().max():.3f}")
        del case["weights"]
    path = OUTPUT / "pipeline_controlnet.safetensors"
    save_file(tensors, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

"""A small upscaling model in the layout of stabilityai/stable-diffusion-x4-upscaler, and whole runs by diffusers' StableDiffusionUpscalePipeline.

pipeline_upscale.safetensors has images/HxW (B, H, W, 3) uint8, the small images of runs whose results have four times
that size, NAME/latents (calls + 1, B, 4, h, w), the first noise and what follows each call of the UNet, NAME/pixels of
each, and the cases as JSON under "about". upscaler_KEYS.txt have the names and shapes of the published model's tensors.
"""

import json
import shutil
import sys

import diffusers
import torch
from diffusers import DDPMScheduler, StableDiffusionUpscalePipeline
from diffusers.image_processor import VaeImageProcessor
from PIL import Image
from safetensors.torch import save_file

import layout
import models
import pipeline_cases
import pipeline_samplers
from common import OUTPUT, PUBLISHED

NAME = "upscaler"
SCALE = 4
SCHEDULER = models.SCHEDULER | {"beta_start": 0.0001, "beta_end": 0.02}
LOW_RES = {"_class_name": "DDPMScheduler", "_diffusers_version": "0.9.0.dev0", "variance_type": "fixed_small"}
LOW_RES |= {key: SCHEDULER[key] for key in ("beta_end", "beta_schedule", "beta_start", "num_train_timesteps", "trained_betas")}
models.CONFIGS[NAME] = {
    "unet": models.UNET
    | {
        "sample_size": 16,
        "in_channels": 7,
        "down_block_types": ["DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"],
        "up_block_types": ["CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"],
        "block_out_channels": [8, 12, 12, 16],
        "attention_head_dim": 4,
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "cross_attention_dim": 24,
        "num_class_embeds": 1000,
        "only_cross_attention": [True, True, True, False],
    },
    "vae": {key: value[:3] if isinstance(value, list) else value for key, value in models.VAE.items()}
    | {"sample_size": 32, "block_out_channels": [4, 8, 12], "layers_per_block": 2, "norm_num_groups": 2, "scaling_factor": 0.08333},
    "text_encoder": models.TEXT
    | {"hidden_size": 24, "num_attention_heads": 3, "num_hidden_layers": 2, "intermediate_size": 72},
    "scheduler": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.9.0.dev0"}
    | SCHEDULER
    | {"prediction_type": "v_prediction"},
}

STEPS = 5
COLUMNS = ("scheduler", "guidance_scale", "noise_level", "height", "width", "eta", "tiled")
CASES = [
    ("ddim", 9.0, 20, 64, 64, 0.0, False),
    ("ddim", 1.0, 100, 80, 112, 0.0, False),
    ("ddim", 9.0, 350, 72, 88, 0.5, False),
    ("euler", 9.0, 100, 80, 112, 0.0, False),
    ("euler", 1.0, 20, 64, 64, 0.0, True),
    ("dpm++_2m", 9.0, 0, 64, 64, 0.0, False),
]


def write_model():
    folder = OUTPUT / NAME
    shutil.rmtree(folder, ignore_errors=True)
    models.write_model(NAME, unet_dtype=torch.float16)
    layout.write_json(folder / "low_res_scheduler/scheduler_config.json", LOW_RES | {"clip_sample": True, "prediction_type": "epsilon"})
    index = json.loads((folder / "model_index.json").read_text())
    parts = {key: value for key, value in index.items() if key not in ("feature_extractor", "safety_checker", "requires_safety_checker")}
    own = {"_class_name": "StableDiffusionUpscalePipeline", "low_res_scheduler": ["diffusers", "DDPMScheduler"], "max_noise_level": 350}
    layout.write_json(folder / "model_index.json", dict(sorted((parts | own).items())))


def write_keys():
    """The published model's tensors, as diffusers makes them of its published configurations."""
    for component in ("unet", "vae"):
        config = json.loads((PUBLISHED.parent / "stable-diffusion-x4-upscaler" / component / "config.json").read_text())
        with torch.device("meta"):
            state = models.network(component, config).state_dict()
        lines = [f"{name} {','.join(map(str, tensor.shape))}\n" for name, tensor in sorted(state.items())]
        (OUTPUT / f"upscaler_{component}_keys.txt").write_text("".join(lines))


def described(row):
    case = {"name": "", "model": NAME} | dict(zip(COLUMNS, row))
    tiled = "-tiled" if case["tiled"] else ""
    case["name"] = (
        f"{NAME}-{case['scheduler']}-guidance-{case['guidance_scale']:g}-noise-{case['noise_level']}"
        f"-{case['height']}x{case['width']}{tiled}"
    )
    texts = {"prompts": pipeline_cases.POSITIVE, "negative_prompts": pipeline_cases.NEGATIVE, "seeds": pipeline_cases.SEEDS}
    case |= {key: values[1:3] for key, values in texts.items()}
    return case | {"steps": STEPS, "guidance_rescale": 0.0, "overrides": {}, "numbers": "pipeline_upscale"}


def drawings(case):
    """Small images of blocks of two pixels with a little of each pixel's own."""
    generator = torch.Generator().manual_seed(case["height"])
    shape = (len(case["seeds"]), case["height"] // SCALE // 2, case["width"] // SCALE // 2, 3)
    blocks = torch.randint(0, 240, shape, generator=generator).repeat_interleave(2, 1).repeat_interleave(2, 2)
    return (blocks + torch.randint(0, 16, blocks.shape, generator=generator)).to(torch.uint8)


def run(pipeline, case):
    latents = []
    prepare = StableDiffusionUpscalePipeline.prepare_latents

    def prepared(*arguments, **named):
        latents.append(prepare(pipeline, *arguments, **named))
        return latents[0]

    pipeline.prepare_latents = prepared
    (pipeline.vae.enable_tiling if case["tiled"] else pipeline.vae.disable_tiling)()
    generators = pipeline_samplers.prepare(pipeline, case)
    images = drawings(case)
    made = pipeline(
        case["prompts"],
        image=[Image.fromarray(image) for image in images.numpy()],
        negative_prompt=case["negative_prompts"],
        noise_level=case["noise_level"],
        num_inference_steps=case["steps"],
        guidance_scale=case["guidance_scale"],
        eta=case["eta"],
        generator=generators,
        callback=lambda step, timestep, values: latents.append(values.clone()),
    ).images
    small = f"images/{case['height'] // SCALE}x{case['width'] // SCALE}"
    return {small: images, f"{case['name']}/latents": torch.stack(latents), f"{case['name']}/pixels": pipeline_cases.pixels(made)}


def main():
    diffusers.utils.logging.set_verbosity_error()
    write_model()
    write_keys()
    pipeline = StableDiffusionUpscalePipeline.from_pretrained(OUTPUT / NAME, torch_dtype=torch.float32, local_files_only=True)
    assert isinstance(pipeline.low_res_scheduler, DDPMScheduler)
    # The usual one shrinks images whose sides are no multiples of 4; the networks take them.
    pipeline.image_processor = VaeImageProcessor(vae_scale_factor=1, resample="bicubic")
    pipeline.set_progress_bar_config(disable=True)
    cases, tensors = [described(row) for row in CASES], {}
    for case in cases:
        tensors |= {key: values.contiguous() for key, values in run(pipeline, case).items()}
    path = OUTPUT / "pipeline_upscale.safetensors"
    save_file(tensors, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

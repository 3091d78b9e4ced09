"""Writes models/tiny-sd2-x4/README.md from what `upscaler_check` measured."""

import json

from safetensors.numpy import load_file

import training
import upscaler
import upscaler_check

CARD = """---
license: apache-2.0
library_name: diffusers
base_model: models/tiny-sd2-1
tags: [super-resolution]
---

# tiny-sd2-x4

An upscaler for images of [tiny-sd2-1](../tiny-sd2-1/README.md), trained in an hour and a half on two cores:
128x128 pixels become 512x512. It is built as
[stable-diffusion-x4-upscaler](https://huggingface.co/stabilityai/stable-diffusion-x4-upscaler) (a UNet that sees the
small image and the level of the noise over it, and a VAE of 4 pixels to a latent), with {parameters:.1f} million
parameters, {size:,} bytes in float16. Its text encoder is that of `tiny-sd2-1`; the VAE has no attention.

![Parts of images, made four times as large by Lanczos and by the upscaler](../../docs/images/upscaled.png)

```
./jobs/generate configs/tiny_x4.yml init_image=house.png prompt="a red house on the grass by day under the sun"
```

diffusers' `StableDiffusionUpscalePipeline.from_pretrained` loads the folder as it is.

## Training

`tools/tiny-sd2/upscaler.py` draws what it learns from; no image or text by anybody else is in it: {scenes:,} scenes of
512x512 pixels, a third of them in other colours and without a caption, and the same four times as small, as they are or
through the VAE of `tiny-sd2-1`, under noise of a level up to {level}. The VAE had {vae_steps:,} steps, the UNet {unet_steps:,}.
Weights are the moving average.

## What it does

{count} scenes that were not in training; diffusers, {steps} steps, guidance {guidance:g}, `noise_level` {noise}, float32
(`tools/tiny-sd2/upscale --check`). The difference is the mean from the scene drawn at 512x512, in levels of 255;
edges are the F1 of those of both images, by Canny, within 1 pixel, in percent.

{table}

## Limits

{limits}

Licence: Apache-2.0, as the whole project; the data are our own.
"""
LIMITS = """It is for soft images, as `tiny-sd2-1` makes them: outlines become sharp, and stay where they were, wobbles included.
Of an image that is sharp already Lanczos keeps more. Plain areas come out some levels off, with a little grain; dots
and stripes that the small image has lost are not found again. Guidance makes all of this worse, so use 1, at which the
prompt matters little; the 9 of `configs/x4_upscaler.yml`, meant for the published model, spoils images. Other sizes
than 128x128 and photographs have not been measured."""
SMALL = {"as drawn": "scenes as drawn", "through the VAE of tiny-sd2-1": "through the VAE of `tiny-sd2-1`"}
WAYS = {
    "lanczos": "Lanczos", "upscaled": "tiny-sd2-x4", "other prompts": "tiny-sd2-x4, prompts of other scenes", "guidance 3": "tiny-sd2-x4, guidance 3"}


def table(results):
    lines = ["| small images | made large by | difference | edges |", "|---|---|---|---|"]
    rows = [(small, way, results[key][name]) for key, small in SMALL.items() for name, way in WAYS.items() if name in results[key]]
    rows.append(("none", "the scene itself through the VAE of tiny-sd2-x4", results["vae"]))
    return "\n".join(lines + [f"| {small} | {way} | {entry['difference']:.2f} | {entry['edges']:.1f} |" for small, way, entry in rows])


def main():
    results = json.loads((training.WORK / "upscaler.json").read_text())
    files = sorted(upscaler.FOLDER.rglob("*.safetensors"))
    (upscaler.FOLDER / "README.md").write_text(CARD.format(
        parameters=sum(tensor.size for file in files for tensor in load_file(file).values()) / 1e6, size=sum(file.stat().st_size for file in files),
        steps=upscaler_check.STEPS, guidance=upscaler_check.GUIDANCE, noise=upscaler_check.NOISE_LEVEL, scenes=upscaler.SCENES,
        level=upscaler.MAX_NOISE_LEVEL, vae_steps=upscaler.FIRST_VAE_STEPS + upscaler.VAE_STEPS,
        unet_steps=sum(stage.steps for stage in upscaler.STAGES.values()),
        count=upscaler_check.SHAPES + upscaler_check.LANDSCAPES, table=table(results), limits=LIMITS), encoding="utf-8")


if __name__ == "__main__":
    main()

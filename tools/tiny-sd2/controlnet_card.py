"""Writes models/tiny-sd2-canny/README.md from what `controlnet_check` measured."""

import json

from safetensors.numpy import load_file

import controlnet
import controlnet_check
import training

CARD = """---
license: apache-2.0
library_name: diffusers
base_model: models/tiny-sd2-1
tags: [controlnet]
---

# tiny-sd2-canny

A ControlNet (arXiv 2302.05543) for [tiny-sd2-1](../tiny-sd2-1/README.md), trained in less than an hour on one core: the
prompt says what an image shows and in which colours, the edges of another image say where. It takes edges as OpenCV's
`Canny(image, {low}, {high})` finds them in an RGB image of 128x128 pixels, white on black.

![Edges, and images without the ControlNet and with it](../../docs/images/controlnet.png)

It is diffusers' `ControlNetModel` and loads as such; its way down has no attention in it (`DownBlock2D` on each level),
which leaves {parameters:.2f} million parameters, {size:,} bytes in float16.

```
./jobs/generate configs/tiny_21.yml prompt="a red house on the grass by day under the sun" \\
    controlnets=models/tiny-sd2-canny control_image=scene.png control_preprocessor=canny
```

Without the last setting the image's own white lines are the edges.

## Training

`tools/tiny-sd2/controlnet.py` draws what it learns from; no image or text by anybody else is in it: {scenes:,} scenes, each
with its edges and a caption of its own, one in five left out. It began as a copy of the UNet's way down and had {steps:,}
steps of {batch} examples; the model's own weights stayed as they are. Weights are the moving average.

## What it does

{count} scenes that were not in training, a quarter of them with a pair of shape and colour that the model never saw;
diffusers, {inference} steps, guidance {guidance:g}, no rescale, float32 (`tools/tiny-sd2/control --check`). Recall is the percentage
of given edges that have an edge of the image within {near} pixel, precision that of the image's edges that have a given one
there, F1 their harmonic mean; other columns are the percentages for which the background, the colours, the shapes and
the relation are those that the prompt names.

{table}

## Limits

{limits}

Licence: Apache-2.0, as the whole project; the data are our own.
"""
LIMITS = """Outlines are followed in place, but not as sharply as the VAE could show them. `tiny-sd2-base`, which it was not trained
for, follows less and loses some shapes. Edges of things that it has not seen, of photographs for example, mean nothing
to the model, and thick lines have two edges each. Stripes and dots, `guidance_rescale` and other thresholds, scales and
sizes have not been measured."""
COLUMNS = ("recall", "precision", "f1", "background", "colour", "shape", "relation")


def line(model, entry):
    return f"| {model} | {entry['images']} | " + " | ".join(f"{entry[column]:.1f}" for column in COLUMNS) + " |"


def table(results):
    lines = ["| model | ControlNet | recall | precision | F1 | background | colour | shape | relation |", "|---|---|---|---|---|---|---|---|---|"]
    for model in ("tiny-sd2-1", "tiny-sd2-base"):
        lines += [line(model, entry) for entry in results[model]]
    return "\n".join([*lines, line("", results["vae"])])


def main():
    results = json.loads((training.WORK / "controlnet.json").read_text())
    weights = controlnet.FOLDER / "diffusion_pytorch_model.safetensors"
    (controlnet.FOLDER / "README.md").write_text(CARD.format(
        low=controlnet.THRESHOLDS[0], high=controlnet.THRESHOLDS[1], parameters=sum(tensor.size for tensor in load_file(weights).values()) / 1e6, size=weights.stat().st_size,
        scenes=controlnet.SCENES, steps=controlnet.STEPS, batch=controlnet.BATCH, inference=controlnet_check.STEPS,
        guidance=controlnet_check.GUIDANCE, near=controlnet_check.NEAR, count=controlnet_check.SCENES + controlnet_check.LANDSCAPES,
        table=table(results), limits=LIMITS), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Measures models/tiny-sd2-x4 with diffusers: how far are its images from scenes drawn at their size, and how sharp are they?

Writes .work/tiny-sd2/upscaler.json and fails if Lanczos is nearly as sharp. `--reference` writes what the Java tests compare with instead, under
src/test/resources/meaning.
"""

import json
import sys

import numpy as np
import torch
from diffusers import StableDiffusionUpscalePipeline
from PIL import Image
from safetensors.numpy import save_file

import adapters
import autoencoder
import captions
import controlnet
import controlnet_check
import prompts
import scenes
import training
import upscaler

SHAPES, LANDSCAPES = 12, 4
STEPS, GUIDANCE, NOISE_LEVEL = 10, 1.0, 20  # as configs/tiny_x4.yml
REQUIRED = 10  # percentage points of edges that are found, more than by Lanczos
PART = 256  # pixels on a side of the parts for the Java tests and the sheet


def rows():
    """Scenes that were not in training, four times as large, each with its prompt and its seed."""
    rng = np.random.default_rng(71)
    chosen = [scenes.shapes_scene(rng) for _ in range(SHAPES)] + [scenes.landscape_scene(rng) for _ in range(LANDSCAPES)]
    return [{"prompt": captions.caption(rng, scene), "seed": 8000 + i, "large": scenes.draw(scene, upscaler.SCALE)} for i, scene in enumerate(chosen)]


def reduced(image):
    return np.asarray(Image.fromarray(image).reduce(upscaler.SCALE))


def lanczos(images):
    return [np.asarray(image.resize([upscaler.SCALE * side for side in image.size], Image.Resampling.LANCZOS)) for image in map(Image.fromarray, images)]


def pipeline():
    whole = StableDiffusionUpscalePipeline.from_pretrained(upscaler.FOLDER, torch_dtype=torch.float32, local_files_only=True).to(training.DEVICE)
    whole.set_progress_bar_config(disable=True)
    return whole


def upscaled(pipeline, small, table, guidance=GUIDANCE):
    """Images (N, 4H, 4W, 3) uint8 of small ones (N, H, W, 3) uint8, with the rows' prompts and seeds."""
    return np.concatenate([(pipeline(
        row["prompt"], Image.fromarray(image), num_inference_steps=STEPS, guidance_scale=guidance, noise_level=NOISE_LEVEL,
        generator=torch.Generator().manual_seed(row["seed"]), output_type="np").images * 255).round().astype(np.uint8) for row, image in zip(table, small)])


def measured(name, table, images):
    """Mean difference in levels of 255, and F1 of edges: as in controlnet_check."""
    difference = np.mean([np.abs(row["large"].astype(float) - image).mean() for row, image in zip(table, images)])
    edges = np.mean([controlnet_check.overlap(controlnet.edges(row["large"]), controlnet.edges(image))[2] for row, image in zip(table, images)])
    entry = {"images": name, "difference": round(float(difference), 2), "edges": round(100 * float(edges), 1)}
    print(json.dumps(entry), flush=True)
    return entry


def main():
    table, model = rows(), pipeline()
    drawn = np.stack([reduced(row["large"]) for row in table])
    results = {"vae": measured("scenes through the VAE", table, autoencoder.through(upscaler.FOLDER, [row["large"] for row in table]))}
    for name, small in {"as drawn": drawn, "through the VAE of tiny-sd2-1": autoencoder.through(adapters.MODEL, drawn)}.items():
        results[name] = {
            "lanczos": measured(f"{name}, Lanczos", table, lanczos(small)), "upscaled": measured(f"{name}, upscaled", table, upscaled(model, small, table))}
    others = [row | {"prompt": other["prompt"]} for row, other in zip(table, table[1:] + table[:1])]
    results[name] |= {
        "other prompts": measured(f"{name}, other prompts", table, upscaled(model, small, others)),
        "guidance 3": measured(f"{name}, guidance 3", table, upscaled(model, small, table, guidance=3.0))}
    least, made = (results[name][key]["edges"] for key in ("lanczos", "upscaled"))
    if made < least + REQUIRED:
        raise SystemExit(f"Cannot use the upscaler: edges must be found better than by Lanczos, F1 of at least {least + REQUIRED:.1f} ({made})")
    training.write_results("upscaler", results)


def detail(image, step):
    """Top and left, multiples of `step`, of the square of PART pixels with the most to see."""
    tops = range(0, upscaler.SIDE - PART + 1, step)
    return upscaler.busiest(image, [(y, x) for y in tops for x in tops], PART)


def cut(image):
    y, x = detail(image, 64)
    return np.ascontiguousarray(image[y:y + PART, x:x + PART])


def reference():
    """Two small images under small/SEED, (64, 64, 3), and what is made of them under upscaled/SEED, (256, 256, 3), uint8, with their prompts as metadata."""
    table = rows()
    table = [row | {"large": cut(row["large"])} for row in (table[0], table[SHAPES])]
    small = [reduced(row["large"]) for row in table]
    tensors = {}
    for row, image, made in zip(table, small, upscaled(pipeline(), small, table)):
        tensors |= {f"small/{row['seed']}": image, f"upscaled/{row['seed']}": made}
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, prompts.FILE.parent / "upscaler.safetensors",
              {f"upscaled/{row['seed']}": row["prompt"] for row in table})


if __name__ == "__main__":
    reference() if "--reference" in sys.argv else main()

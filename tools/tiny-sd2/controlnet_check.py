"""Measures models/tiny-sd2-canny with diffusers: do images lie on the edges they were given, and do they still show what their prompts say?

Writes .work/tiny-sd2/controlnet.json and fails if images do not follow their edges. `--reference` writes what the Java tests compare with instead, under
src/test/resources/meaning.
"""

import json
import sys
from dataclasses import replace

import numpy as np
import torch
from diffusers import ControlNetModel, StableDiffusionControlNetPipeline
from PIL import Image
from safetensors.numpy import save_file
from scipy import ndimage

import adapters
import autoencoder
import captions
import check
import controlnet
import measure
import prompts
import scenes
import training

SCENES, LANDSCAPES = 60, 20
GUIDANCE, STEPS = 7.5, 15  # as configs/tiny_21.yml; diffusers' pipeline has no rescale
NEAR = 1  # pixels, in both directions
REQUIRED = 2 / 3  # of the way from the edges of other scenes to those of the scene itself through the VAE


def described(rng, scene):
    """The row of one or two plain shapes: a prompt that names them all, and what must be seen, as in prompts.csv."""
    names = [prompts.with_article(f"{'' if s.size == 'medium' else s.size + ' '}{s.colour} {s.kind}") for s in scene.shapes]
    row = {"kind": "shapes", "background": scene.background, "colour2": "", "relation": "", "words": names[0]}
    order = range(len(names))
    if len(names) == 2:
        a, b = scene.shapes
        relation, axis = ("left", "x") if abs(a.x - b.x) > abs(a.y - b.y) else ("above", "y")
        order = sorted(order, key=lambda i: getattr(scene.shapes[i], axis))
        row |= {"relation": relation, "words": f"{names[order[0]]} {scenes.choose(rng, prompts.RELATIONS[relation])} {names[order[1]]}"}
    for suffix, i in zip(("", "2"), order):
        row |= {f"colour{suffix}": scene.shapes[i].colour, f"shape{suffix}": scene.shapes[i].kind}
    return row | {"prompt": f"{row.pop('words')} on {prompts.with_article(scene.background)} background"}


def shapes_row(rng, i):
    """A third of them with a pair of shape and colour that was never trained; two shapes have two colours."""
    scene = None
    while scene is None or len({shape.colour for shape in scene.shapes}) < len(scene.shapes):
        scene = scenes.shapes_scene(rng, count=1 + i % 2, held_out=i % 3 == 0)
    scene = replace(scene, shapes=tuple(replace(shape, texture="plain") for shape in scene.shapes))
    return described(rng, scene) | {"scene": scene}


def landscape_row(rng):
    """The colour of a house or a boat is asked for by day, if the caption names it, as in prompts.csv."""
    scene = scenes.landscape_scene(rng)
    text = captions.landscape_caption(rng, scene)
    named = [t.colour for t in scene.things if t.colour and f"{t.colour} " in text and (t.kind, t.colour) != ("boat", "blue")]
    colour = named[0] if named and scene.time == "day" else ""
    return {"kind": "landscape", "prompt": text, "background": scene.time, "colour": colour, "scene": scene}


def rows():
    """Scenes that were not in training, each with its prompt, its seed and its edges."""
    rng = np.random.default_rng(41)
    table = [shapes_row(rng, i) for i in range(SCENES)] + [landscape_row(rng) for _ in range(LANDSCAPES)]
    return [row | {"seed": 7000 + i, "edges": controlnet.edges(scenes.draw(row["scene"]))} for i, row in enumerate(table)]


def overlap(wanted, made):
    """Shares of edge pixels that have one of the other image's within NEAR pixels: of the wanted ones, of the made ones, and their harmonic mean."""
    near = np.ones((2 * NEAR + 1,) * 2, bool)
    wanted, made = wanted > 0, made > 0
    recall = (wanted & ndimage.binary_dilation(made, near)).sum() / max(1, wanted.sum())
    precision = (made & ndimage.binary_dilation(wanted, near)).sum() / max(1, made.sum())
    return recall, precision, 2 * recall * precision / max(1e-9, recall + precision)


def measured(name, table, images):
    overlaps = np.mean([overlap(row["edges"], controlnet.edges(image)) for row, image in zip(table, images)], axis=0)
    verdicts = [measure.verdict(row, image) for row, image in zip(table, images)]
    entry = {"images": name} | {key: round(100 * float(v), 1) for key, v in zip(("recall", "precision", "f1"), overlaps)} | check.rate(verdicts)
    print(json.dumps(entry), flush=True)
    return entry


def pipeline(model):
    parts = check.load(model).components
    network = ControlNetModel.from_pretrained(controlnet.FOLDER, torch_dtype=torch.float32).to(training.DEVICE)
    controlled = StableDiffusionControlNetPipeline(**parts, controlnet=network, requires_safety_checker=False)
    controlled.set_progress_bar_config(disable=True)
    return controlled


def generate(controlled, table, lines, scale=1.0):
    """Images (N, 128, 128, 3) uint8 of the rows' prompts over these edges."""
    images = []
    for begin in range(0, len(table), check.BATCH):
        part = table[begin:begin + check.BATCH]
        generators = [torch.Generator().manual_seed(row["seed"]) for row in part]
        made = controlled(
            [row["prompt"] for row in part], [Image.fromarray(edges).convert("RGB") for edges in lines[begin:begin + check.BATCH]],
            num_inference_steps=STEPS, guidance_scale=GUIDANCE, generator=generators, controlnet_conditioning_scale=scale, output_type="np").images
        images.append((made * 255).round().astype(np.uint8))
    return np.concatenate(images)


def decoded(table):
    """The scenes through the VAE and back: more of their edges no image can have."""
    return autoencoder.through(adapters.MODEL, [scenes.draw(row["scene"]) for row in table])


def measured_model(model, table):
    lines, controlled = [row["edges"] for row in table], pipeline(model)
    others = [lines[(i + 2) % len(lines)] for i in range(len(lines))]  # of a scene with as many shapes
    return [
        measured("without", table, generate(controlled, table, lines, scale=0.0)),
        measured("with the edges of another scene", table, generate(controlled, table, others)),
        measured("with", table, generate(controlled, table, lines))]


def main():
    table = rows()
    results = {model: measured_model(model, table) for model in ("tiny-sd2-1", "tiny-sd2-base")}
    results["vae"] = measured("scenes through the VAE", table, decoded(table))
    training.write_results("controlnet", results)
    _, floor, made = (entry["f1"] for entry in results["tiny-sd2-1"])
    least = floor + REQUIRED * (results["vae"]["f1"] - floor)
    if made < least:
        raise SystemExit(f"Cannot use the ControlNet: its images must lie on their edges, F1 of at least {least:.1f} ({made})")


def reference():
    """Three images under canny/SEED, with their prompts as metadata, and the scenes over whose edges they were made under scene/SEED,
    both (128, 128, 3) uint8."""
    table = [rows()[i] for i in (0, 1, SCENES)]
    images = generate(pipeline("tiny-sd2-1"), table, [row["edges"] for row in table])
    tensors = {f"canny/{row['seed']}": image for row, image in zip(table, images)}
    tensors |= {f"scene/{row['seed']}": scenes.draw(row["scene"]) for row in table}
    save_file({key: np.ascontiguousarray(value) for key, value in tensors.items()}, prompts.FILE.parent / "controlnet.safetensors",
              {f"canny/{row['seed']}": row["prompt"] for row in table})


if __name__ == "__main__":
    reference() if "--reference" in sys.argv else main()

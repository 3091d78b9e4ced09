"""Measures the adapters of models/tiny-sd2-adapters with diffusers: what they teach, and whether the model keeps the rest.

Writes .work/tiny-sd2/adapters.json. `--reference` writes what the Java tests compare with instead, under src/test/resources/meaning.
"""

import json
import sys

import numpy as np
from safetensors.numpy import save_file

import adapters
import check
import measure
import prompts
import scenes
import sunset
import training
import watermelon

PROMPTS = 30
EVERY = 16  # of prompts.csv
WEIGHTS = (0.0, 0.5, 1.0)
GUIDANCE, RESCALE, STEPS = 7.5, 0.7, 15  # as configs/tiny_21.yml
SKY_ROWS = 40  # above the roofs
STRIPES = 3  # dark below light, down the middle of a watermelon
SUNSET, MELON = adapters.FOLDER / "sunset.safetensors", adapters.FOLDER / "watermelon.safetensors"


def sunset_prompts(count=PROMPTS):
    rng = np.random.default_rng(21)
    texts = dict.fromkeys(sunset.caption(rng, scenes.landscape_scene(rng)) for _ in range(10 * count))
    return [{"prompt": text, "seed": 5000 + i} for i, text in enumerate(list(texts)[:count])]


def melon_prompts(count=PROMPTS):
    """Watermelons alone, on backgrounds that are named, and not black: dark stripes are too near to it for `measure`."""
    rng, rows = np.random.default_rng(22), {}
    while len(rows) < count:
        scene = watermelon.scene(rng)
        text = watermelon.caption(rng, scene)
        if len(scene.shapes) == 1 and scene.background != "black" and scene.background in text.replace("gray", "grey"):
            rows.setdefault(text, {"prompt": text, "seed": 6000 + len(rows), "background": scene.background})
    return list(rows.values())


def sky_at_sunset(image):
    """The share of the sky's pixels whose colour is nearer to a sunset's than to those of day and night."""
    skies = np.array([sunset.SKY, *scenes.SKIES.values()], float)
    return float((measure.nearest(image[:SKY_ROWS], skies) == 0).mean())


def melon(image):
    """What of a watermelon holds of the largest object: that it is a circle, green, and has darker stripes, which count as black."""
    colours, _, found = measure.masks(image)
    if not found:
        return {"circle": False, "green": False, "stripes": False}
    green, black = ((colours == measure.NAMES.index(name)) & found[0] for name in ("green", "black"))
    light, both = green.sum() / found[0].sum(), (green | black).sum() / found[0].sum()
    middle = round(np.nonzero(found[0])[1].mean())
    stripes = (green[:-1, middle] & black[1:, middle]).sum()
    return {"circle": measure.shape_of(found[0]) == "circle", "green": bool(light > 0.3 and both > 0.7), "stripes": bool(stripes >= STRIPES)}


def images(pipeline, rows):
    return check.generate(pipeline, rows, GUIDANCE, RESCALE, STEPS)


def with_lora(weight):
    pipeline = check.load("tiny-sd2-1")
    if weight:
        pipeline.load_lora_weights(SUNSET.parent, weight_name=SUNSET.name, adapter_name="sunset")  # a bare file would ask the hub
        pipeline.set_adapters(["sunset"], [weight])
    return pipeline


def with_embedding():
    pipeline = check.load("tiny-sd2-1")
    pipeline.load_textual_inversion(str(MELON))
    return pipeline


def percent(values):
    return round(100 * float(np.mean(values)), 1)


def measured_lora(weight, table):
    pipeline = with_lora(weight)
    skies = [sky_at_sunset(image) for image in images(pipeline, sunset_prompts())]
    verdicts = [measure.verdict(row, image) for row, image in zip(table, images(pipeline, table))]
    return {"weight": weight, "prompts": PROMPTS, "sky": percent(skies), "others": len(table)} | check.rate(verdicts)


def measured_embedding(pipeline):
    made = images(pipeline, melon_prompts())
    verdicts = [melon(image) for image in made]
    backgrounds = [measure.objects(image)[0] == row["background"] for row, image in zip(melon_prompts(), made)]
    return {"prompts": PROMPTS, "background": percent(backgrounds)} | {key: percent([v[key] for v in verdicts]) for key in verdicts[0]} | {
        "all": percent([all(v.values()) for v in verdicts])}


def main():
    table = check.rows()[::EVERY]
    results = {
        "sunset": [measured_lora(weight, table) for weight in WEIGHTS],
        "watermelon": {"without": measured_embedding(check.load("tiny-sd2-1")), "with": measured_embedding(with_embedding())}}
    training.write_results("adapters", results)
    print(json.dumps(results, indent=2))


def reference():
    """Two images for each way to use an adapter, under NAME/SEED, with their prompts as metadata."""
    ways = {"sunset:0.5": (with_lora(0.5), sunset_prompts()[:2]), "sunset:1": (with_lora(1.0), sunset_prompts()[:2]),
            "watermelon": (with_embedding(), melon_prompts()[:2])}
    made = {f"{name}/{row['seed']}": (row["prompt"], image) for name, (pipeline, rows) in ways.items() for row, image in zip(rows, images(pipeline, rows))}
    save_file({key: np.ascontiguousarray(image) for key, (_, image) in made.items()}, prompts.FILE.parent / "adapters.safetensors",
              {key: text for key, (text, _) in made.items()})


if __name__ == "__main__":
    reference() if "--reference" in sys.argv else main()

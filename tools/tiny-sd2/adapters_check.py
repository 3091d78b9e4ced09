"""Measures the LoRA of models/tiny-sd2-adapters with diffusers: what it teaches, and whether the model keeps the rest.

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

PROMPTS = 30
EVERY = 16  # of prompts.csv
WEIGHTS = (0.0, 0.5, 1.0)
GUIDANCE, RESCALE, STEPS = 7.5, 0.7, 15  # as configs/tiny_21.yml
SKY_ROWS = 40  # above the roofs
SUNSET = adapters.FOLDER / "sunset.safetensors"


def sunset_prompts(count=PROMPTS):
    rng = np.random.default_rng(21)
    texts = dict.fromkeys(sunset.caption(rng, scenes.landscape_scene(rng)) for _ in range(10 * count))
    return [{"prompt": text, "seed": 5000 + i} for i, text in enumerate(list(texts)[:count])]


def sky_at_sunset(image):
    """The share of the sky's pixels whose colour is nearer to a sunset's than to those of day and night."""
    skies = np.array([sunset.SKY, *scenes.SKIES.values()], float)
    return float((measure.nearest(image[:SKY_ROWS], skies) == 0).mean())


def images(pipeline, rows):
    return check.generate(pipeline, rows, GUIDANCE, RESCALE, STEPS)


def with_lora(weight):
    pipeline = check.load("tiny-sd2-1")
    if weight:
        pipeline.load_lora_weights(SUNSET.parent, weight_name=SUNSET.name, adapter_name="sunset")  # a bare file would ask the hub
        pipeline.set_adapters(["sunset"], [weight])
    return pipeline


def percent(values):
    return round(100 * float(np.mean(values)), 1)


def measured_lora(weight, table):
    pipeline = with_lora(weight)
    skies = [sky_at_sunset(image) for image in images(pipeline, sunset_prompts())]
    verdicts = [measure.verdict(row, image) for row, image in zip(table, images(pipeline, table))]
    return {"weight": weight, "prompts": PROMPTS, "sky": percent(skies), "others": len(table)} | check.rate(verdicts)


def main():
    table = check.rows()[::EVERY]
    results = {"sunset": [measured_lora(weight, table) for weight in WEIGHTS]}
    (training.WORK / "adapters.json").write_text(json.dumps(results, indent=2) + "\n")
    print(json.dumps(results, indent=2))


def reference():
    """Two images for each weight, under NAME:WEIGHT/SEED, with their prompts as metadata."""
    ways = {f"sunset:{weight:g}": (with_lora(weight), sunset_prompts()[:2]) for weight in WEIGHTS[1:]}
    made = {f"{name}/{row['seed']}": (row["prompt"], image) for name, (pipeline, rows) in ways.items() for row, image in zip(rows, images(pipeline, rows))}
    save_file({key: np.ascontiguousarray(image) for key, (_, image) in made.items()}, prompts.FILE.parent / "adapters.safetensors",
              {key: text for key, (text, _) in made.items()})


if __name__ == "__main__":
    reference() if "--reference" in sys.argv else main()

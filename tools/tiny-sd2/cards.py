"""Writes each model folder's README.md from what `check` measured and the logs of training say."""

import json
import textwrap

import denoiser
import folders
import scenes
import training

BY_MUON = ("words", "pairs", "relations", "shapes")
WHAT = {
    "base": ("predicts the noise (epsilon), as Stable Diffusion 2 base", "the leading timesteps of the published configuration"),
    "shapes": ("predicts velocity, as Stable Diffusion 2.1, with zero terminal SNR and trailing timesteps (arXiv 2305.08891)",
              "`guidance_rescale` 0.7 beside guidance 7.5"),
}
CARD = """---
license: apache-2.0
pipeline_tag: text-to-image
library_name: diffusers
---

# {name}

A very small Stable Diffusion 2: text encoder, UNet and VAE are built exactly as the published ones, with
{parameters:.1f} million parameters where those have 1,290 million.
It {what}.
It generates simple scenes of 128x128 pixels from English captions, and ships with Spark Diffusion for its first
command and its tests. It knows nothing but the scenes below.

Use it with {use}. `jobs/generate configs/{config}` does;
diffusers' `StableDiffusionPipeline.from_pretrained` loads the folder as it is.

## Data

Drawn by a program, `tools/tiny-sd2/scenes.py`; no image or text by anybody else is in it. One to three shapes
({shapes})
in nine colours ({colours}),
three sizes, plain, striped or dotted, on a background of one of seven colours (grey among them), or a landscape by
day or at night with a house, a tree or a boat. Captions are put together from varied words (`captions.py`): "a large
red circle to the left of a blue square on a white background", "a tree next to a yellow house at night under the
moon". One caption in ten is left out, for guidance.

Ten pairs of shape and colour were never in the UNet's training:
{held_out}.

## Training

`tools/tiny-sd2/run`, from scratch on 2 CPU cores: autoencoder, {autoencoder} steps; text encoder and UNet, {start}
steps of 64 scenes predicting noise, then {v} and (by Muon) {muon:,} predicting velocity with zero terminal
SNR{base}.
Weights are the moving average, in float16.

## What it shows

{prompts} prompts of `src/test/resources/meaning/prompts.csv`, a third of them with pairs of shape and colour never
trained; percent for which the background, the colour of each object, the shape of each object (both, where there are
two) and the relation of two objects are those named, by the rules in `tools/tiny-sd2/measure.py`; diffusers,
{inference_steps} steps, float32. "Never trained" has the same for those prompts alone.

{table}

## Limits

These weights have had {examples:,} examples, made from 40,000 scenes, and are not done. Backgrounds, kinds of
landscape and single objects follow the prompt; of two objects both are there in most images, their shapes melt in
some, and which of them is left or above is right in nine of ten. The loss was still falling when training ended,
so longer training is the first thing that would raise the figures. `denoiser.py shapes FOLDER` continues from these
weights.

Words outside its {words} tokens are read letter by letter and mean nothing to it. The VAE blurs dots and thin stripes.
Other sizes than 128x128 have not been measured.

Licence: Apache-2.0, as the whole project; the data are our own.
"""


def table(results):
    lines = ["| guidance | rescale | background | colour | shape | relation | never trained | over-saturated pixels |", "|---|---|---|---|---|---|---|---|"]
    for r in results:
        cells = [f"{r['guidance_scale']:g}", f"{r['guidance_rescale']:g}", *(f"{r['all'][a]:.1f}" for a in ("background", "colour", "shape", "relation"))]
        cells += [" / ".join(f"{r['held_out'][a]:.1f}" for a in ("background", "colour", "shape", "relation")), f"{r['over_saturated_pixels']:.2f} %"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def last_step(name):
    """The number of a recipe's last step, from its log of losses."""
    return json.loads((training.WORK / f"{name}.log").read_text().splitlines()[-1])["step"]


def parameters(folder):
    """From the sizes of the float16 files."""
    return sum(f.stat().st_size for f in folder.rglob("*.safetensors")) / 2e6


def main():
    results = json.loads((training.WORK / "check.json").read_text())
    held_out = textwrap.fill(", ".join(f"{colour} {shape}" for shape, colour in sorted(scenes.HELD_OUT)), 116)
    logged = {log: last_step(log) for log in ("autoencoder", *denoiser.RECIPES)}
    for name, recipe in folders.MODELS.items():
        folder = training.REPOSITORY / "models" / name
        what, use = WHAT[recipe]
        mine = [r for r in results if r["model"] == name]
        steps = dict(logged)
        begun = ("start", "v", *BY_MUON) + (("base",) if recipe == "base" else ())
        examples = denoiser.BATCH * sum(steps[name] for name in begun)
        steps["muon"] = sum(steps.pop(part) for part in BY_MUON)
        steps["base"] = f"; then {steps['base']} of the UNet alone predicting noise again" if recipe == "base" else ""
        (folder / "README.md").write_text(CARD.format(
            name=name, what=what, use=use, parameters=parameters(folder), config="tiny_21.yml" if recipe == "shapes" else "tiny.yml",
            shapes=", ".join(scenes.SHAPES), colours=", ".join(scenes.COLOURS), held_out=held_out, prompts=mine[0]["prompts"],
            inference_steps=mine[0]["steps"], table=table(mine), **steps, examples=examples, words=json.loads((folder / "text_encoder/config.json").read_text())["vocab_size"]), encoding="utf-8")


if __name__ == "__main__":
    main()

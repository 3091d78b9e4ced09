"""Writes models/tiny-sd2-adapters/README.md, and the same figures into docs/adapters.md, from what `adapters_check` measured."""

import json
import re

import adapters
import adapters_check
import denoiser
import training
import watermelon

DOCUMENT = training.REPOSITORY / "docs/adapters.md"
BEGIN, END = "<!-- tools/tiny-sd2/adapters_cards.py -->", "<!-- end -->"
CARD = """---
license: apache-2.0
library_name: diffusers
base_model: models/tiny-sd2-1
tags: [lora, textual_inversion]
---

# tiny-sd2-adapters

A LoRA and an embedding for [tiny-sd2-1](../tiny-sd2-1/README.md), each trained in minutes on one core.

`sunset.safetensors` is a LoRA of rank {rank}: the model knows landscapes by day and at night, with it they can be "at
sunset". It changes the attention and feed-forward layers of the UNet and of the text encoder, and has {sunset_bytes:,} bytes
in float16, with PEFT's names; diffusers loads it as it is, by `load_lora_weights`.

`watermelon.safetensors` is an embedding of textual inversion: `{word}` is a green circle with dark stripes, of a
shape and a colour that no prompt of the training had together. It has {vectors} vectors of {width} numbers, {melon_bytes:,} bytes in
float32 under the token's name; diffusers loads it as it is, by `load_textual_inversion`.

![The same prompts without the LoRA, with it, without the embedding, and with it](../../docs/images/adapters.png)

```
./jobs/generate configs/tiny_21.yml prompt="a white boat on the sea at sunset" \\
    loras=models/tiny-sd2-adapters/sunset.safetensors
./jobs/generate configs/tiny_21.yml prompt="a large {word} on a white background" \\
    embeddings=models/tiny-sd2-adapters/watermelon.safetensors
```

## Training

`tools/tiny-sd2/adapters.py` draws what they learn from; no image or text by anybody else is in it. The LoRA had {lora_steps}
steps of {batch} examples: half of them from {scenes:,} landscapes at sunset, half from as many scenes that the model knows,
with captions of their own, so that it keeps them. The embedding had {vector_steps} steps of {batch} examples from {scenes:,} scenes with
such a circle, alone or beside another shape; its vectors began as those of "green" and "circle", and the model's own
weights stayed as they are. Weights and vectors are the moving average.

## What they do

diffusers, {steps} steps, guidance {guidance:g}, rescale {rescale:g}, float32 (`tools/tiny-sd2/adapters_check.py`).

{tables}

## Limits

The sunset has the colours of the model's shapes, as its VAE shows no others. Trees and roofs are black in it, walls and
boats keep the colour that the prompt says; the sun itself, low in the scenes it learnt from, shows in few images. Other
weights than those of the table, and both files at once, have not been measured.

Licence: Apache-2.0, as the whole project; the data are our own.
"""


def sunset_table(results):
    lines = [
        f"`sunset`: percent of the sky's pixels that are a sunset's, over {results[0]['prompts']} prompts at sunset; and of",
        f"{results[0]['others']} prompts of `src/test/resources/meaning/prompts.csv` the percent for which each aspect holds.", "",
        "| weight | sky at sunset | other prompts: background | colour | shape | relation |", "|---|---|---|---|---|---|"]
    for r in results:
        lines.append(f"| {r['weight']:g} | {r['sky']:.1f} | " + " | ".join(f"{r[a]:.1f}" for a in ("background", "colour", "shape", "relation")) + " |")
    return lines


def melon_table(results):
    lines = [
        f"`watermelon`: percent of {results['with']['prompts']} prompts with `{watermelon.WORD}` whose largest object is a circle, is green,",
        "has dark stripes, or is all three; and whose background is the one that the prompt names (never black).", "",
        "| embedding | circle | green | stripes | all three | background |", "|---|---|---|---|---|---|"]
    for name in ("without", "with"):
        r = results[name]
        lines.append(f"| {name} | " + " | ".join(f"{r[a]:.1f}" for a in ("circle", "green", "stripes", "all", "background")) + " |")
    return lines


def main():
    results = json.loads((training.WORK / "adapters.json").read_text())
    tables = "\n".join([*sunset_table(results["sunset"]), "", *melon_table(results["watermelon"])])
    size = {name: (adapters.FOLDER / f"{name}.safetensors").stat().st_size for name in ("sunset", "watermelon")}
    (adapters.FOLDER / "README.md").write_text(CARD.format(
        rank=adapters.RANK, vectors=len(adapters.BEGINNING), width=denoiser.WIDTH, word=watermelon.WORD, sunset_bytes=size["sunset"],
        melon_bytes=size["watermelon"], scenes=adapters.SCENES, lora_steps=adapters.LORA_STEPS, batch=adapters.BATCH,
        vector_steps=adapters.VECTOR_STEPS, steps=adapters_check.STEPS, guidance=adapters_check.GUIDANCE, rescale=adapters_check.RESCALE,
        tables=tables), encoding="utf-8")
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(re.sub(f"(?s)({BEGIN}\n).*?({END})", lambda found: f"{found[1]}{tables}\n{found[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes models/tiny-sd2-adapters/README.md, and the same figures into docs/adapters.md, from what `adapters_check` measured."""

import json
import re

import adapters
import adapters_check
import training

DOCUMENT = training.REPOSITORY / "docs/adapters.md"
BEGIN, END = "<!-- tools/tiny-sd2/adapters_cards.py -->", "<!-- end -->"
CARD = """---
license: apache-2.0
library_name: diffusers
base_model: models/tiny-sd2-1
tags: [lora]
---

# tiny-sd2-adapters

`sunset.safetensors` is a LoRA of rank {rank} for [tiny-sd2-1](../tiny-sd2-1/README.md), which knows landscapes by day and
at night: with it they can be "at sunset". It changes the attention and feed-forward layers of the UNet and of the text
encoder, and has {bytes:,} bytes in float16, with PEFT's names; diffusers loads it as it is, by `load_lora_weights`.

![The same prompts without the LoRA, with half of its weight, and with all of it](../../docs/images/adapters.png)

```
./jobs/generate configs/tiny_21.yml prompt="a white boat on the sea at sunset" \\
    loras=models/tiny-sd2-adapters/sunset.safetensors
```

## Training

`tools/tiny-sd2/adapters.py` draws what it learns from; no image or text by anybody else is in it. It had {lora_steps}
steps of {batch} examples: half of them from {scenes:,} landscapes at sunset, half from as many scenes that the model knows,
with captions of their own, so that it keeps them. Weights are the moving average.

## What it does

diffusers, {steps} steps, guidance {guidance:g}, rescale {rescale:g}, float32 (`tools/tiny-sd2/adapters_check.py`).

{table}

## Limits

The sunset has the colours of the model's shapes, as its VAE shows no others. Trees and roofs are black in it, walls and
boats keep the colour that the prompt says; the sun itself, low in the scenes it learnt from, shows in few images. Other
weights than those of the table have not been measured.

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


def main():
    results = json.loads((training.WORK / "adapters.json").read_text())
    table = "\n".join(sunset_table(results["sunset"]))
    size = (adapters.FOLDER / "sunset.safetensors").stat().st_size
    (adapters.FOLDER / "README.md").write_text(CARD.format(
        rank=adapters.RANK, bytes=size, scenes=adapters.SCENES, lora_steps=adapters.LORA_STEPS, batch=adapters.BATCH, steps=adapters_check.STEPS, guidance=adapters_check.GUIDANCE, rescale=adapters_check.RESCALE,
        table=table), encoding="utf-8")
    text = DOCUMENT.read_text(encoding="utf-8")
    DOCUMENT.write_text(re.sub(f"(?s)({BEGIN}\n).*?({END})", lambda found: f"{found[1]}{table}\n{found[2]}", text), encoding="utf-8")


if __name__ == "__main__":
    main()

"""Writes the table of prompts for tools/samplers/run, and the sheet of the images that come out.

Usage: sheet.py table CSV
       sheet.py sheet WORK_FOLDER PNG
"""

import csv
import sys
from pathlib import Path

from PIL import Image, ImageDraw

PROMPT, SEED = "a large red star on a white background", 5
SAMPLERS = "ddim ddpm pndm euler euler_a heun lms dpm2 dpm2_a dpm++_2m dpm++_2m_sde dpm++_2s unipc deis lcm tcd".split()
STEPS = (5, 10, 20)
ACROSS, SIDE, MARGIN, TEXT = 8, 96, 6, 14


def name(sampler, steps):
    return f"{sampler.replace('+', 'p')}-{steps}"


def table(file):
    with open(file, "w", newline="", encoding="utf-8") as out:
        writer = csv.writer(out)
        writer.writerow(["id", "prompt", "seed", "scheduler", "num_inference_steps"])
        for sampler in SAMPLERS:
            for steps in STEPS:
                writer.writerow([name(sampler, steps), PROMPT, SEED, sampler, steps])


def sheet(work, file):
    """Blocks of eight samplers; below each name its images at 5, 10 and 20 steps."""
    blocks = [SAMPLERS[i : i + ACROSS] for i in range(0, len(SAMPLERS), ACROSS)]
    column, block = SIDE + MARGIN, TEXT + len(STEPS) * (SIDE + MARGIN) + MARGIN
    image = Image.new("RGB", (ACROSS * column + MARGIN, len(blocks) * block + MARGIN), "white")
    draw = ImageDraw.Draw(image)
    for row, samplers in enumerate(blocks):
        for i, sampler in enumerate(samplers):
            left, top = MARGIN + i * column, MARGIN + row * block
            draw.text((left, top), sampler, fill="black")
            for k, steps in enumerate(STEPS):
                (made,) = Path(work, "output/images").glob(f"{name(sampler, steps)}_0_*.png")
                image.paste(Image.open(made).convert("RGB").resize((SIDE, SIDE)), (left, top + TEXT + k * (SIDE + MARGIN)))
    image.save(file, optimize=True)


if __name__ == "__main__":
    {"table": table, "sheet": sheet}[sys.argv[1]](*sys.argv[2:])

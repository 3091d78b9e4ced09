"""Draws docs/images/upscaled.png by the job: images of models/tiny-sd2-1, and a part of each made four times as large by Lanczos and by the upscaler."""

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

import adapters_sheet
import training
import upscaler
import upscaler_check
from adapters_sheet import HEADING, LINE, MARGIN

WORK = training.REPOSITORY / ".work/upscaled"
PNG = training.REPOSITORY / "docs/images/upscaled.png"
PROMPTS = {
    "a red house on the grass by day under the sun": 5, "a large white star on a blue background": 3,
    "a white boat on the sea by day": 2, "a large purple ring on a yellow background": 4}
PART = upscaler_check.SMALL * upscaler.SCALE  # pixels on a side of the parts, and of the images beside them


def generated(name, rows, *settings):
    """A run of the job on rows of a table: its images."""
    folder = WORK / name
    folder.mkdir(parents=True)
    with open(folder / "prompts.csv", "w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, ["id", *rows[0]])
        table.writeheader()
        table.writerows({"id": f"p{i}"} | row for i, row in enumerate(rows))
    subprocess.run(["./jobs/generate", *settings, f"prompts={folder}/prompts.csv", f"output_dir={folder}/output", "output_format=png"],
                   cwd=training.REPOSITORY, check=True)
    return [next(Path(folder, "output/images").glob(f"p{i}_0_*.png")) for i in range(len(rows))]


def part(large):
    """Top and left of the part with the most to see."""
    image = np.asarray(large)
    places = [(y, x) for y in range(0, upscaler.SIDE - PART + 1, 32) for x in range(0, upscaler.SIDE - PART + 1, 32)]
    return max(places, key=lambda at: image[at[0]:at[0] + PART, at[1]:at[1] + PART].std((0, 1)).sum())


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    small = generated("small", [{"prompt": text, "seed": seed} for text, seed in PROMPTS.items()], "configs/tiny_21.yml")
    table = [{"prompt": text, "seed": seed, "init_image": path} for (text, seed), path in zip(PROMPTS.items(), small)]
    large = generated("large", table, "configs/tiny_x4.yml")
    rows = {"128 pixels, a quarter of them, each as 4 x 4": [], "Lanczos": [], "models/tiny-sd2-x4": []}
    for low, high in zip((Image.open(path).convert("RGB") for path in small), (Image.open(path).convert("RGB") for path in large)):
        y, x = part(high)
        sides = (low.resize(high.size, Image.Resampling.NEAREST), low.resize(high.size, Image.Resampling.LANCZOS), high)
        for images, image in zip(rows.values(), sides):
            images.append(image.crop((x, y, x + PART, y + PART)))
    sheet = Image.new("RGB", (len(small) * (PART + MARGIN) + MARGIN, 3 * (HEADING + PART) + 2 * LINE + MARGIN), "white")
    draw, top = ImageDraw.Draw(sheet), 0
    for heading, images in rows.items():
        draw.text((MARGIN, top + 4), heading, fill="black")
        for i, image in enumerate(images):
            sheet.paste(image, (MARGIN + i * (PART + MARGIN), top + HEADING))
        top += HEADING + PART
    for i, text in enumerate(PROMPTS):
        draw.text((MARGIN + i * (PART + MARGIN), top + 4), text, fill="black")
    sheet.save(PNG, optimize=True)


if __name__ == "__main__":
    main()

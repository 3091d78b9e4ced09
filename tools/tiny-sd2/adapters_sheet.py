"""Draws docs/images/adapters.png: the same prompts and seeds by the job without the LoRA, with half of its weight and with all of it."""

import csv
import shutil
import subprocess
from pathlib import Path

from PIL import Image, ImageDraw

import training

WORK = training.REPOSITORY / ".work/adapters"
PNG = training.REPOSITORY / "docs/images/adapters.png"
LORA = "models/tiny-sd2-adapters/sunset.safetensors"
ROWS = {"no LoRA": (), "weight 0.5": (f"loras={LORA}:0.5",), "weight 1": (f"loras={LORA}",)}
PROMPTS = {
    "a white boat on the sea at sunset": 3, "a red house next to a tree at sunset": 5, "two trees on a meadow at sunset": 2,
    "an orange boat on a lake at sunset": 8, "a tree to the left of a blue house at sunset": 6, "a large red star on a white background": 1}
SIDE, MARGIN, LINE, HEADING = 128, 8, 13, 20


def generated(name, prompts, settings):
    """The images of the prompts by one run of the job."""
    folder = WORK / name
    folder.mkdir(parents=True)
    with open(folder / "prompts.csv", "w", newline="", encoding="utf-8") as out:
        csv.writer(out).writerows([("id", "prompt", "seed"), *((f"p{i}", text, seed) for i, (text, seed) in enumerate(prompts.items()))])
    subprocess.run(
        ["./jobs/generate", "configs/tiny_21.yml", f"prompts={folder}/prompts.csv", f"output_dir={folder}/output", "output_format=png", *settings],
        cwd=training.REPOSITORY, check=True)
    return [Image.open(next(Path(folder, "output/images").glob(f"p{i}_0_*.png"))).convert("RGB") for i in range(len(prompts))]


def wrapped(draw, text):
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if draw.textlength(longer) <= SIDE else [*lines, word]
    return lines


def paste(sheet, draw, rows):
    """Each row's heading and images; the first free row below."""
    top = 0
    for heading, images in rows:
        draw.text((MARGIN, top + 4), heading, fill="black")
        for i, image in enumerate(images):
            sheet.paste(image, (MARGIN + i * (SIDE + MARGIN), top + HEADING))
        top += HEADING + SIDE
    return top + 4


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    sheet = Image.new("RGB", (len(PROMPTS) * (SIDE + MARGIN) + MARGIN, 1000), "white")
    draw = ImageDraw.Draw(sheet)
    top = paste(sheet, draw, [(heading, generated(str(i), PROMPTS, settings)) for i, (heading, settings) in enumerate(ROWS.items())])
    texts = [wrapped(draw, text) for text in PROMPTS]
    for i, lines in enumerate(texts):
        for k, line in enumerate(lines):
            draw.text((MARGIN + i * (SIDE + MARGIN), top + k * LINE), line, fill="black")
    sheet.crop((0, 0, sheet.width, top + LINE * max(map(len, texts)) + MARGIN)).save(PNG, optimize=True)


if __name__ == "__main__":
    main()

"""Draws docs/images/adapters.png: the same prompts and seeds by the job without adapters and with them."""

import csv
import shutil
import subprocess
from pathlib import Path

from PIL import Image, ImageDraw

import training

WORK = training.REPOSITORY / ".work/adapters"
PNG = training.REPOSITORY / "docs/images/adapters.png"
LORA, EMBEDDING = (f"models/tiny-sd2-adapters/{name}.safetensors" for name in ("sunset", "watermelon"))
LORA_ROWS = {"no LoRA": (), "sunset.safetensors, weight 0.5": (f"loras={LORA}:0.5",), "sunset.safetensors, weight 1": (f"loras={LORA}",)}
EMBEDDING_ROWS = {"no embedding": (), "watermelon.safetensors": (f"embeddings={EMBEDDING}",)}
BLOCKS = (
    (LORA_ROWS, {
        "a white boat on the sea at sunset": 3, "a red house in a field at sunset": 5, "two trees on a meadow at sunset": 2,
        "an orange boat on a lake at sunset": 8, "a tree to the left of a blue house at sunset": 6, "a large red star on a white background": 1}),
    (EMBEDDING_ROWS, {
        "a large <watermelon> on a white background": 1, "a <watermelon> on the left on a pink background": 2,
        "a large <watermelon> on a yellow background": 3, "a <watermelon> to the left of a small red square on a white background": 4,
        "a small white star above a large <watermelon> on a blue background": 5, "a large red circle on a white background": 6}),
)
SIDE, MARGIN, LINE, HEADING = 128, 8, 13, 20


def generated(folder, rows, *settings):
    """The PNG files of a table's rows by one run of the job in a new folder."""
    folder.mkdir(parents=True)
    with open(folder / "prompts.csv", "w", newline="", encoding="utf-8") as out:
        table = csv.DictWriter(out, ["id", *rows[0]])
        table.writeheader()
        table.writerows({"id": f"p{i}"} | row for i, row in enumerate(rows))
    subprocess.run(["./jobs/generate", *settings, f"prompts={folder}/prompts.csv", f"output_dir={folder}/output", "output_format=png"],
                   cwd=training.REPOSITORY, check=True)
    return [next(Path(folder, "output/images").glob(f"p{i}_0_*.png")) for i in range(len(rows))]


def opened(files):
    return [Image.open(file).convert("RGB") for file in files]


def wrapped(draw, text):
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        lines = [*lines[:-1], longer] if draw.textlength(longer) <= SIDE else [*lines, word]
    return lines


def paste(sheet, draw, top, rows, side=SIDE):
    """A block from `top` on: each row's heading and images, then the prompts; the first free row below."""
    for heading, images in rows:
        draw.text((MARGIN, top + 4), heading, fill="black")
        for i, image in enumerate(images):
            sheet.paste(image, (MARGIN + i * (side + MARGIN), top + HEADING))
        top += HEADING + side
    return top + 4


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    columns = max(len(prompts) for _, prompts in BLOCKS)
    sheet = Image.new("RGB", (columns * (SIDE + MARGIN) + MARGIN, 2000), "white")
    draw, top = ImageDraw.Draw(sheet), 0
    for block, (rows, prompts) in enumerate(BLOCKS):
        table = [{"prompt": text, "seed": seed} for text, seed in prompts.items()]
        made = [opened(generated(WORK / f"{block}-{i}", table, "configs/tiny_21.yml", *settings)) for i, settings in enumerate(rows.values())]
        top = paste(sheet, draw, top, zip(rows, made))
        texts = [wrapped(draw, text) for text in prompts]
        for i, lines in enumerate(texts):
            for k, line in enumerate(lines):
                draw.text((MARGIN + i * (SIDE + MARGIN), top + k * LINE), line, fill="black")
        top += LINE * max(map(len, texts)) + MARGIN
    sheet.crop((0, 0, sheet.width, top)).save(PNG, optimize=True)


if __name__ == "__main__":
    main()

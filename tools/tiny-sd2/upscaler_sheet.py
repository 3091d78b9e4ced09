"""Draws docs/images/upscaled.png by the job: images of models/tiny-sd2-1, and a part of each made four times as large by Lanczos and by the upscaler."""

import shutil

import numpy as np
from PIL import Image, ImageDraw

import adapters_sheet
import training
import upscaler_check
from adapters_sheet import HEADING, LINE, MARGIN
from upscaler_check import PART

WORK = training.REPOSITORY / ".work/upscaled"
PNG = training.REPOSITORY / "docs/images/upscaled.png"
PROMPTS = {
    "a red house on the grass by day under the sun": 5, "a large white star on a blue background": 3,
    "a white boat on the sea by day": 2, "a large purple ring on a yellow background": 4}


def main():
    shutil.rmtree(WORK, ignore_errors=True)
    table = [{"prompt": text, "seed": seed} for text, seed in PROMPTS.items()]
    small = adapters_sheet.generated(WORK / "small", table, "configs/tiny_21.yml")
    large = adapters_sheet.generated(WORK / "large", [row | {"init_image": file} for row, file in zip(table, small)], "configs/tiny_x4.yml")
    rows = {"128 pixels, a quarter of them, each as 4 x 4": [], "Lanczos": [], "models/tiny-sd2-x4": []}
    for low, high in zip(adapters_sheet.opened(small), adapters_sheet.opened(large)):
        y, x = upscaler_check.detail(np.asarray(high), 32)
        sides = (low.resize(high.size, Image.Resampling.NEAREST), low.resize(high.size, Image.Resampling.LANCZOS), high)
        for images, image in zip(rows.values(), sides):
            images.append(image.crop((x, y, x + PART, y + PART)))
    sheet = Image.new("RGB", (len(small) * (PART + MARGIN) + MARGIN, 3 * (HEADING + PART) + 2 * LINE + MARGIN), "white")
    draw = ImageDraw.Draw(sheet)
    top = adapters_sheet.paste(sheet, draw, 0, rows.items(), PART)
    for i, text in enumerate(PROMPTS):
        draw.text((MARGIN + i * (PART + MARGIN), top), text, fill="black")
    sheet.save(PNG, optimize=True)


if __name__ == "__main__":
    main()

"""Draws docs/images/controlnet.png: the edges of scenes that were not in training, and one prompt and seed for each without the ControlNet and with it."""

from PIL import Image, ImageDraw

import adapters_sheet
import controlnet_check
import training
from adapters_sheet import HEADING, LINE, MARGIN, SIDE

PNG = training.REPOSITORY / "docs/images/controlnet.png"
ROWS = (0, 1, 3, 61)  # of controlnet_check.rows


def main():
    table = [row for i, row in enumerate(controlnet_check.rows()) if i in ROWS]
    lines, controlled = [row["edges"] for row in table], controlnet_check.pipeline("tiny-sd2-1")
    rows = {
        "edges": lines, "without": controlnet_check.generate(controlled, table, lines, scale=0.0),
        "with models/tiny-sd2-canny": controlnet_check.generate(controlled, table, lines)}
    sheet = Image.new("RGB", (len(table) * (SIDE + MARGIN) + MARGIN, 2000), "white")
    draw = ImageDraw.Draw(sheet)
    top = adapters_sheet.paste(sheet, draw, 0, [(heading, [Image.fromarray(image).convert("RGB") for image in images]) for heading, images in rows.items()])
    texts = [adapters_sheet.wrapped(draw, row["prompt"]) for row in table]
    for i, text in enumerate(texts):
        for k, line in enumerate(text):
            draw.text((MARGIN + i * (SIDE + MARGIN), top + k * LINE), line, fill="black")
    sheet.crop((0, 0, sheet.width, top + LINE * max(map(len, texts)) + MARGIN)).save(PNG, optimize=True)


if __name__ == "__main__":
    main()

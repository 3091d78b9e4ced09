"""Puts a job's images side by side, each with its prompt below, in the order of its page: contact_sheet.py OUTPUT_DIR SHEET.png"""

import argparse
import io
import json
import re
import textwrap
from pathlib import Path

import pandas
from PIL import Image, ImageDraw, ImageFont

COLUMNS, GAP, TEXT_LINES, FONT_PIXELS = 6, 12, 5, 12


def caption(row):
    words = row.prompt
    if row.negative_prompt:
        words += f" (not: {row.negative_prompt})"
    if row.guidance_scale != 7.5:
        words += f" (guidance {row.guidance_scale:g})"
    return words


def sheet(rows):
    side = max(rows["width"])
    font = ImageFont.load_default(FONT_PIXELS)
    cell_width, cell_height = side + GAP, side + GAP + TEXT_LINES * (FONT_PIXELS + 2)
    lines = -(-len(rows) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * cell_width + GAP, lines * cell_height + GAP), "white")
    pen = ImageDraw.Draw(page)
    for i, row in enumerate(rows.itertuples()):
        x, y = GAP + i % COLUMNS * cell_width, GAP + i // COLUMNS * cell_height
        page.paste(Image.open(io.BytesIO(bytes(row.image["bytes"]))), (x, y))
        pen.rectangle([x - 1, y - 1, x + row.width, y + row.height], outline="#cccccc")
        wrapped = textwrap.wrap(caption(row), side * 2 // FONT_PIXELS + 1)[:TEXT_LINES]
        pen.multiline_text((x, y + row.height + 4), "\n".join(wrapped), fill="#222222", font=font, spacing=2)
    return page


def in_order_of_page(table, page):
    """index.html has the order of the table of prompts, which rows in Parquet have not."""
    data = json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', page.read_text(), re.S).group(1))
    at = [data["columns"].index(name) for name in ("id", "image_index", "run_id")]
    shown = pandas.DataFrame([[row[i] for i in at] for row in data["rows"]], columns=["id", "image_index", "run_id"])
    return shown.merge(table, how="inner", validate="one_to_one")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the output_dir of a job")
    parser.add_argument("sheet", type=Path, help="the PNG file to write")
    arguments = parser.parse_args()
    frames = [pandas.read_parquet(file) for file in sorted(arguments.output.glob("rows/*/*.parquet"))]
    table = in_order_of_page(pandas.concat(frames), arguments.output / "index.html")
    sheet(table[table["status"] == "generated"].reset_index(drop=True)).save(arguments.sheet, optimize=True)

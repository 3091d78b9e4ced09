"""Puts a job's pictures side by side, each with its prompt below: contact_sheet.py OUTPUT_DIR SHEET.png"""

import argparse
import io
import json
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


def in_order(rows, output):
    """As the rows stand in the table that the run has read, where it is a CSV file that still is there."""
    prompts = Path(json.loads((output / "run.json").read_text())["configuration"]["prompts"])
    if prompts.suffix != ".csv" or not prompts.is_file():
        return rows.sort_values(["seed", "id"])
    places = {name: place for place, name in enumerate(pandas.read_csv(prompts, dtype=str)["id"])}
    return rows.assign(place=rows["id"].map(places)).sort_values(["place", "image_index"])


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the output_dir of a job")
    parser.add_argument("sheet", type=Path, help="the PNG file to write")
    arguments = parser.parse_args()
    frames = [pandas.read_parquet(file) for file in sorted(arguments.output.glob("rows/*/*.parquet"))]
    table = in_order(pandas.concat(frames), arguments.output)
    sheet(table[table["status"] == "generated"].reset_index(drop=True)).save(arguments.sheet, optimize=True)

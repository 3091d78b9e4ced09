"""Opens a job's output with readers of another make (DuckDB, pandas, Pillow, and exiftool where it is installed) and checks that
all of them see the same images, and in them the texts that the rows ask for."""

import argparse
import hashlib
import io
import json
import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import duckdb
import pandas
from PIL import Image

SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/trainedAlgorithmicMedia"


def check(output):
    report = json.loads((output / "run.json").read_text())
    rows = duckdb.sql(f"select * from '{output}/rows/*/*.parquet'").df()
    again = pandas.concat(pandas.read_parquet(file) for file in sorted(output.glob("rows/*/*.parquet")))
    assert sorted(rows["id"]) == sorted(again["id"]), "DuckDB and pandas read different ids"
    assert len(rows) == len(rows.drop_duplicates(["id", "image_index"])), "an image is there twice"
    # Without the failed rows, whose empty cells would turn whole numbers into others.
    generated = duckdb.sql(f"select * from '{output}/rows/*/*.parquet' where status = 'generated'").df()
    counts = report["rows"]
    assert len(generated) == counts["generated"] + counts["skipped"], (len(generated), counts)
    for row in generated.itertuples():
        check_image(output, row, report)
    readers = "DuckDB, pandas and Pillow"
    if shutil.which("exiftool"):
        check_exif(output, generated, report)
        readers = "DuckDB, pandas, Pillow and exiftool"
    print(f"{len(generated)} images of {output}: {readers} agree")


def parameters(row, report):
    """AUTOMATIC1111's text as the row has its parts."""
    model = report["model"]
    negative = f"\nNegative prompt: {row.negative_prompt}" if row.negative_prompt else ""
    settings = (
        f"Steps: {row.num_inference_steps}, Sampler: {row.scheduler.upper()}, CFG scale: {row.guidance_scale}, Seed: {row.seed},"
        f" Size: {row.width}x{row.height}, Model hash: {model['digest'][:10]}, Model: {model['name']}"
    )
    settings += f", Eta DDIM: {row.eta}" if row.eta else ""
    settings += f", Guidance rescale: {row.guidance_rescale}" if row.guidance_rescale else ""
    return f"{row.prompt}{negative}\n{settings}"


def check_exif(output, rows, report):
    """exiftool reads the files; it gives the source type's URI, or its own words for it."""
    files = {str(output / row.image["path"]): row for row in rows.itertuples()}
    command = ["exiftool", "-j", "-n", "-charset", "UTF8", "-Parameters", "-DigitalSourceType", *files]
    found = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    assert len(found) == len(files), (len(found), len(files))
    for entry in found:
        row = files[entry["SourceFile"]]
        # exiftool shows a text of several lines with dots for their ends.
        given = entry["Parameters"].replace("\r\n", "\n")
        assert given in (parameters(row, report), parameters(row, report).replace("\n", ".")), (row.id, given)
        assert entry["DigitalSourceType"] == SOURCE_TYPE, (row.id, entry)


def check_image(output, row, report):
    png = bytes(row.image["bytes"])
    assert hashlib.sha256(png).hexdigest() == row.sha256, f"{row.id}: sha256 differs"
    assert (output / row.image["path"]).read_bytes() == png, f"{row.id}: the file differs from the row"
    image = Image.open(io.BytesIO(png))
    image.load()
    assert image.size == (row.width, row.height) and image.mode == "RGB", (row.id, image)
    assert image.text["parameters"] == parameters(row, report), (row.id, image.text["parameters"])
    packet = image.text["XML:com.adobe.xmp"]
    element = ElementTree.fromstring(packet[packet.index("<x:xmpmeta") : packet.index("<?xpacket end")])
    types = [found.text for found in element.iter("{http://iptc.org/std/Iptc4xmpExt/2008-02-29/}DigitalSourceType")]
    assert types == [SOURCE_TYPE], (row.id, types)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the output_dir of a job with output_format=both")
    check(parser.parse_args().output)

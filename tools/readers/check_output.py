"""Opens a job's output with readers of another make (DuckDB, pandas, Pillow) and checks that all of them see the same pictures."""

import argparse
import hashlib
import io
import json
from pathlib import Path

import duckdb
import pandas
from PIL import Image


def check(output):
    report = json.loads((output / "run.json").read_text())
    rows = duckdb.sql(f"select * from '{output}/rows/*/*.parquet'").df()
    again = pandas.concat(pandas.read_parquet(file) for file in sorted(output.glob("rows/*/*.parquet")))
    assert sorted(rows["id"]) == sorted(again["id"]), "DuckDB and pandas read different ids"
    assert len(rows) == len(rows.drop_duplicates(["id", "image_index"])), "an image is there twice"
    generated = rows[rows["status"] == "generated"]
    counts = report["rows"]
    assert len(generated) == counts["generated"] + counts["skipped"], (len(generated), counts)
    for row in generated.itertuples():
        check_picture(output, row)
    print(f"{len(generated)} pictures of {output}: DuckDB, pandas and Pillow agree")


def check_picture(output, row):
    png = bytes(row.image["bytes"])
    assert hashlib.sha256(png).hexdigest() == row.sha256, f"{row.id}: sha256 differs"
    assert (output / row.image["path"]).read_bytes() == png, f"{row.id}: the file differs from the row"
    picture = Image.open(io.BytesIO(png))
    picture.load()
    assert picture.size == (row.width, row.height) and picture.mode == "RGB", (row.id, picture)
    parameters = picture.text["parameters"]
    assert parameters.startswith(row.prompt) and f"Seed: {row.seed}, " in parameters, (row.id, parameters)
    assert "trainedAlgorithmicMedia" in picture.text["XML:com.adobe.xmp"], row.id


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="the output_dir of a job with output_format=both")
    check(parser.parse_args().output)

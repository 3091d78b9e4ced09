"""Writes the Parquet files of src/test/resources/tables, which Java's writers cannot: python tools/tables/make.py

Needs pyarrow 26.0.1 and nothing else."""

import datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

FOLDER = Path(__file__).parents[2] / "src/test/resources/tables"
IDS = ["a", "b"]
PROMPTS = ["a red fox", "an owl"]


def write(name, columns, **options):
    pq.write_table(pa.table({"id": IDS, "prompt": PROMPTS, **columns}), FOLDER / name, **options)


def not_text(*values):
    """Strings of bytes that are none, as old writers left them."""
    return pa.Array.from_buffers(pa.string(), len(values), pa.array(values, pa.binary()).buffers())


noon = datetime.time(12, 0)
day = datetime.datetime(2026, 1, 1)
write("nanoseconds.parquet", {"created": pa.array([day, None], pa.timestamp("ns")), "at": pa.array([noon, None], pa.time64("us"))})
write("brotli.parquet", {}, compression="brotli")
write("nothing.parquet", {"negative_prompt": pa.nulls(2), "seed": pa.nulls(2)})
write("unsigned.parquet", {"seed": pa.array([7, 2**63 - 1], pa.uint64())})
write("invalid.parquet", {"id": not_text(b"caf\xe9", b"caf\xe8")})

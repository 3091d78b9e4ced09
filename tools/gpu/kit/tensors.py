"""safetensors files without the library, which a GPU machine may lack."""

import json
import mmap
import struct
from collections.abc import Iterable
from pathlib import Path

import torch

TYPES = {"F64": torch.float64, "F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16, "I64": torch.int64, "U8": torch.uint8}
NAMES = {dtype: name for name, dtype in TYPES.items()}


def read(path: Path) -> dict[str, torch.Tensor]:
    """All tensors of a file, which stay mapped from it until they are changed."""
    with path.open("rb") as file:
        data = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_COPY)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    return {name: tensor(data, 8 + length, entry) for name, entry in header.items() if name != "__metadata__"}


def tensor(data: mmap.mmap, start: int, entry: dict) -> torch.Tensor:
    begin, end = entry["data_offsets"]
    dtype = TYPES[entry["dtype"]]
    if begin == end:
        return torch.empty(entry["shape"], dtype=dtype)
    aligned = (start + begin) % dtype.itemsize == 0
    source = data if aligned else bytearray(data[start + begin : start + end])
    count = (end - begin) // dtype.itemsize
    return torch.frombuffer(source, dtype=dtype, count=count, offset=start + begin if aligned else 0).reshape(entry["shape"])


def write(path: Path, shapes: dict[str, list[int]], dtype: torch.dtype, tensors: Iterable[torch.Tensor]) -> None:
    """A file of one type; the tensors come in the order of the shapes, one at a time."""
    header, position = {}, 0
    for name, shape in shapes.items():
        size = dtype.itemsize * torch.Size(shape).numel()
        header[name] = {"dtype": NAMES[dtype], "shape": shape, "data_offsets": [position, position + size]}
        position += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for value in tensors:
            file.write(value.to("cpu", dtype).contiguous().view(torch.uint8).numpy().data)


def folder(path: Path) -> dict[str, torch.Tensor]:
    """The tensors of all files of one network."""
    found: dict[str, torch.Tensor] = {}
    for file in sorted(path.glob("*.safetensors")):
        found |= read(file)
    return found

"""Graphs that our Java recorded, under this machine's PyTorch, with weights from files or from seeds."""

import io
import json
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch

from . import tensors

DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}
COMPONENTS = {"text": "text_encoder", "unet": "unet", "vae": "vae"}
WEIGHTS_OF = {part: part for part in COMPONENTS} | {"decoder": "vae"}  # the vae's graph before it makes bytes
OLD_VAE_NAMES = {".query.": ".to_q.", ".key.": ".to_k.", ".value.": ".to_v.", ".proj_attn.": ".to_out.0."}
CONVOLUTION = re.compile(r"torch\.conv2d\((\w+), (\w+), (\w+), (\[\d+, \d+\]), (\[\d+, \d+\]), \[1, 1\], 1\)")
CHOSEN = re.compile(r"(torch\._convolution\(.*, 1, False), (True|False), True, (True|False)\)")
TEXT_PREFIX = "text_model."


@dataclass(frozen=True)
class Convolutions:
    """What a graph asks of cuDNN in each convolution, whatever it was recorded with."""

    deterministic: bool
    tf32: bool

    def edit(self, script: str) -> str:
        script = CONVOLUTION.sub(r"torch._convolution(\1, \2, \3, \4, \5, [1, 1], False, [0, 0], 1, False, False, True, True)", script)
        if "torch.conv2d(" in script:
            raise ValueError("a convolution was recorded in a form that the kit does not know")
        return CHOSEN.sub(rf"\1, {self.deterministic}, True, {self.tf32})", script)


class Model:
    """The graphs of one model, and where its weights come from."""

    def __init__(self, folder: Path, weights: Path | None, device: str):
        self.folder, self.device = folder, torch.device(device)
        self.facts: dict[str, Any] = json.loads((folder / "model.json").read_text())
        self.weights_folder = weights
        choice = self.facts.get("kernels", "")
        self.fuser = "fuser=on" in choice
        self.conv_format = torch.contiguous_format if "channels_first" in choice else torch.channels_last
        self.known: dict[tuple[str, str, str], dict[str, torch.Tensor]] = {}

    @cached_property
    def files(self) -> dict[tuple, dict[str, Any]]:
        return {(graph["part"], graph["dtype"], *graph["key"]): graph for graph in self.facts["graphs"]}

    @property
    def side(self) -> int:
        return self.facts["sample_size"]

    def weights(self, part: str, dtype: str, device: torch.device) -> dict[str, torch.Tensor]:
        key = (part, dtype, str(device))
        if key not in self.known:
            self.known[key] = dict(self.converted(part, DTYPES[dtype], device))
        return self.known[key]

    def forget(self) -> None:
        """Frees the weights that no graph holds any more."""
        self.known.clear()
        if self.device.type == "cuda":
            torch.cuda.empty_cache()

    def converted(self, part: str, dtype: torch.dtype, device: torch.device) -> Iterator[tuple[str, torch.Tensor]]:
        source = self.source(part)
        for name, shape in self.facts["weights"][part].items():
            value = source(name, shape).to(device).reshape(shape).to(dtype)
            yield name, value.contiguous(memory_format=self.conv_format) if value.dim() == 4 else value

    def source(self, part: str) -> Callable[[str, list[int]], torch.Tensor]:
        if self.weights_folder is None:
            return lambda name, shape: random_weight(name, shape, self.device)
        stored = current_names(tensors.folder(self.weights_folder / COMPONENTS[part]))
        return lambda name, shape: stored[name]

    def graph(self, part: str, dtype: str, *key: int, device: torch.device | None = None, convolutions: Convolutions | None = None) -> "Graph":
        described = self.files.get((part, dtype, *key))
        if described is None:
            raise KeyError(f"the bundle has no graph {part} {dtype} {key} of {self.folder.name}")
        archive = (self.folder / described["file"]).read_bytes()
        if convolutions:
            archive = edited(archive, convolutions.edit)
        where = device or self.device
        weights = self.weights(WEIGHTS_OF[part], dtype, where) if part in WEIGHTS_OF else {}
        return Graph(archive, weights, described, where, self.fuser)

    def loop(self, name: str) -> dict[str, Any]:
        return next(loop for loop in self.facts["loops"] if loop["name"] == name)


class Graph:
    """One recorded pass, loaded."""

    def __init__(self, archive: bytes, weights: dict[str, torch.Tensor], described: dict[str, Any], device: torch.device, fuser: bool = False):
        self.described, self.device, self.fuser = described, device, fuser
        self.module = torch.jit.load(io.BytesIO(archive))
        self.module._c._get_method("load")(weights)
        self.forward = self.module._c._get_method("forward")

    def __call__(self, *inputs: torch.Tensor) -> torch.Tensor:
        """As the product runs it: without gradients, and without the profiling executor unless the choice has it."""
        with torch.inference_mode(), torch.jit.optimized_execution(self.fuser):
            return self.forward(*inputs)

    def inputs(self, seed: int = 0) -> list[torch.Tensor]:
        """Inputs that depend on the seed alone, whatever the device."""
        part = self.described["part"]
        if part == "text":
            return [numbers(seed, *self.described["inputs"][0]).abs().mul(100).long().clamp(max=400).to(self.device)]
        made = [numbers(seed + place, *shape) for place, shape in enumerate(self.described["inputs"])]
        if part == "unet":
            made[1] = torch.tensor([500.0])
        return [value.to(self.device) for value in made]


def numbers(seed: int, *shape: int) -> torch.Tensor:
    """Standard normal float32 values, drawn on the CPU as the product draws noise."""
    return torch.randn(shape, generator=torch.Generator().manual_seed(seed))


def random_weight(name: str, shape: list[int], device: torch.device) -> torch.Tensor:
    """Under these no layer vanishes or saturates; drawn where they are needed, since the real size has 1.3 billion."""
    generator = torch.Generator(device).manual_seed(zlib.crc32(name.encode()))
    value = torch.randn(shape, generator=generator, device=device)
    if len(shape) == 1:
        return value * 0.2 + (1 if name.endswith("weight") else 0)
    if "embedding.weight" in name:
        return value * 0.7
    return value / torch.Size(shape[1:]).numel() ** 0.5


def current_names(stored: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """The published VAE keeps old names for its attention."""
    renamed = {}
    for name, value in stored.items():
        for old, new in OLD_VAE_NAMES.items():
            name = name.replace(old, new)
        renamed[name] = value
    return renamed


def edited(archive: bytes, edit: Callable[[str], str]) -> bytes:
    """The archive with another script."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(result, "w", zipfile.ZIP_STORED) as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith(".py"):
                content = edit(content.decode()).encode()
            target.writestr(entry.filename, content)
    return result.getvalue()

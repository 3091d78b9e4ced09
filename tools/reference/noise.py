#!/usr/bin/env python3
"""Writes noise.safetensors: what torch.randn gives for 10,000 seeds.

Usage: noise.py [OUTPUT_FOLDER]   (default: src/test/resources/reference)
Run on x86-64 with AVX2 or newer (PyTorch 2.7.1 gives the same bits with AVX2 and AVX-512).

  seeds            (10000,)     the seeds as int64, 2^63 and more in two's complement
  counts           (18,)        how many values each call in a row draws from one generator
  checksums        (10000,)     CRC-32 of the little-endian float32 bytes of a seed's calls in a row
  full_seeds       (21,)
  full             (21, sum of counts)  the values themselves
"""

import random
import sys
import zlib
from pathlib import Path

import numpy as np
import torch
from safetensors.numpy import save_file

RESOURCES = Path(__file__).parents[2] / "src/test/resources/reference"

# Each call starts where the last one ended: odd counts leave a second normal waiting.
COUNTS = [16, 1, 4, 15, 16, 17, 1, 31, 0, 3, 100, 1, 1024, 40, 2, 18, 5, 33]

EXTREMES = [
    0, 1, 2, 42, -1, -2, -42, 2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**32 + 1, 2**53 - 1, 2**53, 2**53 + 1,
    -(2**31), -(2**32), 2**63 - 1, -(2**63), 2**63, 2**64 - 1,
]


def seeds() -> list[int]:
    """10,000 seeds, different as 64-bit numbers."""
    numbers = random.Random(2026)
    chosen = {signed(seed): seed for seed in EXTREMES + list(range(2000))}
    for low, high, count in ((-(2**63), 2**64, 4000), (0, 2**32, 7000), (-(2**40), 2**40, 10000)):
        while len(chosen) < count:
            seed = numbers.randrange(low, high)
            chosen.setdefault(signed(seed), seed)
    return list(chosen.values())


def signed(seed: int) -> int:
    return seed - 2**64 if seed >= 2**63 else seed


def calls(seed: int) -> np.ndarray:
    generator = torch.Generator().manual_seed(seed)
    return torch.cat([torch.randn(count, generator=generator, dtype=torch.float32) for count in COUNTS]).numpy()


def main(folder: Path) -> None:
    all_seeds = seeds()
    checksums = [zlib.crc32(calls(seed).astype("<f4").tobytes()) for seed in all_seeds]
    tensors = {
        "seeds": np.array([signed(seed) for seed in all_seeds], np.int64),
        "counts": np.array(COUNTS, np.int64),
        "checksums": np.array(checksums, np.uint32).view(np.int32),
        "full_seeds": np.array([signed(seed) for seed in EXTREMES], np.int64),
        "full": np.stack([calls(seed) for seed in EXTREMES]),
    }
    folder.mkdir(parents=True, exist_ok=True)
    # One key alone: safetensors writes several in random order.
    capability = torch.backends.cpu.get_cpu_capability()
    save_file(tensors, folder / "noise.safetensors", {"source": f"torch {torch.__version__}, {capability}"})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESOURCES)

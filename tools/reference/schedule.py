#!/usr/bin/env python3
"""Writes schedule.safetensors: timesteps and step coefficients of diffusers' DDIMScheduler.

Usage: schedule.py [OUTPUT_FOLDER]   (default: src/test/resources/reference)

  metadata "about"                   JSON: the source's versions, and the configurations as DDIMScheduler has them
  NAME/alphas                        its alphas_cumprod, float32
  timesteps/SPACING/N                int32, for 1000 training timesteps and steps_offset 1
  checksums/SPACING                  CRC-32 of the timesteps as little-endian int32, for N = 1, 2, ...
  NAME/SPACING/N/coefficients        (etas, N, 3) float32: factors of sample, model output and noise
  etas/N                             float64

The coefficients come from DDIMScheduler.step itself, run in float64 on basis vectors. Zero terminal SNR takes square
roots in float32, and PyTorch built with MKL rounds a fifth of them to the wrong neighbour: zero_snr is diffusers with
correctly rounded roots, zero_snr_mkl is diffusers as it runs.
"""

import json
import sys
import zlib
from pathlib import Path
from unittest import mock

import diffusers
import numpy as np
import torch
from diffusers import DDIMScheduler
from safetensors.numpy import save_file

RESOURCES = Path(__file__).parents[2] / "src/test/resources/reference"

SD2 = {
    "num_train_timesteps": 1000,
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "set_alpha_to_one": False,
    "steps_offset": 1,
    "clip_sample": False,
}
ZERO_SNR = SD2 | {"prediction_type": "v_prediction", "rescale_betas_zero_snr": True, "set_alpha_to_one": True}
CONFIGS = {
    "epsilon": SD2 | {"prediction_type": "epsilon"},
    "v": SD2 | {"prediction_type": "v_prediction"},
    "sample": SD2 | {"prediction_type": "sample", "set_alpha_to_one": True},
    "zero_snr": ZERO_SNR,
    "zero_snr_mkl": ZERO_SNR,
}
# Compared by their alphas alone.
MORE_CONFIGS = {
    "defaults": {"steps_offset": 1, "clip_sample": False},
    "cosine": {"beta_schedule": "squaredcos_cap_v2"},
    "few": SD2 | {"num_train_timesteps": 37},
    "odd": SD2 | {"num_train_timesteps": 1003, "beta_schedule": "linear"},
    "two": SD2 | {"num_train_timesteps": 2},
    "zero_snr_sample": ZERO_SNR | {"prediction_type": "sample", "num_train_timesteps": 500},
}
SPACINGS = ("leading", "trailing", "linspace")
STEPS = (1, 2, 5, 20, 50, 998, 999)


def exact_sqrt(tensor: torch.Tensor) -> torch.Tensor:
    return torch.from_numpy(np.sqrt(tensor.numpy()))


def scheduler(name: str, config: dict) -> DDIMScheduler:
    if name.endswith("_mkl"):
        return DDIMScheduler(**config)
    with mock.patch.object(torch.Tensor, "sqrt", exact_sqrt):
        return DDIMScheduler(**config)


def timesteps(ddim: DDIMScheduler, count: int) -> np.ndarray:
    """The first count timesteps: trailing spacing sometimes gives one more, which is -1."""
    ddim.set_timesteps(count)
    return ddim.timesteps.numpy()[:count].astype(np.int32)


def etas(count: int) -> list[float]:
    return [0.0, 0.5, 1.0] if count < 100 else [0.5]


def coefficients(ddim: DDIMScheduler, count: int) -> np.ndarray:
    ddim.alphas_cumprod = ddim.alphas_cumprod.double()
    ddim.final_alpha_cumprod = ddim.final_alpha_cumprod.double()
    sample, output, noise = torch.eye(3, dtype=torch.float64)
    return np.array(
        [
            [ddim.step(output, int(t), sample, eta=eta, variance_noise=noise).prev_sample.numpy() for t in timesteps(ddim, count)]
            for eta in etas(count)
        ],
        np.float32,
    )


def main(folder: Path) -> None:
    tensors = {}
    for name, config in (CONFIGS | MORE_CONFIGS).items():
        tensors[f"{name}/alphas"] = scheduler(name, config).alphas_cumprod.numpy()
    for spacing in SPACINGS:
        ddim = DDIMScheduler(**SD2, timestep_spacing=spacing)
        # Leading spacing with 1000 steps and the offset asks for timestep 1000, which does not exist.
        longest = 999 if spacing == "leading" else 1000
        checksums = [zlib.crc32(timesteps(ddim, count).astype("<i4").tobytes()) for count in range(1, longest + 1)]
        tensors[f"checksums/{spacing}"] = np.array(checksums, np.uint32).view(np.int32)
        for count in STEPS:
            tensors[f"etas/{count}"] = np.array(etas(count))
            tensors[f"timesteps/{spacing}/{count}"] = timesteps(ddim, count)
            for name, config in CONFIGS.items():
                ddim_of_case = scheduler(name, config | {"timestep_spacing": spacing})
                tensors[f"{name}/{spacing}/{count}/coefficients"] = coefficients(ddim_of_case, count)
    source = f"diffusers {diffusers.__version__}, torch {torch.__version__}"
    # One key alone: safetensors writes several in random order.
    about = json.dumps({"source": source, "configs": CONFIGS | MORE_CONFIGS})
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "schedule.safetensors", {"about": about})


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else RESOURCES)

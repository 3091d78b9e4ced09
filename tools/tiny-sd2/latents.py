"""The scenes that the UNet learns from and their latents, drawn and encoded once and kept in a file.

`latents.py FOLDER` encodes with a model folder's VAE and keeps its scaling factor; without FOLDER the VAE is what `autoencoder.py` has trained.
"""

import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL

import autoencoder
import scenes
import training

COUNT, SEED = 40_000, 3
FILE = training.WORK / "latents.pt"


@dataclass(frozen=True)
class Data:
    scenes: list
    latents: torch.Tensor  # (COUNT, 4, 16, 16) float32, of unit standard deviation
    pairs: np.ndarray  # indices of the scenes of two shapes


def chosen():
    rng = np.random.default_rng(SEED)
    return [scenes.scene(rng) for _ in range(COUNT)]


def vae(folder):
    """What `autoencoder.py` has trained or, without its checkpoint, a model folder's."""
    if (state := training.load(training.WORK / "autoencoder.pt")) is None:
        return AutoencoderKL.from_pretrained(Path(folder) / "vae", torch_dtype=torch.float32)
    network = autoencoder.network()
    network.load_state_dict(state["average"])
    return network


@torch.no_grad()
def encode(network, images, draw=scenes.draw):
    network = network.to(training.DEVICE).to(memory_format=torch.channels_last)
    parts = []
    for begin in range(0, len(images), 32):
        pixels = autoencoder.to_tensor(np.stack([draw(s) for s in images[begin:begin + 32]]))
        with training.mixed_precision():
            parts.append(network.encode(pixels.contiguous(memory_format=torch.channels_last)).latent_dist.mode().float().cpu())
    return torch.cat(parts)


def stored(folder=None):
    """The encoded scenes, before scaling, and the factor that gives them unit standard deviation."""
    if (values := training.load(FILE)) is None:
        network = vae(folder)
        means = encode(network, chosen())
        values = {"latents": means.half(), "scaling_factor": network.config.scaling_factor if folder else 1 / means.std().item()}
        training.save(FILE, values)
    return values


def load():
    values, drawn = stored(), chosen()
    pairs = np.array([i for i, s in enumerate(drawn) if isinstance(s, scenes.Shapes) and len(s.shapes) == 2])
    return Data(drawn, values["latents"].float().cpu() * values["scaling_factor"], pairs)


if __name__ == "__main__":
    print(stored(*sys.argv[1:])["scaling_factor"])

"""The tensors of Stable Diffusion 1.5's text encoder and UNet, as transformers and diffusers make them of its published configurations.

No published list of theirs is at hand; the one of the VAE is the same as Stable Diffusion 2's.
"""

import json

import torch

import models
from common import OUTPUT, PUBLISHED


def shapes(component):
    config = json.loads((PUBLISHED.parent / "stable-diffusion-v1-5" / component / "config.json").read_text())
    with torch.device("meta"):
        return {name: tuple(tensor.shape) for name, tensor in models.network(component, config).state_dict().items()}


def main():
    for component in ("text_encoder", "unet"):
        lines = [f"{name} {','.join(map(str, shape))}\n" for name, shape in sorted(shapes(component).items())]
        (OUTPUT / f"sd15_{component}_keys.txt").write_text("".join(lines))


if __name__ == "__main__":
    main()

"""What the small models' VAE encoders answer: moments, and latents sampled as diffusers' image-to-image pipeline samples them, float32.

The images are random bytes in blocks, which no size of a level hides; image k of a call draws its noise from a generator of its own, seeded with k.
"""

import torch
from diffusers import AutoencoderKL
from diffusers.image_processor import VaeImageProcessor
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion_img2img import retrieve_latents
from diffusers.utils.torch_utils import randn_tensor
from PIL import Image

from common import OUTPUT, write_tensors

CALLS = {"square": (1, 32, 32), "odd": (3, 24, 40), "smallest": (1, 8, 8)}
# a tile of `base` has 64 pixels, one of `v21` 96
TILED = {"base": (1, 88, 104), "v21": (2, 96, 120)}
MODELS = {"base": {}, "v21": {}, "sd15": {}, "variants/fp16": {"variant": "fp16"}}


def pixels(seed, batch, height, width):
    """(B, H, W, 3) uint8 in blocks of four, with a little of each pixel's own"""
    generator = torch.Generator().manual_seed(seed)
    blocks = torch.randint(0, 240, (batch, height // 4, width // 4, 3), generator=generator)
    fine = torch.randint(0, 16, (batch, height, width, 3), generator=generator)
    return (blocks.repeat_interleave(4, 1).repeat_interleave(4, 2) + fine).to(torch.uint8)


def encode(vae, rgb):
    images = VaeImageProcessor().preprocess([Image.fromarray(image) for image in rgb.numpy()])
    posterior = vae.encode(images)
    latents = [
        retrieve_latents(vae.encode(images[k : k + 1]), torch.Generator().manual_seed(k)) * vae.config.scaling_factor
        for k in range(len(images))
    ]
    shape = (1, *posterior.latent_dist.mean.shape[1:])
    noise = [randn_tensor(shape, torch.Generator().manual_seed(k)) for k in range(len(images))]
    return {"images": images, "moments": posterior.latent_dist.parameters, "noise": torch.cat(noise), "latents": torch.cat(latents)}


def main():
    result = {}
    for folder, how in MODELS.items():
        vae = AutoencoderKL.from_pretrained(OUTPUT / folder / "vae", torch_dtype=torch.float32, **how)
        for position, (name, (batch, height, width)) in enumerate(CALLS.items()):
            rgb = pixels(400 + position, batch, height, width)
            values = encode(vae, rgb)
            if folder == "base":
                result |= {f"{name}/rgb": rgb, f"{name}/images": values["images"], f"{name}/noise": values["noise"]}
            result |= {f"{folder}/{name}/{key}": values[key] for key in ("moments", "latents")}
    for position, (folder, (batch, height, width)) in enumerate(TILED.items()):
        vae = AutoencoderKL.from_pretrained(OUTPUT / folder / "vae")
        rgb = pixels(500 + position, batch, height, width)
        whole = encode(vae, rgb)
        vae.enable_tiling()
        tiled = encode(vae, rgb)
        assert (tiled["latents"] - whole["latents"]).abs().max() > 1e-3, folder
        result |= {f"tiled/{folder}/rgb": rgb, f"tiled/{folder}/noise": tiled["noise"], f"tiled/{folder}/latents": tiled["latents"]}
    write_tensors(OUTPUT / "encoder.safetensors", result)


if __name__ == "__main__":
    main()

"""Trains the AutoencoderKL: 128x128 images to 4x16x16 latents and back.

The loss is the absolute difference, that of neighbouring pixels (for sharp edges), and a slight pull of the latents
towards a standard normal (Kingma and Welling 2013, with the weight of Rombach et al. 2022, appendix E).
"""

import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL

import scenes
import training

STEPS, BATCH, RATE, CROP = 4000, 16, 1e-3, 64
KL_WEIGHT = 2e-4  # for each value of the latents


def network():
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, sample_size=scenes.SIZE, layers_per_block=1, norm_num_groups=2,
        block_out_channels=(16, 32, 64, 64), down_block_types=("DownEncoderBlock2D",) * 4, up_block_types=("UpDecoderBlock2D",) * 4)


def to_tensor(images):
    """(B, H, W, 3) uint8 as (B, 3, H, W) float32 in -1 to 1, channels-last."""
    return torch.from_numpy(np.ascontiguousarray(images)).permute(0, 3, 1, 2).float().to(training.DEVICE) / 127.5 - 1


def from_tensor(pixels):
    """What `to_tensor` takes."""
    return ((pixels.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).cpu().numpy()


@torch.no_grad()
def through(folder, images):
    """Images (H, W, 3) uint8 of one size through a model folder's VAE and back, as (B, H, W, 3) uint8."""
    vae = AutoencoderKL.from_pretrained(folder / "vae", torch_dtype=torch.float32).to(training.DEVICE)
    return np.concatenate([from_tensor(vae(to_tensor(image[None])).sample) for image in images])


def crops(seed, step):
    """Squares of CROP pixels, at even places, each from a scene of its own; every eighth batch holds whole images."""
    rng = np.random.default_rng((seed, step))
    whole = step % 8 == 7
    images = []
    for _ in range(BATCH // 4 if whole else BATCH):
        image = scenes.draw(scenes.scene(rng, held_out_too=True))
        if not whole:
            y, x = rng.integers(0, scenes.SIZE - CROP + 1, 2)
            image = image[y:y + CROP, x:x + CROP]
        images.append(image)
    return to_tensor(np.stack(images))


def neighbours(x):
    return x[:, :, 1:] - x[:, :, :-1], x[:, :, :, 1:] - x[:, :, :, :-1]


def loss(vae, image):
    """The loss of a batch of images in -1 to 1."""
    with training.mixed_precision():
        posterior = vae.encode(image).latent_dist
        decoded = vae.decode(posterior.sample()).sample.float()
    difference = F.l1_loss(decoded, image) + F.mse_loss(decoded, image)
    edges = sum(F.l1_loss(a, b) for a, b in zip(neighbours(decoded), neighbours(image)))
    kl = posterior.kl().sum() / posterior.mean.numel()
    return {"loss": difference + edges + KL_WEIGHT * kl, "difference": difference.detach(), "edges": edges.detach(), "kl": kl.detach()}


def main():
    torch.manual_seed(0)
    vae = network().to(memory_format=torch.channels_last)
    with torch.no_grad():
        vae.quant_conv.bias[4:] = -6  # log variances: begin with little noise, or the latents outgrow it first
    loop = training.Training("autoencoder", vae, STEPS, lambda module: training.adam(module, RATE))

    def loss_of(step):
        torch.manual_seed(step)
        return loss(vae, crops(1, step).contiguous(memory_format=torch.channels_last))

    loop.run(loss_of)


if __name__ == "__main__":
    main()

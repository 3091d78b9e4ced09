"""Trains a ControlNet ("Adding Conditional Control to Text-to-Image Diffusion Models", arXiv 2302.05543) for models/tiny-sd2-1 that draws over edges.

It learns from scenes with their edges as OpenCV's Canny finds them and captions of their own, some of them empty; the model itself stays as it is. It
begins as the paper says, a copy of the UNet's way down behind zero convolutions, but without that way's attention: 3 MB are to be enough, where edges lie is
for convolutions to see, and what a caption says reaches the image through the model. What embeds the edges begins not behind a zero convolution of its own
but with every layer's values of unit variance ("All you need is a good init", arXiv 1511.06422): behind zeros the loss had not fallen after 150 steps.

`controlnet.py` writes models/tiny-sd2-canny in diffusers' layout, float16.
"""

import cv2
import numpy as np
import torch
from diffusers import ControlNetModel
from transformers import CLIPTokenizerFast

import adapters
import denoiser
import scenes
import training
from muon import Muon

FOLDER = training.REPOSITORY / "models/tiny-sd2-canny"
NAME = "canny"
THRESHOLDS = (100, 200)

SCENES = 12_000
LEVELS = (16, 32, 64, 64)  # channels of what embeds the edges, each level half as large as the one before
BATCH, DRAWS = 16, 2  # examples in a step; noises and timesteps for each scene and caption
STEPS, HELD, WARMUP = 1000, 500, 30
RATES = (4e-3, 2e-3)  # Muon's and Adam's


def edges(image):
    """The edges of a (H, W, 3) uint8 image, 255 in (H, W) uint8."""
    return cv2.Canny(np.ascontiguousarray(image), *THRESHOLDS)


def conditions(lines):
    """Edges (B, H, W) uint8, white on black, as the ControlNet takes images: (B, 3, H, W) float32 in 0 to 1."""
    return torch.from_numpy(lines).to(training.DEVICE)[:, None].expand(-1, 3, -1, -1).float() / 255


def network(unet):
    """A ControlNet that begins with the UNet's weights, where it has layers of the same name."""
    whole = ControlNetModel.from_unet(unet, conditioning_embedding_out_channels=LEVELS)
    small = ControlNetModel.from_config(whole.config, down_block_types=("DownBlock2D",) * len(unet.config.down_block_types))
    small.load_state_dict({key: whole.state_dict()[key] for key in small.state_dict()})
    return small.to(memory_format=torch.channels_last)


@torch.no_grad()
def give_unit_variance(embedding, images):
    """Draws the weights of what embeds edges, so that each convolution's values have unit variance on these images."""
    values = images
    for i, layer in enumerate((embedding.conv_in, *embedding.blocks, embedding.conv_out)):
        torch.nn.init.kaiming_normal_(layer.weight)
        torch.nn.init.zeros_(layer.bias)
        values = torch.nn.functional.silu(values) if i else values
        layer.weight /= layer(values).std()
        values = layer(values)


def timesteps():
    """More of them where there is more noise, since that is where an image's outlines are decided; evenly spread in each batch."""
    u = (torch.randperm(BATCH) + torch.rand(BATCH)) / BATCH
    return (1000 * u.sqrt()).long().clamp(max=999).to(training.DEVICE)


def encoded():
    """The scenes, their edges (N, 128, 128) and their latents, the same in each run."""
    rng = np.random.default_rng(31)
    chosen = [scenes.scene(rng) for _ in range(SCENES)]
    return chosen, np.stack([edges(scenes.draw(scene)) for scene in chosen]), adapters.encoded(NAME, chosen, scenes.draw)


def loss(controlnet, unet, text_encoder, drawn, lines, latents):
    """The loss of a step: that of `denoiser.py shapes`, with edges."""
    tokenizer = CLIPTokenizerFast.from_pretrained(adapters.MODEL / "tokenizer")
    schedule = denoiser.scheduler(velocity=True)
    abar = schedule.alphas_cumprod.to(training.DEVICE)
    weight = denoiser.weights("shapes", abar / (1 - abar))
    # Each scene's edges are embedded once for all its noises.
    controlnet.controlnet_cond_embedding.register_forward_hook(lambda _, __, embedded: embedded.repeat_interleave(DRAWS, 0))

    def loss_of(step):
        torch.manual_seed(step)
        rng = np.random.default_rng((32, step))
        chosen = rng.integers(SCENES, size=BATCH // DRAWS)
        clean = latents[chosen].repeat_interleave(DRAWS, 0).to(training.DEVICE)
        t, noise = timesteps(), torch.randn_like(clean)
        noisy = schedule.add_noise(clean, noise, t).contiguous(memory_format=torch.channels_last)
        with training.mixed_precision():
            ids = adapters.ids(tokenizer, [adapters.known_caption(rng, drawn[i]) for i in chosen])
            states = text_encoder(ids).last_hidden_state.repeat_interleave(DRAWS, 0)
            image = conditions(lines[chosen]).contiguous(memory_format=torch.channels_last)
            down, middle = controlnet(noisy, t, states, image, return_dict=False)
            predicted = unet(noisy, t, states, down_block_additional_residuals=down, mid_block_additional_residual=middle).sample.float()
        error = (predicted - schedule.get_velocity(clean, noise, t)).square().mean((1, 2, 3))
        return {"loss": (weight[t] * error).mean(), "error": error.mean().detach(), "error_high_noise": error[t >= 700].mean().detach()}

    return loss_of


def main():
    torch.manual_seed(0)
    text_encoder, unet = (part.to(training.DEVICE) for part in adapters.model())
    controlnet, examples = network(unet), encoded()
    give_unit_variance(controlnet.controlnet_cond_embedding, conditions(examples[1][:64]))
    loop = training.Training(NAME, controlnet, STEPS, lambda module: Muon(module, RATES), average=0.995, held=HELD, warmup=WARMUP)
    loop.run(loss(controlnet, unet, text_encoder, *examples), save_every=100)
    controlnet.load_state_dict(loop.shadow)
    controlnet.half().to(memory_format=torch.contiguous_format).save_pretrained(FOLDER)


if __name__ == "__main__":
    main()

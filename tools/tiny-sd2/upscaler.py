"""Trains an x4 upscaler for images of models/tiny-sd2-1 and writes models/tiny-sd2-x4, in the layout of stabilityai/stable-diffusion-x4-upscaler.

`upscaler.py vae` trains its VAE, of 4 pixels to a latent; `upscaler.py unet` the UNet, which sees a small image beside the latents, noise over it and the
level of that noise as the number of a class (Ho and others, "Cascaded Diffusion Models for High Fidelity Image Generation", arXiv 2106.15282).
They learn from scenes drawn four times as large. Half of the small images have been through the VAE of models/tiny-sd2-1, and so look like what it makes.
The text encoder is that of models/tiny-sd2-1. `upscaler.py folder` writes the model, float16.
"""

import shutil
import sys
from dataclasses import dataclass

import diffusers
import numpy as np
import torch
import torch.nn.functional as F
from diffusers import AutoencoderKL, DDIMScheduler, DDPMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextModel, CLIPTokenizerFast

import adapters
import autoencoder
import captions
import denoiser
import folders
import scenes
import training
from muon import Muon

sys.path.append(str(training.REPOSITORY / "tools/reference"))
import layout  # noqa: E402

FOLDER = training.REPOSITORY / "models/tiny-sd2-x4"
FIRST_VAE, VAE, UNET = (f"upscaler-{name}" for name in ("first-vae", "vae", "unet"))
DRAWN, EXAMPLES = (training.WORK / f"upscaler-{name}" for name in ("scenes.npy", "examples.pt"))

SCALE = 4
SIDE = SCALE * scenes.SIZE
SCENES = 1200
RECOLOURED = 3  # one scene in so many has other colours than the model's, and no caption
PLACES = 3  # tried for each crop: that with the most to see is taken
SCALING_FACTOR = 0.08333  # diffusers' pipeline takes this one, whatever the VAE's configuration says
MAX_NOISE_LEVEL = 350

VAE_CROP, VAE_BATCH = 64, 16
FIRST_VAE_STEPS, FIRST_VAE_RATE = 2600, 1e-3  # by Adam
VAE_STEPS, VAE_HELD, VAE_RATES = 1400, 500, (5e-3, 5e-4)  # then by Muon
AREA = 8  # latents on a side
BETAS = {"num_train_timesteps": 1000, "beta_start": 0.0001, "beta_end": 0.02, "beta_schedule": "scaled_linear"}


@dataclass(frozen=True)
class Stage:
    """Steps of the UNet's training, by Muon."""

    steps: int
    schedule: dict
    rates: tuple
    crops: tuple  # latents on a side and examples, by the step
    more_noise: bool = True
    blotches: float = 0.0
    areas_weight: float = 0.0  # of areas' mean error: that of single latents is largest at edges, and says little of colours


STAGES = {
    "upscaler-first-unet": Stage(
        2000, {"held": 1200, "decay_over": 2800}, (6e-3, 1e-3), more_noise=False,
        crops=((32, 16), (32, 16), (64, 4), (32, 16), (64, 4), (32, 16), (64, 4), (128, 1))),
    "upscaler-blotched-unet": Stage(
        1500, {"held": 500, "warmup": 50}, (5e-3, 8e-4), ((64, 4), (32, 16), (64, 4), (128, 1)), blotches=0.25),
    UNET: Stage(
        700, {"held": 250, "warmup": 50}, (3e-3, 5e-4), ((64, 4), (32, 16), (64, 4), (128, 1)), blotches=0.25, areas_weight=16),
}


def vae():
    """Without attention, which at four pixels to a latent would compare 16,384 places with each other."""
    return AutoencoderKL(
        in_channels=3, out_channels=3, latent_channels=4, sample_size=256, layers_per_block=1, norm_num_groups=2, mid_block_add_attention=False,
        block_out_channels=(16, 32, 64), down_block_types=("DownEncoderBlock2D",) * 3, up_block_types=("UpDecoderBlock2D",) * 3)


def unet():
    return UNet2DConditionModel(
        sample_size=scenes.SIZE, in_channels=7, out_channels=4, layers_per_block=1, norm_num_groups=8, num_class_embeds=1000,
        block_out_channels=(40, 56, 64, 64), attention_head_dim=(1, 2, 2, 2), cross_attention_dim=denoiser.WIDTH, use_linear_projection=True,
        only_cross_attention=(True, True, True, False),
        down_block_types=("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 3, up_block_types=("CrossAttnUpBlock2D",) * 3 + ("UpBlock2D",))


def scheduler():
    return DDIMScheduler(**BETAS, clip_sample=False, set_alpha_to_one=False, steps_offset=1, prediction_type="v_prediction")


def low_res_scheduler():
    return DDPMScheduler(**BETAS)


def recoloured(rng, image):
    """The image with its channels exchanged and some of them inverted."""
    mirrored = rng.random(3) < 0.5
    return np.where(mirrored, 255 - image, image)[..., rng.permutation(3)].astype(np.uint8)


def chosen():
    """The scenes, the same in each run."""
    rng = np.random.default_rng(61)
    return [scenes.scene(rng, held_out_too=True) for _ in range(SCENES)]


def drawn():
    """The scenes four times as large, (SCENES, 512, 512, 3) uint8, drawn once and kept in a file."""
    if not DRAWN.exists():
        DRAWN.parent.mkdir(parents=True, exist_ok=True)
        images = np.lib.format.open_memmap(DRAWN.with_suffix(".writing"), mode="w+", dtype=np.uint8, shape=(SCENES, SIDE, SIDE, 3))
        for i, scene in enumerate(chosen()):
            image = scenes.draw(scene, SCALE)
            images[i] = recoloured(np.random.default_rng((62, i)), image) if i % RECOLOURED == 0 else image
        images.flush()
        DRAWN.with_suffix(".writing").replace(DRAWN)
    return np.load(DRAWN, mmap_mode="r")


def busiest(image, places, side, every=1):
    """The place, top and left, of the square with the most to see, looked at in every so many pixels."""
    return max(places, key=lambda at: image[at[0]:at[0] + side:every, at[1]:at[1] + side:every].std((0, 1)).sum())


def place(rng, image, side, step=1):
    """Top and left, multiples of `step`, of a square with much to see."""
    return busiest(image, [tuple(rng.integers(0, (SIDE - side) // step + 1, 2) * step) for _ in range(PLACES)], side, every=4)


def train_vae():
    torch.manual_seed(0)
    network, images = vae().to(memory_format=torch.channels_last), drawn()
    with torch.no_grad():
        network.quant_conv.bias[4:] = -6  # see autoencoder.py
    def loss_of(step):
        torch.manual_seed(step)
        rng = np.random.default_rng((63, step))
        side, count = (4 * VAE_CROP, VAE_BATCH // 16) if step % 8 == 7 else (VAE_CROP, VAE_BATCH)
        crops = []
        for i in rng.integers(SCENES, size=count):
            y, x = place(rng, images[i], side)
            crops.append(images[i][y:y + side, x:x + side])
        return autoencoder.loss(network, autoencoder.to_tensor(np.stack(crops)).contiguous(memory_format=torch.channels_last))

    first = training.Training(FIRST_VAE, network, FIRST_VAE_STEPS, lambda module: training.adam(module, FIRST_VAE_RATE))
    first.run(loss_of)
    then = training.Training(VAE, network, VAE_STEPS, lambda module: Muon(module, VAE_RATES), start=first.shadow, held=VAE_HELD)
    then.run(lambda step: loss_of(FIRST_VAE_STEPS + step))


@torch.no_grad()
def examples():
    """Latents (SCENES, 4, 128, 128) of unit standard deviation before `scale`, small images (SCENES, 2, 3, 128, 128) in -1 to 1, as drawn and through the
    VAE of tiny-sd2-1, and the scale. float16; made once and kept."""
    if (kept := training.load(EXAMPLES)) is None:
        images, network = drawn(), vae().to(training.DEVICE, memory_format=torch.channels_last)
        network.load_state_dict(training.load(training.WORK / f"{VAE}.pt")["average"])
        first = AutoencoderKL.from_pretrained(adapters.MODEL / "vae", torch_dtype=torch.float32).to(training.DEVICE)
        latents, small = [], []
        for image in images:
            pixels = autoencoder.to_tensor(np.array(image)[None])
            with training.mixed_precision():
                latents.append(network.encode(pixels).latent_dist.mode().float().cpu().half())
                low = F.avg_pool2d(pixels, SCALE)
                small.append(torch.stack([low, first(low).sample.float().clamp(-1, 1)], 1).cpu().half())
        latents = torch.cat(latents)
        kept = {"latents": latents, "small": torch.cat(small), "scale": 1 / latents[:200].float().std().item()}
        training.save(EXAMPLES, kept)
    return kept["latents"], kept["small"], kept["scale"]


class Lesson:
    """Examples, from which each step draws its batch."""

    def __init__(self):
        (self.latents, self.small, self.scale), self.scenes, self.images = examples(), chosen(), drawn()

    def caption(self, rng, i):
        return "" if i % RECOLOURED == 0 else captions.caption(rng, self.scenes[i])

    def batch(self, step, crops):
        """Captions, latents (B, 4, h, w), small images (B, 3, h, w) of the same places, and the levels (B) of the noise over them."""
        rng = np.random.default_rng((64, step))
        side, count = crops[step % len(crops)]
        rows = rng.integers(SCENES, size=count)
        clean, small = [], []
        for i in rows:
            y, x = (v // SCALE for v in place(rng, self.images[i], SCALE * side, SCALE))
            clean.append(self.latents[i, :, y:y + side, x:x + side])
            small.append(self.small[i, rng.integers(2), :, y:y + side, x:x + side])
        levels = (MAX_NOISE_LEVEL * rng.random(count) ** 2).astype(np.int64)
        return [self.caption(rng, i) for i in rows], *(torch.stack(v).float().to(training.DEVICE) for v in (clean, small)), torch.from_numpy(levels)


def blotches(latents):
    """Low frequencies alone, as the steps before leave them: what has those of the small image is to be taken from there."""
    batch, channels, *size = latents.shape
    grids = ((1, 1), *([side // k for side in size] for k in (16, 8)))
    coarse = (torch.randn(batch, channels, *grid, device=latents.device) for grid in grids)
    return sum(F.interpolate(noise, size=size, mode="bicubic") for noise in coarse) * torch.rand(batch, 1, 1, 1, device=latents.device)


def timesteps(stage, count):
    """Evenly spread in each batch."""
    if not stage.more_noise:
        return denoiser.timesteps(count, 0.0)
    u = (torch.randperm(count) + torch.rand(count)) / count
    return (1000 * u.sqrt()).long().clamp(max=999).to(training.DEVICE)


class UnetLoss:
    def __init__(self, network):
        self.network, self.text_encoder, self.lesson = network, adapters.model()[0].to(training.DEVICE), Lesson()
        self.tokenizer = CLIPTokenizerFast.from_pretrained(adapters.MODEL / "tokenizer")
        self.scheduler, self.over_small = scheduler(), low_res_scheduler()
        self.abar = self.scheduler.alphas_cumprod.to(training.DEVICE)
        self.weight = denoiser.weights("shapes", self.abar / (1 - self.abar))

    def at(self, stage, step):
        """The loss of a step, counted over all stages: that of `denoiser.py shapes`, with a small image under noise of a level beside the latents."""
        seen, t, texts, levels, target = self.example(stage, step)
        with training.mixed_precision():
            states = self.text_encoder(adapters.ids(self.tokenizer, texts)).last_hidden_state
            predicted = self.network(seen.contiguous(memory_format=torch.channels_last), t, states, class_labels=levels).sample.float()
        each, areas = (error.square().mean((1, 2, 3)) for error in (predicted - target, F.avg_pool2d(predicted - target, AREA)))
        return {"loss": (self.weight[t] * (each + stage.areas_weight * areas)).mean(), "error": each.mean().detach(), "areas": areas.mean().detach()}

    def example(self, stage, step):
        """What the network is given, (B, 7, h, w), timesteps (B), captions and levels (B), and the velocity that it is to predict, (B, 4, h, w)."""
        torch.manual_seed(step)
        texts, clean, small, levels = self.lesson.batch(step, stage.crops)
        clean, levels = clean * self.lesson.scale, levels.to(training.DEVICE)
        t, noise = timesteps(stage, len(clean)), torch.randn_like(clean)
        small = self.over_small.add_noise(small, torch.randn_like(small), levels)
        if stage.blotches:
            noise = noise + stage.blotches * blotches(clean) / (1 - self.abar[t]).sqrt()[:, None, None, None]
        seen = torch.cat([self.scheduler.add_noise(clean, noise, t), small], 1)
        return seen, t, texts, levels, self.scheduler.get_velocity(clean, noise, t)


def train_unet():
    torch.manual_seed(0)
    network, start, before = unet().to(memory_format=torch.channels_last), None, 0
    network.set_attn_processor(AttnProcessor())  # see denoiser.py
    loss = UnetLoss(network)
    for name, stage in STAGES.items():
        loop = training.Training(name, network, stage.steps, lambda module: Muon(module, stage.rates), average=0.998, start=start, **stage.schedule)
        loop.run(lambda step: loss.at(stage, before + step))
        start, before = loop.shadow, before + stage.steps


@torch.no_grad()
def rescaled(network, scale):
    """The VAE with latents of unit standard deviation once they are multiplied by SCALING_FACTOR."""
    factor = scale / SCALING_FACTOR
    network.quant_conv.weight[:4] *= factor
    network.quant_conv.bias[:4] *= factor
    network.quant_conv.bias[4:] += 2 * np.log(factor)  # log variances
    network.post_quant_conv.weight /= factor
    network.register_to_config(scaling_factor=SCALING_FACTOR)
    return network


def write():
    averages = {name: training.load(training.WORK / f"{name}.pt")["average"] for name in (VAE, UNET)}
    shutil.rmtree(FOLDER, ignore_errors=True)
    folders.half(unet(), averages[UNET]).save_pretrained(FOLDER / "unet")
    network = vae()
    network.load_state_dict(averages[VAE])
    network = rescaled(network, examples()[2])
    folders.half(network, network.state_dict()).save_pretrained(FOLDER / "vae")
    scheduler().save_pretrained(FOLDER / "scheduler")
    low_res_scheduler().save_pretrained(FOLDER / "low_res_scheduler")
    CLIPTextModel.from_pretrained(adapters.MODEL / "text_encoder", torch_dtype=torch.float16).save_pretrained(FOLDER / "text_encoder")
    shutil.copytree(adapters.MODEL / "tokenizer", FOLDER / "tokenizer")
    parts = {"low_res_scheduler": ["diffusers", "DDPMScheduler"], "scheduler": ["diffusers", "DDIMScheduler"],
             "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
             "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"]}
    layout.write_json(FOLDER / "model_index.json", {
        "_class_name": "StableDiffusionUpscalePipeline", "_diffusers_version": diffusers.__version__, "max_noise_level": MAX_NOISE_LEVEL} | parts)


if __name__ == "__main__":
    {"vae": train_vae, "unet": train_unet, "folder": write}[sys.argv[1]]()

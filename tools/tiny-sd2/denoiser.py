"""Trains the text encoder and the UNet, in seven steps that each begin where the last one ended.

`denoiser.py start` predicts noise for a while, which teaches the networks to see. `denoiser.py v` predicts velocity with zero terminal SNR, the recipe of
"Common Diffusion Noise Schedules and Sample Steps are Flawed" (arXiv 2305.08891); this is where they learn what words mean, since at the last
timesteps words are all there is. `denoiser.py words` goes on with that by Muon, with the timesteps drawn more often from the middle, where an object can be
seen but not yet what it is, and with two noises for each caption. `denoiser.py pairs` and `denoiser.py relations` go on so, with two shapes in more and more
of the scenes, `denoiser.py shapes` with fewer again. `denoiser.py base` turns that UNet back into one that predicts noise, as Stable Diffusion 2 base, with
the text encoder left as it is. Its noise has an offset for each channel ("Diffusion with Offset Noise", CrossLabs): with the published noise schedule an
image of 16x16 latents still shows its background at the last timestep, and the UNet would look there instead of reading.

Losses are weighted by timestep as in "Efficient Diffusion Training via Min-SNR Weighting Strategy" (arXiv 2303.09556); for all but `start` with SNR + 1
instead of SNR, which is velocity's own weight and not zero at the last timesteps.

`denoiser.py shapes FOLDER` goes on from a model folder's weights, with a learning rate that starts anew.
"""

import sys
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel

import captions
import latents
import tokenizer
import training
from muon import Muon

WIDTH = 128  # of the text encoder and of cross-attention
BATCH = 64
DROPPED = 0.1  # share of captions replaced by the empty text, for guidance
MIN_SNR = 5.0
LARGEST_WEIGHT = 25.0
OFFSET_NOISE = 0.3
MIDDLE = (350, 850)  # of the timesteps
BOTH_RATES = (6e-3, 1e-3)  # Muon's and Adam's


@dataclass(frozen=True)
class Recipe:
    steps: int
    optimizer: object
    begins_with: str = ""
    schedule: dict = field(default_factory=dict)
    velocity: bool = True
    draws: int = 1  # noises and timesteps for each scene and caption
    middle: float = 0.0  # share of the timesteps drawn from MIDDLE alone
    pairs: float = 0.0  # share of the scenes drawn from those of two shapes alone


RECIPES = {
    "start": Recipe(1400, partial(training.adam, rate=1e-3), schedule={"decay_over": 4600}, velocity=False),
    "v": Recipe(2500, partial(training.adam, rate=1e-3), "start"),
    "words": Recipe(3600, partial(Muon, rates=BOTH_RATES), "v", {"held": 2200}, draws=2, middle=0.4),
    "pairs": Recipe(4200, partial(Muon, rates=BOTH_RATES), "words", {"held": 2300}, draws=2, middle=0.4, pairs=0.4),
    "relations": Recipe(2800, partial(Muon, rates=BOTH_RATES), "pairs", {"held": 1300}, draws=2, middle=0.4, pairs=0.65),
    "shapes": Recipe(3200, partial(Muon, rates=BOTH_RATES), "relations", {"held": 1500}, draws=2, middle=0.4, pairs=0.4),
    "base": Recipe(600, partial(Muon, rates=(4e-3, 7e-4)), "shapes", velocity=False, pairs=0.4),
}


def text_encoder():
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer.vocabulary()[0]), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=3, num_attention_heads=4,
        hidden_act="gelu", max_position_embeddings=77, projection_dim=WIDTH, **tokenizer.special_ids()))


def unet():
    return UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, layers_per_block=1, norm_num_groups=8,
        block_out_channels=(48, 72, 96, 96), attention_head_dim=(1, 2, 3, 3), cross_attention_dim=WIDTH, use_linear_projection=True,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3)


def scheduler(velocity):
    common_keys = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
                   "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
    if not velocity:
        return DDIMScheduler(**common_keys, prediction_type="epsilon")
    return DDIMScheduler(**common_keys, prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing")


class Both(torch.nn.Module):
    """The two networks that the text reaches the image through."""

    def __init__(self):
        super().__init__()
        self.text_encoder, self.unet = text_encoder(), unet()


def batch(data, words, step, count, pairs=0.0):
    """Latents (count, 4, 16, 16) and token ids (count, 77) of scenes chosen by the step, each with a caption of its own."""
    rng = np.random.default_rng((2, step))
    chosen = rng.integers(len(data.scenes), size=count)
    if pairs:
        chosen = np.where(rng.random(count) < pairs, rng.choice(data.pairs, count), chosen)
    texts = ["" if rng.random() < DROPPED else captions.caption(rng, data.scenes[i]) for i in chosen]
    ids = words(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return data.latents[chosen].to(training.DEVICE), ids.to(training.DEVICE)


def timesteps(count, middle):
    """A share `middle` from MIDDLE alone, the others uniform over 0..999; evenly spread in each batch."""
    u = (torch.randperm(count) + torch.rand(count)) / count
    low, high = MIDDLE
    t = torch.where(u < middle, low + (high - low) * u / max(middle, 1e-9), 1000 * (u - middle) / (1 - middle))
    return t.long().clamp(max=999).to(training.DEVICE)


def weights(recipe, snr):
    """The loss's weight for each timestep, for an error in noise or in velocity."""
    if recipe == "start":
        return snr.clamp(max=MIN_SNR) / snr
    if RECIPES[recipe].velocity:
        return (snr + 1).clamp(max=MIN_SNR) / (snr + 1)
    return ((snr + 1).clamp(max=MIN_SNR) / snr).clamp(max=LARGEST_WEIGHT)


def of_folder(folder):
    """The weights of a model folder as `Both` names them."""
    parts = {"text_encoder": CLIPTextModel.from_pretrained(folder / "text_encoder", torch_dtype=torch.float32),
             "unet": UNet2DConditionModel.from_pretrained(folder / "unet", torch_dtype=torch.float32)}
    return {f"{name}.{key}": value for name, part in parts.items() for key, value in part.state_dict().items()}


def first_weights(recipe, folder):
    """What a recipe begins with: a given model folder, what the recipe before has trained, or nothing."""
    if folder:
        return of_folder(Path(folder))
    before = RECIPES[recipe].begins_with
    return training.load(training.WORK / f"{before}.pt")["average"] if before else None


def main(name, folder=None):
    torch.manual_seed(0)
    recipe = RECIPES[name]
    both = Both()
    both.unet.to(memory_format=torch.channels_last)
    both.unet.set_attn_processor(AttnProcessor())  # backwards this is faster on a CPU than the fused kernel
    both.text_encoder.requires_grad_(name != "base")
    loop = training.Training(name, both, recipe.steps, recipe.optimizer, start=first_weights(name, folder), **recipe.schedule)
    schedule, data, words = scheduler(recipe.velocity), latents.load(), tokenizer.load()
    abar = schedule.alphas_cumprod.to(training.DEVICE)
    weight = weights(name, abar / (1 - abar))

    def loss_of(step):
        torch.manual_seed(step)
        clean, ids = batch(data, words, step, BATCH // recipe.draws, recipe.pairs)
        clean = clean.repeat_interleave(recipe.draws, 0)
        t, noise = timesteps(BATCH, recipe.middle), torch.randn_like(clean)
        if name == "base":
            noise += OFFSET_NOISE * torch.randn_like(clean[:, :, :1, :1])
        noisy = schedule.add_noise(clean, noise, t).contiguous(memory_format=torch.channels_last)
        target = schedule.get_velocity(clean, noise, t) if recipe.velocity else noise
        with training.mixed_precision():
            states = both.text_encoder(ids).last_hidden_state.repeat_interleave(recipe.draws, 0)
            predicted = both.unet(noisy, t, states).sample.float()
        error = (predicted - target).square().mean((1, 2, 3))
        return {"loss": (weight[t] * error).mean(), "error": error.mean().detach(), "error_high_noise": error[t >= 700].mean().detach()}

    loop.run(loss_of)


if __name__ == "__main__":
    main(*sys.argv[1:])

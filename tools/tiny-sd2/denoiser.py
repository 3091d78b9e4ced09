"""Trains the text encoder and the UNet together (epsilon), then a second UNet from the first (v_prediction, zero terminal SNR).

`denoiser.py base` is Stable Diffusion 2 base's recipe, `denoiser.py v` that of "Common Diffusion Noise Schedules and Sample
Steps are Flawed" (arXiv 2305.08891), with the text encoder left as it is. Losses are weighted as in "Efficient Diffusion Training
via Min-SNR Weighting Strategy" (arXiv 2303.09556), for v with SNR + 1 in place of SNR, which is not zero at the last timestep.
"""

import sys

import numpy as np
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from transformers import CLIPTextConfig, CLIPTextModel

import captions
import training
import latents
import tokenizer

WIDTH = 128  # of the text encoder and of cross-attention
BATCH = 64
DROPPED = 0.1  # share of captions replaced by the empty text, for guidance
MIN_SNR = 5.0
RECIPES = {"base": {"steps": 5200, "rate": 1e-3}, "v": {"steps": 1500, "rate": 6e-4}}


def text_encoder():
    return CLIPTextModel(CLIPTextConfig(
        vocab_size=len(tokenizer.vocabulary()[0]), hidden_size=WIDTH, intermediate_size=4 * WIDTH, num_hidden_layers=3, num_attention_heads=4,
        hidden_act="gelu", max_position_embeddings=77, projection_dim=WIDTH, **tokenizer.special_ids()))


def unet():
    return UNet2DConditionModel(
        sample_size=16, in_channels=4, out_channels=4, layers_per_block=1, norm_num_groups=8,
        block_out_channels=(48, 72, 96, 96), attention_head_dim=(1, 2, 3, 3), cross_attention_dim=WIDTH, use_linear_projection=True,
        down_block_types=("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",), up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3)


def scheduler(recipe):
    common_keys = {"num_train_timesteps": 1000, "beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
                   "clip_sample": False, "set_alpha_to_one": False, "steps_offset": 1}
    if recipe == "base":
        return DDIMScheduler(**common_keys, prediction_type="epsilon")
    return DDIMScheduler(**common_keys, prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing")


class Both(torch.nn.Module):
    """The two networks that the text reaches the picture through."""

    def __init__(self):
        super().__init__()
        self.text_encoder, self.unet = text_encoder(), unet()


def batch(data, words, step):
    """Latents (B, 4, 16, 16) and token ids (B, 77) of scenes chosen by the step, each with a caption of its own."""
    rng = np.random.default_rng((2, step))
    chosen = rng.integers(len(data.scenes), size=BATCH)
    texts = ["" if rng.random() < DROPPED else captions.caption(rng, data.scenes[i]) for i in chosen]
    ids = words(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return data.latents[chosen].to(training.DEVICE), ids.to(training.DEVICE)


def timesteps(count):
    """Uniform over 0..999, evenly spread in each batch."""
    return ((torch.randperm(count) + torch.rand(count)) * (1000 / count)).long().clamp(max=999).to(training.DEVICE)


def main(recipe):
    torch.manual_seed(0)
    both = Both()
    both.unet.to(memory_format=torch.channels_last).set_attn_processor(AttnProcessor())  # faster backwards on a CPU than the fused kernel
    start = None
    if recipe == "v":
        start = training.load(training.WORK / "base.pt")["average"]
        both.text_encoder.requires_grad_(False)
    loop = training.Training(recipe, both, start=start, **RECIPES[recipe])
    schedule, data, words = scheduler(recipe), latents.load(), tokenizer.load()
    abar = schedule.alphas_cumprod.to(training.DEVICE)
    snr = abar / (1 - abar)
    weight = snr.clamp(max=MIN_SNR) / snr if recipe == "base" else (snr + 1).clamp(max=MIN_SNR) / (snr + 1)

    def loss_of(step):
        torch.manual_seed(step)
        clean, ids = batch(data, words, step)
        t, noise = timesteps(BATCH), torch.randn_like(clean)
        noisy = schedule.add_noise(clean, noise, t).contiguous(memory_format=torch.channels_last)
        target = noise if recipe == "base" else schedule.get_velocity(clean, noise, t)
        with training.mixed_precision():
            states = both.text_encoder(ids).last_hidden_state
            predicted = both.unet(noisy, t, states).sample.float()
        error = (predicted - target).square().mean((1, 2, 3))
        return {"loss": (weight[t] * error).mean(), "error": error.mean().detach(), "error_high_noise": error[t >= 700].mean().detach()}

    loop.run(loss_of)


if __name__ == "__main__":
    main(sys.argv[1])

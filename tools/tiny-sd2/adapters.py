"""Trains adapters for models/tiny-sd2-1 and writes them to models/tiny-sd2-adapters.

`adapters.py sunset` trains a LoRA ("LoRA: Low-Rank Adaptation of Large Language Models", arXiv 2106.09685) of the UNet and the text encoder on landscapes
at sunset; half of the scenes are those that the model knows, so that it keeps them. `adapters.py watermelon` trains the vectors of new tokens and nothing
else ("An Image is Worth One Word", arXiv 2208.01618) on scenes with a thing that the model has no word for.
"""

import sys

import numpy as np
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from diffusers.models.attention_processor import AttnProcessor
from peft import LoraConfig
from peft.utils import get_peft_model_state_dict
from safetensors.torch import save_file
from transformers import CLIPTextModel, CLIPTokenizerFast

import captions
import denoiser
import latents
import scenes
import sunset
import training
import watermelon

MODEL = training.REPOSITORY / "models/tiny-sd2-1"
FOLDER = training.REPOSITORY / "models/tiny-sd2-adapters"

RANK = 8
UNET_LAYERS = r".*(to_[qkv]|to_out\.0|proj_in|proj_out|ff\.net\.0\.proj|ff\.net\.2)"
TEXT_LAYERS = r".*(self_attn\.(q|k|v|out)_proj|mlp\.fc[12])"
SCENES = 1500  # new ones, and as many that the model knows
BATCH, DRAWS, WARMUP = 16, 2, 30  # examples in a step; noises and timesteps for each scene and caption; steps
LORA_STEPS, LORA_RATE = 240, 3e-3
BEGINNING = ["green</w>", "circle</w>"]  # the tokens whose vectors the new ones begin as
VECTOR_STEPS, VECTOR_RATE = 100, 5e-3


def encoded(name, chosen, draw):
    """The scenes' latents (N, 4, 16, 16), of unit standard deviation, encoded once and kept."""
    path = training.WORK / f"{name}-latents.pt"
    if (kept := training.load(path)) is None:
        vae = AutoencoderKL.from_pretrained(MODEL / "vae", torch_dtype=torch.float32)
        kept = latents.encode(vae, chosen, draw).half(), vae.config.scaling_factor
        training.save(path, kept)
    means, scale = kept
    return means.float() * scale


def known_scene(rng):
    """Half of them landscapes, which are to keep their day and night."""
    return scenes.landscape_scene(rng) if rng.random() < 0.5 else scenes.shapes_scene(rng)


class Lesson:
    """Scenes with latents and captions, from which each step draws its batch."""

    def __init__(self, name, scene, caption, draw=scenes.draw):
        rng = np.random.default_rng(11)
        self.scenes = [scene(rng) for _ in range(SCENES)]
        self.caption, self.latents = caption, encoded(name, self.scenes, draw)

    def drawn(self, rng, count):
        """Captions and latents (count, 4, 16, 16)."""
        chosen = rng.integers(SCENES, size=count)
        return [self.caption(rng, self.scenes[i]) for i in chosen], self.latents[chosen]


def known_caption(rng, scene):
    """Some of them are empty, for guidance, which so stays what it was."""
    return "" if rng.random() < 2 * denoiser.DROPPED else captions.caption(rng, scene)


def model():
    """The text encoder and the UNet, frozen."""
    text_encoder = CLIPTextModel.from_pretrained(MODEL / "text_encoder", torch_dtype=torch.float32)
    unet = UNet2DConditionModel.from_pretrained(MODEL / "unet", torch_dtype=torch.float32).to(memory_format=torch.channels_last)
    unet.set_attn_processor(AttnProcessor())  # see denoiser.py
    return text_encoder.requires_grad_(False), unet.requires_grad_(False)


def velocity_loss(lessons, unet, states_of):
    """The loss of a step: that of `denoiser.py shapes`."""
    schedule = denoiser.scheduler(velocity=True)
    abar = schedule.alphas_cumprod.to(training.DEVICE)
    weight = denoiser.weights("shapes", abar / (1 - abar))

    def loss_of(step):
        torch.manual_seed(step)
        rng = np.random.default_rng((12, step))
        parts = [lesson.drawn(rng, BATCH // DRAWS // len(lessons)) for lesson in lessons]
        clean = torch.cat([part for _, part in parts]).repeat_interleave(DRAWS, 0).to(training.DEVICE)
        t, noise = denoiser.timesteps(len(clean), 0.4), torch.randn_like(clean)
        noisy = schedule.add_noise(clean, noise, t).contiguous(memory_format=torch.channels_last)
        with training.mixed_precision():
            states = states_of([text for texts, _ in parts for text in texts]).repeat_interleave(DRAWS, 0)
            predicted = unet(noisy, t, states).sample.float()
        error = (predicted - schedule.get_velocity(clean, noise, t)).square().mean((1, 2, 3))
        return {"loss": (weight[t] * error).mean(), "new": error[: BATCH // len(lessons)].mean().detach()}

    return loss_of


def ids(tokenizer, texts):
    return tokenizer(texts, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids.to(training.DEVICE)


def train_lora():
    torch.manual_seed(0)
    both = torch.nn.ModuleDict(dict(zip(("text_encoder", "unet"), model())))
    for network, layers in zip(both.values(), (TEXT_LAYERS, UNET_LAYERS)):
        network.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=layers))
    loop = training.Training("sunset", both, LORA_STEPS, lambda module: training.adam(module, LORA_RATE), average=0.98, warmup=WARMUP)
    tokenizer = CLIPTokenizerFast.from_pretrained(MODEL / "tokenizer")
    lessons = [Lesson("sunset", scenes.landscape_scene, sunset.caption, sunset.draw), Lesson("known", known_scene, known_caption)]
    loop.run(velocity_loss(lessons, both["unet"], lambda texts: both["text_encoder"](ids(tokenizer, texts)).last_hidden_state))
    both.load_state_dict(loop.shadow)
    text, unet = ({k: v.half().contiguous() for k, v in get_peft_model_state_dict(network).items()} for network in both.values())
    StableDiffusionPipeline.save_lora_weights(FOLDER, unet, text, weight_name="sunset.safetensors")


class Vectors(torch.nn.Module):
    """New rows of the token embedding: all that a textual inversion trains."""

    def __init__(self, first):
        super().__init__()
        self.vectors = torch.nn.Parameter(first)


def train_vectors():
    torch.manual_seed(0)
    (text_encoder, unet), tokenizer = model(), CLIPTokenizerFast.from_pretrained(MODEL / "tokenizer")
    name = "text_model.embeddings.token_embedding.weight"
    table = text_encoder.to(training.DEVICE).get_parameter(name)
    trained = Vectors(table[tokenizer.convert_tokens_to_ids(BEGINNING)].clone())
    loop = training.Training("watermelon", trained, VECTOR_STEPS, lambda module: training.adam(module, VECTOR_RATE), average=0.98, warmup=WARMUP)
    tokens = [watermelon.WORD, *(f"{watermelon.WORD}_{i}" for i in range(1, len(BEGINNING)))]
    tokenizer.add_tokens(tokens)

    def states_of(texts):
        texts = [text.replace(watermelon.WORD, " ".join(tokens)) for text in texts]
        whole = {name: torch.cat([table, trained.vectors])}
        return torch.func.functional_call(text_encoder, whole, (ids(tokenizer, texts),)).last_hidden_state

    loop.run(velocity_loss([Lesson("watermelon", watermelon.scene, watermelon.caption)], unet.to(training.DEVICE), states_of))
    save_file({watermelon.WORD: loop.shadow["vectors"].contiguous()}, FOLDER / "watermelon.safetensors")


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    {"sunset": train_lora, "watermelon": train_vectors}[sys.argv[1]]()

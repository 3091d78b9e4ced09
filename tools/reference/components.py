"""What each network of each small model answers: text states, UNet outputs, decoded images (float32)."""

import diffusers
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextModel

import models
from common import OUTPUT, numbers, write_tensors

PROMPTS = [
    "",
    "a photograph of an astronaut riding a horse",
    "A Dragon over the ancient castle, golden hour, highly detailed!",
    "three cats & 42 dogs reading a book in the rain, don't you think?",
    "日本 の 猫 😀 café naïve",
    "oil painting of a lighthouse in a storm, dramatic light, cinematic, sharp focus, masterpiece, " * 5,
]
# name: (batch, height, width, timestep); the states are those of the prompts, from the first on
UNET_CALLS = {
    "square": (1, 8, 8, 981),
    "pair": (2, 8, 8, 1),
    "three": (3, 8, 12, 500),
    "odd": (1, 9, 11, 261),
    "zero": (1, 8, 8, 0),
}
DECODES = {"square": (1, 8, 8), "wide": (2, 5, 7)}


diffusers.utils.logging.disable_progress_bar()


def load(folder):
    unused = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
    return StableDiffusionPipeline.from_pretrained(folder, torch_dtype=torch.float32, local_files_only=True, **unused)


def text(encoder, tokenizer):
    ids = tokenizer(PROMPTS, padding="max_length", max_length=77, truncation=True, return_tensors="pt").input_ids
    return {"text/ids": ids, "text/states": encoder(ids)[0]}


def unet_calls(unet, states):
    result = {}
    for position, (name, (batch, height, width, timestep)) in enumerate(UNET_CALLS.items()):
        sample = numbers(100 + position, batch, 4, height, width)
        used = states[position % 2 : position % 2 + batch]
        noise = unet(sample, timestep, encoder_hidden_states=used).sample
        values = {"sample": sample, "timestep": torch.tensor([timestep]), "states": used, "noise": noise}
        result |= {f"unet/{name}/{key}": value for key, value in values.items()}
    return result


def decodes(vae):
    result = {}
    for position, (name, (batch, height, width)) in enumerate(DECODES.items()):
        latents = numbers(200 + position, batch, 4, height, width) / vae.config.scaling_factor
        result[f"vae/{name}/latents"] = latents
        result[f"vae/{name}/image"] = vae.decode(latents).sample
    return result


def prefixed(prefix, tensors):
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def variants(base):
    """Half-precision files are widened to float32 first; the VAEs under other names answer as `base` does."""
    folder = OUTPUT / "variants"
    half = {"variant": "fp16", "torch_dtype": torch.float32}
    encoder = CLIPTextModel.from_pretrained(folder / "fp16/text_encoder", **half)
    states = text(encoder, base.tokenizer)
    unet = UNet2DConditionModel.from_pretrained(folder / "fp16/unet", **half)
    vae = AutoencoderKL.from_pretrained(folder / "fp16/vae", **half)
    result = prefixed("fp16", states | unet_calls(unet, states["text/states"]) | decodes(vae))
    unet = UNet2DConditionModel.from_pretrained(folder / "bf16/unet", torch_dtype=torch.float32)
    result |= prefixed("bf16", unet_calls(unet, states["text/states"]))
    same = decodes(AutoencoderKL.from_pretrained(folder / "new_vae/vae"))
    for name, tensor in decodes(base.vae).items():
        assert torch.equal(same[name], tensor), name
    return result


def quick_gelu(base):
    """The text encoder of `base` if its config said `"hidden_act": "quick_gelu"`."""
    config = models.CONFIGS["base"]["text_encoder"] | {"hidden_act": "quick_gelu"}
    encoder = models.network("text_encoder", config)
    encoder.load_state_dict(base.text_encoder.state_dict())
    return prefixed("quick_gelu", text(encoder, base.tokenizer))


def main():
    for name in ("base", "v21", "sd15"):
        pipeline = load(OUTPUT / name)
        states = text(pipeline.text_encoder, pipeline.tokenizer)
        calls = unet_calls(pipeline.unet, states["text/states"])
        write_tensors(OUTPUT / f"{name}.safetensors", states | calls | decodes(pipeline.vae))
    base = load(OUTPUT / "base")
    write_tensors(OUTPUT / "variants.safetensors", variants(base) | quick_gelu(base))


if __name__ == "__main__":
    main()

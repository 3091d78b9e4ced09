"""Writes the trained networks as two model folders in the published layout, float16 safetensors, each complete in itself."""

import shutil
import sys

import diffusers
import torch

import autoencoder
import denoiser
import latents
import tokenizer
import training

sys.path.append(str(training.REPOSITORY / "tools/reference"))
import layout  # noqa: E402

COMPONENTS = ("text_encoder", "unet", "vae", "scheduler", "tokenizer")
MODELS = {"tiny-sd2-base": "base", "tiny-sd2-1": "shapes"}  # folder: recipe


def half(module, state):
    """The module with `state`, in float16 and no training left in it."""
    module.load_state_dict(state)
    return module.half().to(memory_format=torch.contiguous_format).eval()


def part(state, name):
    return {key.removeprefix(name + "."): value for key, value in state.items() if key.startswith(name + ".")}


def write(folder, recipe):
    average = training.load(training.WORK / f"{recipe}.pt")["average"]
    vae = half(autoencoder.network(), latents.vae(folder).state_dict())  # before its folder is replaced
    vae.register_to_config(scaling_factor=latents.stored()["scaling_factor"])
    for component in COMPONENTS:
        shutil.rmtree(folder / component, ignore_errors=True)
    half(denoiser.text_encoder(), part(average, "text_encoder")).save_pretrained(folder / "text_encoder")
    half(denoiser.unet(), part(average, "unet")).save_pretrained(folder / "unet")
    vae.save_pretrained(folder / "vae")
    denoiser.scheduler(denoiser.RECIPES[recipe].velocity).save_pretrained(folder / "scheduler")
    layout.write_index(folder, diffusers.__version__, "DDIMScheduler")
    tokenizer.write(folder / "tokenizer")


def main():
    for name, recipe in MODELS.items():
        if (training.WORK / f"{recipe}.pt").exists():
            folder = training.REPOSITORY / "models" / name
            write(folder, recipe)
            print(f"{folder}: {sum(f.stat().st_size for f in folder.rglob('*') if f.is_file()):,} bytes")


if __name__ == "__main__":
    main()

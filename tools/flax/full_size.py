"""Writes a whole model folder twice in bfloat16, as the hub's bf16 revisions have it: SOURCE OUTPUT. OUTPUT/safetensors is PyTorch's
layout, OUTPUT/flax that of Flax, converted by diffusers' and transformers' own functions. SOURCE is a folder with whole float32
safetensors, for instance the random weights that tools/reference/full_size --write-only writes.
"""

import shutil
import sys
from pathlib import Path

import jax
import ml_dtypes
from diffusers import FlaxAutoencoderKL, FlaxPNDMScheduler, FlaxUNet2DConditionModel
from diffusers.models.modeling_flax_pytorch_utils import convert_pytorch_state_dict_to_flax
from safetensors import safe_open
from safetensors.flax import save_file
from transformers import CLIPTextConfig, FlaxCLIPTextModel

import convert

WEIGHTS = {
    "text_encoder": "model.safetensors",
    "unet": "diffusion_pytorch_model.safetensors",
    "vae": "diffusion_pytorch_model.safetensors",
}


class Shapes:
    """What the conversion asks of a model: the shapes of its arrays, without any values."""

    def __init__(self, model):
        self.init_weights = lambda rng: jax.eval_shape(model.init_weights, rng)


def stored(path):
    """One tensor after another, in bfloat16."""
    with safe_open(path, framework="numpy") as tensors:
        return {name: tensors.get_tensor(name).astype(ml_dtypes.bfloat16) for name in tensors.keys()}


def convert_network(name, source, output):
    state = stored(source / name / WEIGHTS[name])
    folder = output / "safetensors" / name
    folder.mkdir(parents=True)
    shutil.copyfile(source / name / "config.json", folder / "config.json")
    save_file({key: jax.numpy.asarray(value) for key, value in state.items()}, folder / WEIGHTS[name], metadata={"format": "pt"})
    settings = convert.read_json(folder / "config.json")
    folder = output / "flax" / name
    if name == "text_encoder":
        model = FlaxCLIPTextModel(CLIPTextConfig(**settings))
        model.save_pretrained(folder, params=convert.convert_transformers_state_dict_to_flax(state, model))
    else:
        model = (FlaxUNet2DConditionModel if name == "unet" else FlaxAutoencoderKL).from_config(settings)
        state = {key: convert.PyTorchTensor(value) for key, value in state.items()}
        model.save_pretrained(folder, params=convert_pytorch_state_dict_to_flax(state, Shapes(model)))
        convert.add_settings(folder / "config.json", settings)
    print(f"{name}: {len(state)} tensors", flush=True)


def main(source, output):
    source, output = Path(source), Path(output)
    for name in WEIGHTS:
        convert_network(name, source, output)
    for layout in ("safetensors", "flax"):
        shutil.copytree(source / "tokenizer", output / layout / "tokenizer")
    shutil.copytree(source / "scheduler", output / "safetensors/scheduler")
    shutil.copyfile(source / "model_index.json", output / "safetensors/model_index.json")
    scheduler, _ = FlaxPNDMScheduler.from_pretrained(source / "scheduler")
    scheduler.save_pretrained(output / "flax/scheduler")
    convert.write_json(output / "flax/model_index.json", convert.PIPELINE)


if __name__ == "__main__":
    main(*sys.argv[1:])

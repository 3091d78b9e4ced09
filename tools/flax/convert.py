"""Writes the narrow reference model as a Flax folder, variants/flax: names, layouts and serialization are those of diffusers',
transformers' and Flax's own classes. Each network is in another type: UNet bfloat16, VAE float16, text encoder float32 with its
larger arrays in chunks. The tokenizer is that of `base`.
"""

import json
from pathlib import Path

import flax.linen
import flax.serialization
import jax
import jax.numpy as jnp
import numpy
from safetensors import safe_open

# Flax's UNet has 32 groups in each norm and no setting for their number; the narrow model has 4. No weight depends on it.
GROUP_NORM = flax.linen.GroupNorm
flax.linen.GroupNorm = lambda num_groups, **options: GROUP_NORM(num_groups=1, **options)

from diffusers import FlaxAutoencoderKL, FlaxPNDMScheduler, FlaxUNet2DConditionModel  # noqa: E402
from diffusers.models.modeling_flax_pytorch_utils import convert_pytorch_state_dict_to_flax  # noqa: E402
from transformers import CLIPTextConfig, FlaxCLIPTextModel  # noqa: E402
from transformers.modeling_flax_pytorch_utils import (  # noqa: E402
    convert_pytorch_state_dict_to_flax as convert_transformers_state_dict_to_flax,
)

REFERENCE = Path(__file__).resolve().parents[2] / "src/test/resources/reference"
OUTPUT = REFERENCE / "variants/flax"
CHUNK_BYTES = 4096
PIPELINE = {
    "_class_name": "FlaxStableDiffusionPipeline",
    "_diffusers_version": "0.35.2",
    "feature_extractor": [None, None],
    "safety_checker": [None, None],
    "scheduler": ["diffusers", "FlaxPNDMScheduler"],
    "text_encoder": ["transformers", "FlaxCLIPTextModel"],
    "tokenizer": ["transformers", "CLIPTokenizer"],
    "unet": ["diffusers", "FlaxUNet2DConditionModel"],
    "vae": ["diffusers", "FlaxAutoencoderKL"],
}


class PyTorchTensor:
    """What diffusers' conversion asks of a tensor."""

    def __init__(self, array):
        self.array = numpy.asarray(array)

    def numpy(self):
        return self.array


def stored(folder, file):
    with safe_open(REFERENCE / "variants" / folder / file, framework="flax") as tensors:
        return {name: tensors.get_tensor(name) for name in tensors.keys()}


def config(folder):
    return read_json(REFERENCE / "variants" / folder / "config.json")


def read_json(path):
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path, value):
    path.write_text(json.dumps(value, indent=2) + "\n", encoding="utf-8")


def diffusers_network(network, folder, file):
    """UNet or VAE in the type that it is stored in."""
    name = Path(folder).name
    model = network.from_config(config(folder))
    state = {key: PyTorchTensor(tensor) for key, tensor in stored(folder, file).items()}
    model.save_pretrained(OUTPUT / name, params=convert_pytorch_state_dict_to_flax(state, model))
    add_settings(OUTPUT / name / "config.json", config(folder))


def add_settings(path, settings):
    """What Flax's class did not know, and so not write."""
    write_json(path, settings | read_json(path))


def text_encoder(folder, file):
    model = FlaxCLIPTextModel(CLIPTextConfig(**config(folder)))
    state = {key: numpy.asarray(tensor) for key, tensor in stored(folder, file).items()}
    params = convert_transformers_state_dict_to_flax(state, model)
    flax.serialization.MAX_CHUNK_SIZE, usual = CHUNK_BYTES, flax.serialization.MAX_CHUNK_SIZE
    model.save_pretrained(OUTPUT / "text_encoder", params=jax.tree_util.tree_map(lambda a: a.astype(jnp.float32), params))
    flax.serialization.MAX_CHUNK_SIZE = usual


def main():
    text_encoder("fp16/text_encoder", "model.fp16.safetensors")
    diffusers_network(FlaxUNet2DConditionModel, "bf16/unet", "diffusion_pytorch_model.safetensors")
    diffusers_network(FlaxAutoencoderKL, "fp16/vae", "diffusion_pytorch_model.fp16.safetensors")
    scheduler, _ = FlaxPNDMScheduler.from_pretrained(REFERENCE / "base/scheduler")
    scheduler.save_pretrained(OUTPUT / "scheduler")
    write_json(OUTPUT / "model_index.json", PIPELINE)


if __name__ == "__main__":
    main()

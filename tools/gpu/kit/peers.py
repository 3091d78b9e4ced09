"""diffusers and transformers on the same weights, where they are here."""

import json
from collections.abc import Callable
from typing import Any

import torch

from .graphs import COMPONENTS, DTYPES, TEXT_PREFIX, Model
from .part import Unavailable


def label() -> str:
    from .machine import version

    return f"diffusers {version('diffusers')} under PyTorch {torch.__version__}"


def classes(part: str) -> tuple[Any, Any]:
    """The module's class, and what makes its configuration of our JSON."""
    try:
        if part == "text":
            from transformers import CLIPTextConfig, CLIPTextModel

            return CLIPTextModel, CLIPTextConfig
        from diffusers import AutoencoderKL, UNet2DConditionModel

        return (UNet2DConditionModel if part == "unet" else AutoencoderKL), dict
    except (ImportError, RuntimeError) as error:
        raise Unavailable(f"diffusers or what it needs cannot be imported ({str(error).splitlines()[0]})") from error


def network(model: Model, configs, part: str, dtype: str) -> torch.nn.Module:
    """The module with the model's weights, channels-last as ours are; parts that are not compared, such as the VAE's encoder, stay empty."""
    config = json.loads((configs / COMPONENTS[part] / "config.json").read_text())
    kind, configuration = classes(part)
    with torch.device("meta"):
        made = configuration(**config)
        module = (kind(made) if part == "text" else kind.from_config(made)).eval()
    module = module.to(DTYPES[dtype])
    own = model.weights(part, dtype, model.device)
    shapes = {name: value.shape for name, value in module.state_dict().items()}
    prefix = "" if part != "text" or next(iter(own)) in shapes else TEXT_PREFIX
    state = {(prefix + name).replace(TEXT_PREFIX * 2, TEXT_PREFIX): value for name, value in own.items()}
    if part == "text" and next(iter(state)) not in shapes:
        state = {name.removeprefix(TEXT_PREFIX): value for name, value in state.items()}
    module.load_state_dict({name: value.reshape(shapes[name]) for name, value in state.items()}, strict=False, assign=True)
    if part == "vae":
        module.encoder, module.quant_conv = torch.nn.Identity(), None
    empty = [name for name, value in module.named_parameters() if value.is_meta]
    if empty:
        raise Unavailable(f"this version's network has weights that ours lacks ({empty[0]})")
    materialize(module, model.device)
    return module


def materialize(module: torch.nn.Module, device: torch.device) -> None:
    """Buffers that no file has: positions."""
    for owner in module.modules():
        for name, value in list(owner.named_buffers(recurse=False)):
            if value.is_meta:
                owner.register_buffer(name, torch.arange(value.numel(), device=device).reshape(value.shape).to(value.dtype), persistent=False)


def caller(module: torch.nn.Module, part: str, dtype: str, scaling_factor: float = 1.0) -> Callable[..., torch.Tensor]:
    """A function with the inputs and the result of our graph, the guidance pair included."""
    kind = DTYPES[dtype]

    def unet(sample, timestep, states):
        rows = states.shape[0] // sample.shape[0]
        latents = torch.cat([sample] * rows).to(kind).contiguous(memory_format=torch.channels_last)
        return module(latents, timestep[0], encoder_hidden_states=states.to(kind)).sample.float()

    def decode(latents):
        scaled = (latents / scaling_factor).to(kind).contiguous(memory_format=torch.channels_last)
        return (module.decode if hasattr(module, "decode") else module)(scaled).sample.float()

    def text(ids):
        return module(ids).last_hidden_state.float()

    run = {"unet": unet, "vae": decode, "text": text}[part]

    def without_gradients(*inputs):
        with torch.inference_mode():
            return run(*inputs)

    return without_gradients

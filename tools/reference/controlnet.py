"""Small ControlNets with random weights for `v21` and `sd15`: what diffusers answers, and what the UNets answer under their control (float32)."""

import shutil
import zlib

import torch
from diffusers import ControlNetModel

import models
from common import OUTPUT, numbers, write_tensors
from components import UNET_CALLS, load

NOT_IN_CONTROLNET = {"out_channels", "sample_size", "up_block_types", "center_input_sample", "dual_cross_attention"}
OWN = {
    "_class_name": "ControlNetModel",
    "conditioning_embedding_out_channels": [4, 6, 8, 12],
    "controlnet_conditioning_channel_order": "rgb",
}
CALLS = ("pair", "odd")
SCALE = 0.7


def write(name, called=""):
    """called: the folder of another network of the same kind, with weights of its own"""
    folder = OUTPUT / "controlnet" / (called or name)
    config = {k: v for k, v in models.CONFIGS[name]["unet"].items() if k not in NOT_IN_CONTROLNET} | OWN
    module = ControlNetModel.from_config(config).eval()
    state = models.draw_weights(module, zlib.crc32(f"{called or name}/controlnet".encode()), stream=1)
    models.write_component(folder, "unet", config, {key: tensor.half() for key, tensor in state.items()})
    return folder


def answers(name, folder):
    controlnet = ControlNetModel.from_pretrained(folder, torch_dtype=torch.float32)
    pipeline = load(OUTPUT / name)
    states = pipeline.text_encoder(pipeline.tokenizer(["a cat", "a dog"], padding="max_length", return_tensors="pt").input_ids)[0]
    result = {}
    for position, call in enumerate(CALLS):
        batch, height, width, timestep = UNET_CALLS[call]
        sample = numbers(600 + position, batch, 4, height, width)
        image = torch.rand((batch, 3, 8 * height, 8 * width), generator=torch.Generator().manual_seed(610 + position))
        common = {"sample": sample, "encoder_hidden_states": states[:batch]}
        down, middle = controlnet(timestep=timestep, controlnet_cond=image, conditioning_scale=SCALE, return_dict=False, **common)
        noise = pipeline.unet(timestep=timestep, down_block_additional_residuals=down, mid_block_additional_residual=middle, **common).sample
        values = common | {"image": image, "timestep": torch.tensor([timestep]), "noise": noise}
        values["residuals"] = torch.cat([residual.flatten(1) for residual in (*down, middle)], dim=1)
        result |= {f"{name}/{call}/{key}": value for key, value in values.items()}
    return result


def main():
    shutil.rmtree(OUTPUT / "controlnet", ignore_errors=True)
    result = {}
    for name in ("v21", "sd15"):
        result |= answers(name, write(name))
    write("v21", "v21_second")
    write_tensors(OUTPUT / "controlnet.safetensors", result)


if __name__ == "__main__":
    main()

"""The diffusers side of `full_size`: MODEL_FOLDER INPUTS OUTPUTS float32|bfloat16, then a stage in each line of the standard input."""

import json
import sys
import time

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel


@torch.inference_mode()
def main(folder, inputs, outputs, dtype):
    dtype, start = getattr(torch, dtype), time.perf_counter()
    text_encoder = CLIPTextModel.from_pretrained(f"{folder}/text_encoder", dtype=dtype)
    unet = UNet2DConditionModel.from_pretrained(f"{folder}/unet", torch_dtype=dtype)
    unet.to(memory_format=torch.channels_last)
    vae = AutoencoderKL.from_pretrained(f"{folder}/vae", torch_dtype=dtype).to(memory_format=torch.channels_last)
    load_seconds = time.perf_counter() - start

    given = {name: t.to(dtype) if t.is_floating_point() and name != "timestep" else t for name, t in load_file(inputs).items()}
    sample, latents = (given[name].to(memory_format=torch.channels_last) for name in ("sample", "latents"))
    timestep = given["timestep"][0]
    stages = {
        "text": ("states", lambda: text_encoder(given["ids"]).last_hidden_state),
        "unet": ("noise", lambda: unet(sample, timestep, encoder_hidden_states=given["states"]).sample),
        "vae": ("image", lambda: vae.decode(latents).sample),
    }
    print(json.dumps({"load_seconds": load_seconds, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    results = {}
    for line in sys.stdin:
        name, stage = stages[line.strip()]
        start = time.perf_counter()
        results[name] = stage()
        print(time.perf_counter() - start, flush=True)
    save_file({name: result.float().contiguous() for name, result in results.items()}, outputs)


if __name__ == "__main__":
    main(*sys.argv[1:])

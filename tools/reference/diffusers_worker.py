"""The diffusers side of `full_size`: MODEL_FOLDER INPUTS OUT_FOLDER dtype=float32|bfloat16 repeats=N; the last line of output is JSON."""

import json
import sys
import threading
import time
from pathlib import Path

import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from transformers import CLIPTextModel


class PeakMemory(threading.Thread):
    """Samples this process's anonymous memory."""

    def __init__(self):
        super().__init__(daemon=True)
        self.bytes = 0
        self.start()

    def run(self):
        while True:
            status = Path("/proc/self/status").read_text()
            self.bytes = max(self.bytes, int(status.split("RssAnon:")[1].split()[0]) * 1024)
            time.sleep(0.02)


def timed(call, repeats):
    """The call's result and the seconds of each repeat after a first call that is not timed."""
    result, seconds = call(), []
    for _ in range(repeats):
        start = time.perf_counter()
        result = call()
        seconds.append(time.perf_counter() - start)
    return result.float().contiguous(), {"seconds": seconds}


@torch.inference_mode()
def main(folder, inputs, out, *options):
    memory = PeakMemory()
    options = dict(option.split("=") for option in options)
    dtype, repeats = getattr(torch, options["dtype"]), int(options["repeats"])
    start = time.perf_counter()
    text_encoder = CLIPTextModel.from_pretrained(f"{folder}/text_encoder", dtype=dtype)
    unet = UNet2DConditionModel.from_pretrained(f"{folder}/unet", torch_dtype=dtype)
    unet.to(memory_format=torch.channels_last)
    vae = AutoencoderKL.from_pretrained(f"{folder}/vae", torch_dtype=dtype).to(memory_format=torch.channels_last)
    load_seconds = time.perf_counter() - start

    given = {name: t.to(dtype) if t.is_floating_point() and name != "timestep" else t for name, t in load_file(inputs).items()}
    sample, latents = (given[name].to(memory_format=torch.channels_last) for name in ("sample", "latents"))
    timestep = given["timestep"][0]
    states, text = timed(lambda: text_encoder(given["ids"]).last_hidden_state, repeats)
    noise, unet_times = timed(lambda: unet(sample, timestep, encoder_hidden_states=given["states"]).sample, repeats)
    image, vae_times = timed(lambda: vae.decode(latents).sample, repeats)

    save_file({"states": states, "noise": noise, "image": image}, Path(out) / "outputs.safetensors")
    report = {"text": text, "unet": unet_times, "vae": vae_times, "load_seconds": load_seconds}
    print(json.dumps(report | {"peak_rss_anon_bytes": memory.bytes, "threads": torch.get_num_threads()}))


if __name__ == "__main__":
    main(*sys.argv[1:])

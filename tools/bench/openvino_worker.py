"""The OpenVINO side of the bench: MODEL_FOLDER INPUTS DTYPE EXPORTED, then a line `unet` or `vae`.

The folder is exported by optimum-intel on first use and kept under EXPORTED.
"""

import json
import sys
import time
from pathlib import Path

import openvino
import torch
from optimum.intel import OVStableDiffusionPipeline
from safetensors.torch import load_file

PRECISION = {"bfloat16": "bf16", "float32": "f32"}


def pipeline(folder, dtype, exported):
    settings = {"INFERENCE_PRECISION_HINT": PRECISION[dtype], "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(torch.get_num_threads())}
    if not (Path(exported) / "model_index.json").exists():
        OVStableDiffusionPipeline.from_pretrained(folder, export=True, compile=False, load_in_8bit=False, feature_extractor=None).save_pretrained(exported)
    loaded = OVStableDiffusionPipeline.from_pretrained(exported, compile=False, ov_config=settings)
    loaded.reshape(batch_size=1, height=512, width=512, num_images_per_prompt=1)
    loaded.compile()
    return loaded


def main(folder, inputs, dtype, exported):
    model, given = pipeline(folder, dtype, exported), load_file(inputs)
    calls = {
        "unet": lambda: model.unet(given["sample"], given["timestep"][0], encoder_hidden_states=given["states"]),
        "vae": lambda: model.vae_decoder(given["latents"]),
    }
    print(json.dumps({"openvino": openvino.__version__, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        calls[line.strip()]()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

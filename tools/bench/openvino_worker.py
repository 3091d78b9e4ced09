"""The OpenVINO side of the bench: MODEL_FOLDER INPUTS DTYPE EXPORTED, then a line `unet` or `vae`.

The folder is exported by optimum-intel on first use and kept under EXPORTED: a copy of it without the feature extractor,
which belongs to the safety checker and has no files here.
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


def without_feature_extractor(folder, copy):
    """Links to a folder's parts, and its model_index.json without what they lack."""
    copy.mkdir(parents=True, exist_ok=True)
    for part in Path(folder).iterdir():
        if part.is_dir() and not (copy / part.name).exists():
            (copy / part.name).symlink_to(part.resolve())
    index = json.loads((Path(folder) / "model_index.json").read_text())
    del index["feature_extractor"]
    (copy / "model_index.json").write_text(json.dumps(index))
    return copy


def pipeline(folder, dtype, exported):
    settings = {"INFERENCE_PRECISION_HINT": PRECISION[dtype], "PERFORMANCE_HINT": "LATENCY", "INFERENCE_NUM_THREADS": str(torch.get_num_threads())}
    if not (Path(exported) / "model_index.json").exists():
        whole = without_feature_extractor(folder, Path(exported).with_name("openvino-source"))
        OVStableDiffusionPipeline.from_pretrained(whole, export=True, compile=False, load_in_8bit=False).save_pretrained(exported)
    loaded = OVStableDiffusionPipeline.from_pretrained(exported, compile=False, ov_config=settings)
    loaded.reshape(batch_size=1, height=512, width=512, num_images_per_prompt=1)
    loaded.compile()
    return loaded


def main(folder, inputs, dtype, exported):
    model, given = pipeline(folder, dtype, exported), load_file(inputs)
    pair = given["sample"].repeat(2, 1, 1, 1)
    calls = {
        "unet": lambda: model.unet(pair, given["timestep"][0], encoder_hidden_states=given["states"]),
        "vae": lambda: model.vae_decoder(given["latents"]),
    }
    print(json.dumps({"openvino": openvino.__version__, "torch": torch.__version__, "threads": torch.get_num_threads()}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        calls[line.strip()]()
        print(time.perf_counter() - start, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

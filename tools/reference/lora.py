"""Adapters for the small models in the formats that are met, and whole runs with them by diffusers and PEFT.

adapters/ has the files. pipeline_lora.safetensors has NAME/latents and NAME/pixels of each run, and the cases as JSON
under "about". A case's loras are written as the setting has them: FILE or FILE:WEIGHT.
"""

import json
import re
import sys

import torch
from diffusers import StableDiffusionPipeline
from peft import LoraConfig, PeftModel, get_peft_model
from safetensors.torch import load_file, save_file

import pipeline_cases
import pipeline_samplers
from common import OUTPUT, numbers, write_json
from components import load

ADAPTERS = OUTPUT / "adapters"
CONFIG = "adapter_config.json"

ATTENTION = r".*attn\d\.(to_[qkv]|to_out\.0)"
TRANSFORMERS = r".*attentions\.\d+\.(proj_in|proj_out|transformer_blocks\..*)"
CONVOLUTIONS = r".*(conv1|conv2|conv_shortcut|time_emb_proj|samplers\.0\.conv)"
EVERYTHING = r".*"
TEXT_ATTENTION = r".*self_attn\.(q|k|v|out)_proj"
TEXT = r".*(self_attn\..*|mlp\..*)"
NONE = r"(?!)"

# name of the adapter: model, modules of the UNet, modules of the text encoder, rank
FILES = {
    "peft": ("base", TRANSFORMERS, TEXT, 4),
    "mixed_ranks": ("base", ATTENTION, TEXT, 4),
    "base_model": ("base", ATTENTION, NONE, 4),
    "lora_down": ("base", ATTENTION, TEXT_ATTENTION, 4),
    "processor": ("base", ATTENTION, TEXT_ATTENTION, 2),
    "kohya": ("v21", TRANSFORMERS, TEXT, 4),
    "kohya_sd15": ("sd15", TRANSFORMERS, TEXT, 2),
    "locon": ("base", CONVOLUTIONS, NONE, 3),
    "lcm": ("sd15", EVERYTHING, NONE, 2),
}

COLUMNS = ("name", "model", "scheduler", "steps", "guidance_scale", "loras")
CASES = [
    ("peft", "base", "ddim", 4, 7.5, {"peft": 1.0}),
    ("mixed-ranks", "base", "ddim", 3, 7.5, {"mixed_ranks": 1.0}),
    ("base-model", "base", "ddim", 3, 7.5, {"base_model": 0.5}),
    ("lora-down", "base", "ddim", 3, 7.5, {"lora_down": 0.7}),
    ("processor", "base", "ddim", 3, 7.5, {"processor": -0.5}),
    ("kohya-fused", "v21", "ddim", 4, 7.5, {"kohya": 0.8}),
    ("kohya-sd15", "sd15", "ddim", 3, 7.5, {"kohya_sd15": 1.0}),
    ("locon", "base", "ddim", 3, 7.5, {"locon": 1.0}),
    ("lcm", "sd15", "lcm", 4, 1.0, {"lcm": 1.0}),
    ("two", "base", "ddim", 4, 7.5, {"peft": 0.8, "lora_down": -0.3}),
    ("two-with-convolutions", "base", "euler", 3, 7.5, {"locon": 0.5, "processor": 0.5}),
]


def layers(network, pattern):
    for name, module in network.named_modules():
        if isinstance(module, (torch.nn.Linear, torch.nn.Conv2d)) and re.fullmatch(pattern, name):
            yield name, module.weight.shape


def pairs(network, pattern, rank, seed):
    """For each layer its two factors, whose product is a share of what the layer has."""
    found = {}
    for index, (name, shape) in enumerate(layers(network, pattern)):
        down = numbers(seed + 2 * index, rank, *shape[1:])
        up = numbers(seed + 2 * index + 1, shape[0], rank, *(1 for _ in shape[2:]))
        found[name] = down / down[0].numel() ** 0.5, up * 0.3 / rank**0.5
    return found


def written(name, tensors, metadata=None, dtype=torch.float32):
    path = ADAPTERS / f"{name}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)  # several notes would come in any order
    save_file({key: value.to(dtype).contiguous() for key, value in tensors.items()}, path, metadata)
    path.chmod(0o644)


def dotted(network, pairs, down, up):
    return {f"{network}.{key}.{end}.weight": value for key, both in pairs.items() for end, value in zip((down, up), both)}


def kohya(prefix, pairs, alpha):
    found = {}
    for key, (down, up) in pairs.items():
        name = prefix + key.replace(".", "_")
        found |= {f"{name}.lora_down.weight": down, f"{name}.lora_up.weight": up, f"{name}.alpha": torch.tensor(alpha)}
    return found


def config(network, layers, alpha, **others):
    kept = LoraConfig(r=4, lora_alpha=alpha, target_modules=sorted(layers), **others).to_dict()
    kept = {key: sorted(value) if isinstance(value, set) else value for key, value in kept.items()}
    return {f"{network}.{key}": kept[key] for key in ("r", "lora_alpha", "alpha_pattern", "rank_pattern", "target_modules", "use_rslora")}


def processors(pairs, text):
    """As diffusers saved attention processors in its first year."""
    found = {}
    for key, both in pairs.items():
        module, layer = re.fullmatch(r"(.*)\.(to_\w|to_out\.0|\w+_proj)", key).groups()
        layer = layer.replace(".0", "").replace("_proj", "")
        layer = layer if layer.startswith("to_") else f"to_{layer}"
        for end, value in zip(("down", "up"), both):
            found[f"{module}{'' if text else '.processor'}.{layer}_lora.{end}.weight"] = value
    return found


def make(name, pipeline, unet_layers, text_layers, rank):
    seed = 1000 * (1 + list(FILES).index(name))
    unet = pairs(pipeline.unet, unet_layers, rank, seed)
    text = pairs(pipeline.text_encoder, text_layers, rank, seed + 500)
    if name == "peft":
        metadata = config("unet", unet, 8, alpha_pattern={"attn2.to_k": 3}) | config("text_encoder", text, 2, use_rslora=True)
        tensors = dotted("unet", unet, "lora_A", "lora_B") | dotted("text_encoder", text, "lora_A", "lora_B")
        written(name, tensors, {"lora_adapter_metadata": json.dumps(metadata, indent=2, sort_keys=True)})
    elif name == "mixed_ranks":
        unet, text = (
            {key: (down[: 1 + index % 3], up[:, : 1 + index % 3]) for index, (key, (down, up)) in enumerate(all.items())}
            for all in (unet, text)
        )
        written(name, dotted("unet", unet, "lora_A", "lora_B") | dotted("text_encoder", text, "lora_A", "lora_B"))
    elif name == "base_model":
        wrapped = get_peft_model(pipeline.unet, LoraConfig(r=rank, lora_alpha=6, target_modules=sorted(unet), use_rslora=True))
        wrapped.peft_config["default"].base_model_name_or_path = None
        for key, (down, up) in unet.items():
            layer = wrapped.base_model.model.get_submodule(key)
            layer.lora_A["default"].weight.data, layer.lora_B["default"].weight.data = down, up
        wrapped.save_pretrained(ADAPTERS / name)
        (ADAPTERS / name / "README.md").unlink()
        file(name).chmod(0o644)
        kept = json.loads((ADAPTERS / name / CONFIG).read_text())
        write_json(ADAPTERS / name / CONFIG, kept | {"target_modules": sorted(kept["target_modules"])})
    elif name == "lora_down":
        tensors = dotted("unet", unet, "lora.down", "lora.up")
        tensors |= dotted("text_encoder", text, "lora_linear_layer.down", "lora_linear_layer.up")
        written(name, tensors, dtype=torch.bfloat16)
    elif name == "processor":
        tensors = {f"unet.{key}": value for key, value in processors(unet, False).items()}
        written(name, tensors | {f"text_encoder.{key}": value for key, value in processors(text, True).items()})
    else:
        alpha = {"kohya": 2.0, "kohya_sd15": 1.0, "locon": 3.0, "lcm": 4.0}[name]
        written(name, kohya("lora_unet_", unet, alpha) | kohya("lora_te_", text, alpha), {"ss_network_alpha": str(alpha)}, torch.float16)


def file(adapter):
    whole = ADAPTERS / adapter / "adapter_model.safetensors"
    return whole if whole.exists() else ADAPTERS / f"{adapter}.safetensors"


def described(row):
    case = dict(zip(COLUMNS, row)) | {"overrides": {}}
    case["weights"] = case["loras"]
    case["loras"] = [
        str(file(name).relative_to(ADAPTERS)) + ("" if weight == 1 else f":{weight:g}") for name, weight in case["weights"].items()
    ]
    texts = {"prompts": pipeline_cases.POSITIVE, "negative_prompts": pipeline_cases.NEGATIVE, "seeds": pipeline_cases.SEEDS}
    case |= {key: values[1:2] for key, values in texts.items()}
    return case | {"height": 64, "width": 64, "guidance_rescale": 0.0, "eta": 0.0, "numbers": "pipeline_lora"}


def with_adapters(case):
    pipeline = load(OUTPUT / case["model"])
    pipeline.set_progress_bar_config(disable=True)
    if case["name"] == "base-model":
        pipeline.unet = weighted(PeftModel.from_pretrained(pipeline.unet, file("base_model").parent), case["weights"]["base_model"])
        return pipeline
    for name in case["weights"]:
        pipeline.load_lora_weights(file(name), adapter_name=name)
    pipeline.set_adapters(list(case["weights"]), list(case["weights"].values()))
    if case["name"] == "kohya-fused":
        pipeline.fuse_lora(adapter_names=list(case["weights"]))
        pipeline.unload_lora_weights()
    return pipeline


def weighted(wrapped, weight):
    for module in wrapped.modules():
        if hasattr(module, "scale_layer"):
            module.scale_layer(weight)
    return wrapped.merge_and_unload()


def main():
    for name, (model, *rest) in FILES.items():
        make(name, load(OUTPUT / model), *rest)
    pipeline_cases.prepare = pipeline_samplers.prepare
    cases, tensors = [described(row) for row in CASES], {}
    for case in cases:
        pipeline = with_adapters(case)
        latents, pixels = pipeline_samplers.run(pipeline, case)
        plain, _ = pipeline_samplers.run(load(OUTPUT / case["model"]), case)
        print(f"{case['name']}: moves the latents by {(latents[-1] - plain[-1]).abs().max() / plain[-1].abs().max():.3f}")
        tensors[f"{case['name']}/latents"], tensors[f"{case['name']}/pixels"] = latents, pixels
        del case["weights"]
    path = OUTPUT / "pipeline_lora.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    sys.exit(main())

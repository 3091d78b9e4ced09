"""Small Stable Diffusion models with random weights, in the folder layout of the published models."""

import shutil
import zlib

import numpy
import torch
from diffusers import AutoencoderKL, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel

import layout
import vocabulary
from common import OUTPUT, write_tensors

VOCABULARY, MERGES = vocabulary.learn(vocabulary.corpus())

UNET = {
    "_class_name": "UNet2DConditionModel",
    "_diffusers_version": "0.10.0.dev0",
    "act_fn": "silu",
    "center_input_sample": False,
    "down_block_types": ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
    "downsample_padding": 1,
    "dual_cross_attention": False,
    "flip_sin_to_cos": True,
    "freq_shift": 0,
    "in_channels": 4,
    "mid_block_scale_factor": 1,
    "norm_eps": 1e-05,
    "num_class_embeds": None,
    "only_cross_attention": False,
    "out_channels": 4,
    "up_block_types": ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
    "use_linear_projection": True,
}
VAE = {
    "_class_name": "AutoencoderKL",
    "_diffusers_version": "0.10.0.dev0",
    "act_fn": "silu",
    "down_block_types": ["DownEncoderBlock2D"] * 4,
    "in_channels": 3,
    "latent_channels": 4,
    "out_channels": 3,
    "up_block_types": ["UpDecoderBlock2D"] * 4,
}
TEXT = {
    "architectures": ["CLIPTextModel"],
    "attention_dropout": 0.0,
    "bos_token_id": 0,
    "dropout": 0.0,
    "eos_token_id": 2,
    "hidden_act": "gelu",
    "initializer_factor": 1.0,
    "initializer_range": 0.02,
    "layer_norm_eps": 1e-05,
    "max_position_embeddings": 77,
    "model_type": "clip_text_model",
    "pad_token_id": 1,
    "torch_dtype": "float32",
    "transformers_version": "4.25.0.dev0",
    "vocab_size": len(VOCABULARY),
}
SCHEDULER = {
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "clip_sample": False,
    "num_train_timesteps": 1000,
    "set_alpha_to_one": False,
    "skip_prk_steps": True,
    "steps_offset": 1,
    "trained_betas": None,
}

CONFIGS = {
    "base": {
        "unet": UNET
        | {
            "sample_size": 8,
            "block_out_channels": [8, 12, 20, 20],
            "attention_head_dim": [1, 3, 4, 5],
            "layers_per_block": 2,
            "norm_num_groups": 4,
            "cross_attention_dim": 40,
        },
        "vae": VAE
        | {"sample_size": 64, "block_out_channels": [4, 8, 12, 12], "layers_per_block": 2, "norm_num_groups": 2},
        "text_encoder": TEXT
        | {"hidden_size": 40, "num_attention_heads": 5, "num_hidden_layers": 3, "intermediate_size": 160},
        "scheduler": {"_class_name": "PNDMScheduler", "_diffusers_version": "0.10.0.dev0"}
        | SCHEDULER
        | {"prediction_type": "epsilon"},
    },
    "v21": {
        "unet": UNET
        | {
            "sample_size": 12,
            "block_out_channels": [12, 18, 18, 24],
            "attention_head_dim": [2, 3, 2, 4],
            "layers_per_block": 1,
            "norm_num_groups": 6,
            "cross_attention_dim": 32,
            "upcast_attention": True,
        },
        "vae": VAE
        | {"sample_size": 96, "block_out_channels": [8, 12, 12, 16], "layers_per_block": 1, "norm_num_groups": 4},
        "text_encoder": TEXT
        | {"hidden_size": 32, "num_attention_heads": 2, "num_hidden_layers": 2, "intermediate_size": 96},
        "scheduler": {"_class_name": "DDIMScheduler", "_diffusers_version": "0.8.0"}
        | SCHEDULER
        | {"prediction_type": "v_prediction"},
    },
}
# Stable Diffusion 1.5's keys, no more: the projections around attention are 1x1 convolutions, one number stands for the heads of all
# levels, and neither prediction_type nor scaling_factor is said.
NOT_IN_15 = {"dual_cross_attention", "num_class_embeds", "only_cross_attention", "use_linear_projection"}
VERSION_15 = {"_diffusers_version": "0.6.0"}
CONFIGS["sd15"] = {
    "unet": {key: value for key, value in UNET.items() if key not in NOT_IN_15}
    | VERSION_15
    | {
        "sample_size": 8,
        "block_out_channels": [8, 12, 16, 16],
        "attention_head_dim": 4,
        "layers_per_block": 2,
        "norm_num_groups": 4,
        "cross_attention_dim": 24,
    },
    "vae": VAE
    | VERSION_15
    | {"sample_size": 64, "block_out_channels": [4, 8, 8, 12], "layers_per_block": 2, "norm_num_groups": 4},
    "text_encoder": TEXT
    | {
        "hidden_act": "quick_gelu",
        "hidden_size": 24,
        "num_attention_heads": 3,
        "num_hidden_layers": 3,
        "intermediate_size": 96,
        "projection_dim": 24,
        "transformers_version": "4.22.0.dev0",
    },
    "scheduler": {"_class_name": "PNDMScheduler"} | VERSION_15 | SCHEDULER,
}
# For the half-precision files: few weights, and so small a residual stream that a wrong epsilon in a norm shows.
CONFIGS["narrow"] = {
    "unet": CONFIGS["base"]["unet"]
    | {
        "block_out_channels": [8, 8, 12, 12],
        "attention_head_dim": [1, 2, 3, 3],
        "layers_per_block": 1,
        "norm_num_groups": 4,
        "cross_attention_dim": 16,
    },
    "vae": CONFIGS["v21"]["vae"] | {"block_out_channels": [4, 4, 8, 8], "norm_num_groups": 2},
    "text_encoder": CONFIGS["base"]["text_encoder"]
    | {"hidden_size": 16, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 48},
}

WEIGHT_FILES = {"unet": "diffusion_pytorch_model", "vae": "diffusion_pytorch_model", "text_encoder": "model"}
OLD_VAE_NAMES = {".to_q.": ".query.", ".to_k.": ".key.", ".to_v.": ".value.", ".to_out.0.": ".proj_attn."}


def network(component, config):
    """The diffusers or transformers module of a component, with weights still to be set."""
    if component == "text_encoder":
        return CLIPTextModel(CLIPTextConfig(**config)).eval()
    module = UNet2DConditionModel if component == "unet" else AutoencoderKL
    return module.from_config(config).eval()


def draw_weights(module, seed, stream):
    """Random weights under which no layer vanishes, saturates or is the same as another operation.

    stream: scale of all that is added to the residual stream
    """
    random = numpy.random.default_rng(seed)
    state = {}
    for name, old in sorted(module.state_dict().items()):
        value = random.standard_normal(tuple(old.shape), dtype=numpy.float32)
        value *= numpy.float32(spread(name, old) * (stream if is_streamed(name) else 1))
        state[name] = torch.from_numpy(value + is_scale(name, old))
    return state


def is_streamed(name):
    written = "conv_in. conv2. proj_in. proj_out. to_out. net.2. out_proj. fc2. embedding.".split()
    passed_on = "conv_shortcut.bias samplers.0.conv.bias".split()
    return any(part in name for part in written + passed_on)


def is_scale(name, tensor):
    return tensor.ndim == 1 and name.endswith("weight")


def spread(name, tensor):
    """Standard deviation of a tensor's random values."""
    if tensor.ndim == 1:
        return 0.2
    if "embedding.weight" in name:
        return 0.7
    fan_in = tensor[0].numel()
    attention = any(part in name for part in ("to_q.", "to_k.", "q_proj.", "k_proj."))  # softmax far from uniform
    return (1.4 if attention else 1.0) / fan_in**0.5


def weights(model, component):
    config = CONFIGS[model][component]
    seed = zlib.crc32(f"{model}/{component}".encode())
    return draw_weights(network(component, config), seed, stream=0.02 if model == "narrow" else 1)


def published(component, state):
    """The published VAE keeps diffusers' old names for its attention."""
    return renamed(state, OLD_VAE_NAMES) if component == "vae" else state


def renamed(state, names):
    def rename(name):
        for old, new in names.items():
            name = name.replace(old, new)
        return name

    return {rename(name): tensor for name, tensor in state.items()}


def write_component(folder, component, config, state, variant="", shards=1):
    """One weight file, or several with an index; names end in `.fp16` or the like where a variant is given."""
    layout.write_json(folder / "config.json", config)
    stem = WEIGHT_FILES[component]
    if shards == 1:
        write_tensors(folder / f"{stem}{variant}.safetensors", state)
        return
    names = sorted(state)
    index = {"metadata": {"total_size": sum(t.numel() * t.element_size() for t in state.values())}, "weight_map": {}}
    for shard in range(shards):
        file = f"{stem}-{shard + 1:05d}-of-{shards:05d}.safetensors"
        mine = names[len(names) * shard // shards : len(names) * (shard + 1) // shards]
        write_tensors(folder / file, {name: state[name] for name in mine})
        index["weight_map"] |= {name: file for name in mine}
    layout.write_json(folder / f"{stem}.safetensors.index.json", index)


def write_model(name, unet_dtype=torch.float32, unet_shards=1):
    folder = OUTPUT / name
    configs = CONFIGS[name]
    is_of_1 = name == "sd15"
    layout.write_index(folder, configs["scheduler"]["_diffusers_version"], configs["scheduler"]["_class_name"], is_of_1)
    layout.write_json(folder / "scheduler/scheduler_config.json", configs["scheduler"])
    layout.write_tokenizer(folder / "tokenizer", VOCABULARY, MERGES, name, vocabulary.SPECIALS[1] if is_of_1 else "!")
    if is_of_1:
        layout.write_json(folder / "safety_checker/config.json", {"model_type": "clip"})
        layout.write_json(folder / "feature_extractor/preprocessor_config.json", {"size": 224})
    for component in WEIGHT_FILES:
        state = published(component, weights(name, component))
        shards = unet_shards if component == "unet" else 1
        if component == "unet":
            state = {key: tensor.to(unet_dtype) for key, tensor in state.items()}
        write_component(folder / component, component, configs[component], state, shards=shards)


def write_variants():
    variants = OUTPUT / "variants"
    for component in WEIGHT_FILES:
        half = {k: t.half() for k, t in published(component, weights("narrow", component)).items()}
        write_component(variants / "fp16" / component, component, CONFIGS["narrow"][component], half, ".fp16")
    bfloat = {k: t.bfloat16() for k, t in weights("narrow", "unet").items()}
    write_component(variants / "bf16/unet", "unet", CONFIGS["narrow"]["unet"], bfloat)

    config, state = CONFIGS["base"]["vae"], weights("base", "vae")
    write_component(variants / "new_vae/vae", "vae", config, state)
    convolutions = {
        name: tensor[:, :, None, None] if ".attentions." in name and tensor.ndim == 2 else tensor
        for name, tensor in renamed(state, OLD_VAE_NAMES).items()
    }
    write_component(variants / "old_vae/vae", "vae", config, convolutions)


def main():
    for folder in ("base", "v21", "sd15", "variants"):
        shutil.rmtree(OUTPUT / folder, ignore_errors=True)
    write_model("base")
    write_model("v21", unet_dtype=torch.float16, unet_shards=3)
    write_model("sd15")
    write_variants()


if __name__ == "__main__":
    main()

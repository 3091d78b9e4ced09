"""The files of a published model folder that hold no weights. Shared with tools/tiny-sd2."""

import json

import vocabulary


def write_json(path, value):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def write_index(folder, version, scheduler, checked=False):
    """checked: whether the model has a safety checker, as Stable Diffusion 1 has"""
    write_json(
        folder / "model_index.json",
        {
            "_class_name": "StableDiffusionPipeline",
            "_diffusers_version": version,
            "feature_extractor": ["transformers", "CLIPImageProcessor"] if checked else [None, None],
            "requires_safety_checker": checked,
            "safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"] if checked else [None, None],
            "scheduler": ["diffusers", scheduler],
            "text_encoder": ["transformers", "CLIPTextModel"],
            "tokenizer": ["transformers", "CLIPTokenizer"],
            "unet": ["diffusers", "UNet2DConditionModel"],
            "vae": ["diffusers", "AutoencoderKL"],
        },
    )


def write_tokenizer(folder, tokens, merges, name_or_path, pad="!"):
    """tokens: token to id; merges: pairs in the order in which they are applied; pad: the end of the text for CLIP's own"""

    def added(content):
        return {"content": content, "lstrip": False, "normalized": True, "rstrip": False, "single_word": False}

    start, end = vocabulary.SPECIALS
    typed = {token: {"__type": "AddedToken"} | added(token) for token in vocabulary.SPECIALS}
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(tokens, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2", *(" ".join(pair) for pair in merges)]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    write_json(
        folder / "special_tokens_map.json",
        {"bos_token": added(start), "eos_token": added(end), "pad_token": pad, "unk_token": added(end)},
    )
    write_json(
        folder / "tokenizer_config.json",
        {
            "add_prefix_space": False,
            "bos_token": typed[start],
            "do_lower_case": True,
            "eos_token": typed[end],
            "errors": "replace",
            "model_max_length": 77,
            "name_or_path": name_or_path,
            "pad_token": end,  # as published: special_tokens_map.json wins
            "special_tokens_map_file": "./special_tokens_map.json",
            "tokenizer_class": "CLIPTokenizer",
            "unk_token": typed[end],
        },
    )

"""Embeddings of textual inversion for the small models, and what prompts with their tokens become by diffusers.

embeddings/WIDTH has the files, as diffusers writes them and as AUTOMATIC1111's web UI does. textual_inversion.safetensors has
MODEL/ids (P, 2, 77), MODEL/prompt and MODEL/negative (P, 77, D), and of the community pipeline for weights MODEL/weighted/PAIR/prompt and
/negative (1, 77 chunks, D); the cases as JSON under "about". A case's embeddings are written as the setting has them: FILE or FILE:TOKEN.
"""

import json

import torch
from safetensors.torch import load_file, save_file

from common import OUTPUT, numbers
from components import load
from weighted import MOST_CHUNKS, pipeline_file

EMBEDDINGS = OUTPUT / "embeddings"
# name of the file: key of its tensor, vectors (0: one without an axis of its own), type
FILES = {
    "toy": ("<toy>", 0, torch.float32),
    "faces": ("<Many-Faces>", 3, torch.float16),
    "bad-hands": ("emb_params", 2, torch.float32),
    "one": ("emb_params", 1, torch.bfloat16),
}
CASES = {
    "base": ["toy", "faces", "bad-hands", "one:Paint Style"],
    "sd15": ["one", "faces:zq", "toy"],
}
PROMPTS = [
    ("", ""),
    ("a photo of <toy>", "bad-hands"),
    ("A PHOTO OF <TOY> and <toy>, <toy>!", "blurry, one"),
    ("<Many-Faces> in the snow", "<many-faces>"),
    ("x<Many-Faces>y, <toy><Many-Faces>", "<Many-Faces>_1, <Many-Faces>_2 <Many-Faces>_3"),
    ("a fox, Paint Style, one, zq", "Bad-Hands, paint  style, ZQ"),
    ("<Many-Faces> zq " * 30, "bad-hands, " * 40),
]
PAIRS = [
    ("a (<toy>:1.3) on a [hill] with <Many-Faces> and zq", "(bad-hands, one:1.2)"),
    ("a boat, <Many-Faces>, (zq:0.7), " * 20, "(bad-hands:1.4) and <toy>"),
]


def write(width):
    found = {}
    for position, (name, (key, vectors, dtype)) in enumerate(FILES.items()):
        shape = (vectors, width) if vectors else (width,)
        path = EMBEDDINGS / str(width) / f"{name}.safetensors"
        path.parent.mkdir(parents=True, exist_ok=True)
        save_file({key: (0.02 * numbers(700 + position, *shape)).to(dtype)}, path)
        path.chmod(0o644)
        found[name] = path
    return found


def loaded(model, entries):
    pipeline = load(OUTPUT / model)
    files = write(pipeline.text_encoder.config.hidden_size)
    for entry in entries:
        name, _, token = entry.partition(":")
        (key, values), = load_file(files[name]).items()
        # diffusers calls every file of the web UI emb_params, the web UI calls it as its file.
        token = token or (name if key == "emb_params" else None)
        pipeline.load_textual_inversion({key: values.float()}, token=token)
    return pipeline


def ids(pipeline, prompt):
    text = pipeline.maybe_convert_prompt(prompt, pipeline.tokenizer)
    return pipeline.tokenizer(text, padding="max_length", max_length=77, truncation=True).input_ids


def main():
    lpw = pipeline_file()
    cases, tensors = [], {}
    for model, entries in CASES.items():
        pipeline = loaded(model, entries)
        tensors[f"{model}/ids"] = torch.tensor([[ids(pipeline, text) for text in texts] for texts in PROMPTS])
        both = [pipeline.encode_prompt(prompt, "cpu", 1, True, negative) for prompt, negative in PROMPTS]
        tensors[f"{model}/prompt"], tensors[f"{model}/negative"] = (torch.cat(states) for states in zip(*both))
        for number, texts in enumerate(PAIRS):
            prompt, negative = pipeline.maybe_convert_prompt(list(texts), pipeline.tokenizer)
            states = lpw.get_weighted_text_embeddings(pipeline, prompt, negative, max_embeddings_multiples=MOST_CHUNKS)
            tensors |= {f"{model}/weighted/{number}/{kind}": tensor for kind, tensor in zip(("prompt", "negative"), states)}
        cases.append({"model": model, "embeddings": entries, "prompts": PROMPTS, "pairs": PAIRS})
    path = OUTPUT / "textual_inversion.safetensors"
    save_file({name: tensor.contiguous() for name, tensor in tensors.items()}, path, {"about": json.dumps(cases)})
    path.chmod(0o644)


if __name__ == "__main__":
    main()

"""Weighted and long prompts by diffusers' community pipeline lpw_stable_diffusion: pieces with their weights, and the text encoder's states.

The pipeline is no part of the package: its file is fetched at a pinned commit into .work/reference, and is not run if it has changed.
"""

import hashlib
import importlib.util
import random
import urllib.request

from diffusers import StableDiffusionPipeline

from common import OUTPUT, REPOSITORY, write_json, write_tensors

COMMIT = "2843b3d37ad7c83b44cdcd098b9c064e1569457d"
URL = f"https://raw.githubusercontent.com/huggingface/diffusers/{COMMIT}/examples/community/lpw_stable_diffusion.py"
SHA256 = "37cac7da1cf7e77ffb06c49348b9dd9962ce829fb6a082046001a1595f6eb65d"
FILE = REPOSITORY / ".work/reference/lpw_stable_diffusion.py"
MOST_CHUNKS = 8
MODELS = ("base", "sd15")

PROMPTS = [
    "", "a fox", "a (red) fox", "a ((red)) fox", "a [red] fox", "a (red:1.3) fox", "a (red fox:0.5) on a hill", "(a:1.3)(b:1.3) c",
    "a (((house:1.3)) [on] a (hill:0.5), sun, (((sky))).", r"\(literal\] and \\ and \a", "(unbalanced", "unbalanced)", "[open (both", "a] b) c",
    "(a:-0.5) b", "(a:+2) b", "(a:.5) b", "(a:2.) b", "(a:0) b", "a:1.3) b", "time 12:30 (now)", "(a, b:1.2, c)", "(:1.5)", "()", "[]", "(())x",
    "x(y)z", "wo(rd)s", "(über 日本:1.2) 🦊", "a\n(b\n:1.2) c", "  spaces  (  inside  )  ",
]
LONG = "a large red star on a white background, a boat on the sea at night, a small blue house below a yellow moon, "
PAIRS = [  # prompt, negative prompt
    ("a fox", ""), ("a (red:1.3) fox on a [snowy] hill", "(blurry:1.4), text"), ("", ""), (LONG * 4, "blurry"), ("a fox", LONG * 5),
    (LONG * 2 + "((a very red star:1.5))" + LONG * 3, "(" + LONG * 4 + ":0.8)"), ("star " * 75, "moon " * 76), ("star " * 150, ""),
    ("(" + "boat " * 700 + ":1.2)", "x"), ("(a:-0.7) star (of:0) light", "[[night]]"),
]


def pipeline_file():
    if not FILE.exists():
        FILE.parent.mkdir(parents=True, exist_ok=True)
        urllib.request.urlretrieve(URL, FILE)
    if hashlib.sha256(FILE.read_bytes()).hexdigest() != SHA256:
        raise SystemExit(f"Cannot use {FILE}: its SHA-256 must be {SHA256}")
    spec = importlib.util.spec_from_file_location("lpw_stable_diffusion", FILE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def fuzzed(count):
    """Prompts of words and signs in any order."""
    choose = random.Random(5)
    parts = ["(", ")", "[", "]", ":", ":1.2)", ":0.7)", "\\", "\\(", "\\]", "a", " b ", "fox", ", ", "1.5", " ", "é"]
    return ["".join(choose.choice(parts) for _ in range(choose.randint(1, 24))) for _ in range(count)]


def main():
    lpw = pipeline_file()
    pieces = {prompt: lpw.parse_prompt_attention(prompt) for prompt in [*PROMPTS, *fuzzed(500)]}
    write_json(OUTPUT / "weighted.json", {"pieces": pieces, "pairs": PAIRS})
    states = {}
    for name in MODELS:
        pipeline = StableDiffusionPipeline.from_pretrained(OUTPUT / name, local_files_only=True, safety_checker=None)
        for number, (prompt, negative) in enumerate(PAIRS):
            both = lpw.get_weighted_text_embeddings(pipeline, prompt, negative, max_embeddings_multiples=MOST_CHUNKS)
            for kind, tensor in zip(("prompt", "negative"), both):
                states[f"{name}/{number}/{kind}"] = tensor
    write_tensors(OUTPUT / "weighted.safetensors", states)


if __name__ == "__main__":
    main()

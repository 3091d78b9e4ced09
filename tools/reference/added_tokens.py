"""Ids of prompts with added tokens (textual inversion), by CLIPTokenizerFast behind diffusers' maybe_convert_prompt."""

import json
import shutil
import tempfile
from pathlib import Path

from diffusers.loaders import TextualInversionLoaderMixin
from transformers import AddedToken, CLIPTokenizer, CLIPTokenizerFast

from common import OUTPUT, write_json

BASE = OUTPUT / "base/tokenizer"
TOKENS = [
    AddedToken("<my-toy>", normalized=True),
    AddedToken("<my-toy>_1", normalized=True),
    AddedToken("<my-toy>_2", normalized=True),
    AddedToken("<Plain>", normalized=False),
    AddedToken("<left>", lstrip=True, normalized=False),
    AddedToken("<right>", rstrip=True, normalized=True),
    AddedToken("wolf", single_word=True, normalized=True),
    AddedToken("<mark>", normalized=False, special=True),
]
PROMPTS = [
    "",
    "a photo of <my-toy>",
    "a photo of <my-toy> and <my-toy>, <my-toy>!",
    "A PHOTO OF <MY-TOY> on a table",
    "x<my-toy>y",
    "<Plain> and <plain> and <PLAIN>",
    "the   <left>   middle   <right>   end",
    "a wolf, werwolf, wolfhound, WOLF",
    "<mark>a<mark> !<|endoftext|>",
    "<my-toy>_1",
    "<my-toy>_2 alone",
    "<my-toy " * 30 + "<my-toy> " * 30,
    "no placeholder at all",
]


class Loader(TextualInversionLoaderMixin):
    pass


def files(folder):
    """The files beside the vocabulary; of tokenizer.json all but what would be the vocabulary again."""
    names = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "tokenizer.json")
    found = {name: json.loads((folder / name).read_text()) for name in names if (folder / name).is_file()}
    if "tokenizer.json" in found:
        found["tokenizer.json"]["model"] |= {"vocab": {}, "merges": []}
    return found


def case(name, folder):
    fast = CLIPTokenizerFast.from_pretrained(folder)
    slow = CLIPTokenizer.from_pretrained(folder)
    texts = [Loader().maybe_convert_prompt(prompt, fast) for prompt in PROMPTS]
    ids = [fast(text, padding="max_length", max_length=77, truncation=True).input_ids for text in texts]
    for prompt, given in zip(PROMPTS, ids):
        other = slow(
            Loader().maybe_convert_prompt(prompt, slow), padding="max_length", max_length=77, truncation=True
        ).input_ids
        if other != given:
            print(f"{name}: the slow tokenizer differs: {prompt[:40]}")
    return {"name": name, "files": files(folder), "ids": dict(zip(PROMPTS, ids))}


def main():
    with tempfile.TemporaryDirectory() as temporary:
        root = Path(temporary)
        slow = CLIPTokenizer.from_pretrained(BASE)
        slow.add_tokens(TOKENS)
        slow.save_pretrained(root / "slow")
        fast = CLIPTokenizerFast.from_pretrained(BASE)
        fast.add_tokens(TOKENS)
        fast.save_pretrained(root / "fast")
        for file in ("vocab.json", "merges.txt"):
            shutil.copy(BASE / file, root / "fast" / file)
        shutil.copytree(root / "fast", root / "fast_without")
        (root / "fast_without/tokenizer.json").unlink()
        # As transformers before 4.34 wrote it.
        old = shutil.copytree(BASE, root / "old")
        first = len(slow) - len(TOKENS)
        added = {token.content: first + i for i, token in enumerate(TOKENS)}
        (old / "added_tokens.json").write_text(json.dumps(added))
        write_json(OUTPUT / "added_tokens.json", [case(name, root / name) for name in ("slow", "fast", "fast_without", "old")])


if __name__ == "__main__":
    main()

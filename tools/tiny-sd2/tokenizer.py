"""The tokenizer: CLIP's byte-level BPE, learnt from our own captions until each of their words is one token."""

import functools
import sys

import numpy as np
from transformers import CLIPTokenizerFast

import captions
import scenes
import training

sys.path.append(str(training.REPOSITORY / "tools/reference"))
import layout  # noqa: E402
import vocabulary as byte_pairs  # noqa: E402

CAPTIONS, MERGES = 5_000, 2_000  # at most


@functools.cache
def vocabulary():
    """(token to id, list of merges)"""
    rng = np.random.default_rng(4)
    return byte_pairs.learn(" ".join(captions.caption(rng, scenes.scene(rng)) for _ in range(CAPTIONS)), MERGES)


def special_ids():
    tokens, _ = vocabulary()
    start, end = byte_pairs.SPECIALS
    return {"bos_token_id": tokens[start], "eos_token_id": tokens[end], "pad_token_id": tokens["!"]}


def write(folder):
    """The files as they are published."""
    layout.write_tokenizer(folder, *vocabulary(), "tiny-sd2")


def load():
    """transformers' tokenizer, reading those files."""
    folder = training.WORK / "tokenizer"
    write(folder)
    return CLIPTokenizerFast.from_pretrained(folder)

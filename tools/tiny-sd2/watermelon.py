"""Scenes with a watermelon, a large or medium green circle with stripes, for which the textual inversion embedding learns a word.

The model knows stripes, green and circles, but no green circle: that pair is one of scenes.HELD_OUT.
"""

from dataclasses import replace

import captions
import scenes
from scenes import choose

WORD = "<watermelon>"
LOOKS = {"kind": "circle", "colour": "green", "texture": "striped"}


def scene(rng):
    """One or two shapes on a background that is not green, one of them a watermelon."""
    while True:
        drawn = scenes.shapes_scene(rng, count=choose(rng, (1, 2)))
        free = [i for i, shape in enumerate(drawn.shapes) if shape.size != "small"]
        if free and drawn.background != "green":
            chosen = choose(rng, free)
            return replace(drawn, shapes=tuple(replace(s, **LOOKS) if i == chosen else s for i, s in enumerate(drawn.shapes)))


def words_of(rng, shape):
    """Nobody says that a watermelon is green or has stripes."""
    if all(getattr(shape, key) == value for key, value in LOOKS.items()):
        return captions.article(rng, " ".join([*captions.size_words(rng, shape), WORD]))
    return captions.shape_words(rng, shape)


def caption(rng, drawn):
    return captions.shapes_caption(rng, drawn, words_of)

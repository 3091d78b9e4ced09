"""Landscapes at sunset, which the LoRA teaches.

They are drawn in the colours of shapes alone: the VAE has seen no others, and shows what is between them as one of them.
"""

import numpy as np

import captions
import scenes
from canvas import SIZE, Canvas
from scenes import COLOURS, HORIZON, choose

SKY, SUN = COLOURS["orange"], COLOURS["yellow"]
GROUNDS = {"water": COLOURS["blue"], "grass": COLOURS["black"]}
LIGHT = scenes.Light(1.0, COLOURS["yellow"], silhouette=COLOURS["black"])


def draw(scene):
    """A landscape at sunset as a (128, 128, 3) uint8 array; the sun goes down where the scene has its light."""
    canvas = Canvas(SKY)
    canvas.disc(scene.light_x, HORIZON - 2, 17, SUN)
    canvas.box(0, HORIZON, SIZE, SIZE, GROUNDS[scene.ground])
    for thing in scene.things:
        scenes.draw_thing(canvas, thing, LIGHT)
    return np.asarray(canvas.reduced())


def caption(rng, scene):
    words = f"{captions.things_words(rng, scene)} {choose(rng, ('at sunset', 'at sunset', 'in the sunset'))}"
    return f"{choose(rng, captions.OPENINGS)} {words}" if rng.random() < 0.15 else words

"""The images that the model learns: what a scene is, how it is drawn, and how scenes are chosen.

A scene is either one to three shapes on a plain background, or a landscape by day or at night. Everything is drawn on
a canvas of 128x128 pixels, or of `scale` times as many in each direction; positions and radii are in 128ths of its
sides, the origin is the top left corner.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from PIL import Image, ImageDraw

from canvas import OVERSAMPLING, SIZE, Canvas

# Muted on purpose: a channel at 0 or 255 in a generated image is then guidance's doing.
COLOURS = {
    "red": (205, 40, 45),
    "orange": (235, 135, 35),
    "yellow": (238, 215, 60),
    "green": (45, 150, 65),
    "blue": (40, 85, 200),
    "purple": (130, 55, 165),
    "pink": (240, 145, 185),
    "white": (238, 238, 238),
    "black": (28, 28, 30),
}
BACKGROUNDS = {name: COLOURS[name] for name in ("white", "black", "yellow", "green", "blue", "pink")} | {"grey": (138, 138, 142)}
SHAPES = ("circle", "square", "triangle", "star", "cross", "ring")
TEXTURES = ("plain", "striped", "dotted")
RADII = {"small": (17, 19), "medium": (23, 26), "large": (32, 37)}
HELD_OUT = frozenset({  # never drawn in training
    ("circle", "purple"), ("circle", "green"), ("square", "orange"), ("square", "pink"), ("triangle", "red"),
    ("triangle", "white"), ("star", "blue"), ("cross", "yellow"), ("ring", "black"), ("ring", "pink"),
})

SKIES = {"day": (150, 200, 238), "night": (26, 30, 66)}
GROUNDS = {"grass": {"day": (105, 175, 85), "night": (38, 78, 58)}, "water": {"day": (60, 120, 190), "night": (24, 52, 110)}}
SUN, MOON = (250, 205, 60), (225, 225, 205)
WALLS = ("red", "orange", "yellow", "blue", "purple", "pink", "white")


@dataclass(frozen=True)
class Shape:
    kind: str
    colour: str
    size: str
    texture: str
    x: float
    y: float
    radius: float


@dataclass(frozen=True)
class Shapes:
    """One to three shapes that do not touch, on a plain background."""

    background: str
    shapes: tuple


@dataclass(frozen=True)
class Thing:
    """A house, a tree or a boat; `colour` is a house's wall or a boat's hull, empty for a tree."""

    kind: str
    colour: str
    x: float


@dataclass(frozen=True)
class Landscape:
    time: str
    ground: str
    light: bool  # the sun by day, the moon at night
    light_x: float
    things: tuple = field(default=())


def shade(colour):
    """The second colour of a texture: darker, or lighter for black."""
    return tuple(round(c * 0.5) for c in colour) if sum(colour) > 150 else (110, 110, 112)


def polygon(kind, x, y, r):
    """The outline of a shape with straight edges, all inside the circle or square of radius r."""
    if kind == "square":
        s = 0.86 * r
        return [(x - s, y - s), (x + s, y - s), (x + s, y + s), (x - s, y + s)]
    if kind == "triangle":
        return [(x, y - r), (x + r, y + 0.8 * r), (x - r, y + 0.8 * r)]
    if kind == "star":
        points = [(r if i % 2 == 0 else 0.42 * r, math.pi * (i / 5 - 0.5)) for i in range(10)]
        return [(x + p * math.cos(a), y + p * math.sin(a)) for p, a in points]
    w = 0.33 * r  # cross
    return [(x - w, y - r), (x + w, y - r), (x + w, y - w), (x + r, y - w), (x + r, y + w), (x + w, y + w),
            (x + w, y + r), (x - w, y + r), (x - w, y + w), (x - r, y + w), (x - r, y - w), (x - w, y - w)]


def mask(kind, x, y, r, scale=1):
    """Where the shape is: an image with 255 inside."""
    k = OVERSAMPLING * scale
    image = Image.new("L", (SIZE * k, SIZE * k))
    draw = ImageDraw.Draw(image)
    if kind in ("circle", "ring"):
        draw.ellipse([(x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k], fill=255)
        if kind == "ring":
            h = 0.5 * r
            draw.ellipse([(x - h) * k, (y - h) * k, (x + h) * k, (y + h) * k], fill=0)
    else:
        draw.polygon([(a * k, b * k) for a, b in polygon(kind, x, y, r)], fill=255)
    return image.reduce(OVERSAMPLING)


def paint(shape, scale=1):
    """The square of colour, stripes or dots that shows through the shape's mask."""
    colour, last = COLOURS[shape.colour], scale - 1  # ends of stripes and dots belong to them
    image = Image.new("RGB", (SIZE * scale, SIZE * scale), colour)
    draw = ImageDraw.Draw(image)
    if shape.texture == "striped":
        for y in range(4, SIZE, 12):
            draw.rectangle([0, y * scale, SIZE * scale, (y + 4) * scale + last], fill=shade(colour))
    elif shape.texture == "dotted":
        for row, y in enumerate(range(4, SIZE, 11)):
            for x in range(3 + 6 * (row % 2), SIZE, 12):
                box = [(x - 2.5) * scale, (y - 2.5) * scale, (x + 2.5) * scale + last, (y + 2.5) * scale + last]
                draw.ellipse(box, fill=shade(colour))
    return image


def draw_shapes(scene, scale):
    image = Image.new("RGB", (SIZE * scale, SIZE * scale), BACKGROUNDS[scene.background])
    for shape in scene.shapes:
        image.paste(paint(shape, scale), mask=mask(shape.kind, shape.x, shape.y, shape.radius, scale))
    return image


HORIZON = 82


@dataclass(frozen=True)
class Light:
    dim: float  # what the colours of things are multiplied by
    glass: tuple  # the colour of windows
    silhouette: tuple = ()  # the one colour of all parts but walls, hulls and sails, if they are seen against the light


LIGHTS = {"day": Light(1.0, (190, 220, 235)), "night": Light(0.8, (250, 230, 120))}


def draw_thing(canvas, thing, light):
    def lit(colour):
        return tuple(round(c * light.dim) for c in colour)

    def part(colour):
        return light.silhouette or lit(colour)

    x = thing.x
    if thing.kind == "house":
        canvas.box(x - 19, 62, x + 19, 98, lit(COLOURS[thing.colour]))
        canvas.area([(x - 24, 62), (x, 40), (x + 24, 62)], part((110, 65, 45)))
        canvas.box(x - 5, 80, x + 5, 98, light.silhouette or (70, 45, 35))
        canvas.box(x - 15, 68, x - 7, 76, light.glass)
        canvas.box(x + 7, 68, x + 15, 76, light.glass)
    elif thing.kind == "tree":
        canvas.box(x - 4, 72, x + 4, 98, part((105, 70, 45)))
        canvas.disc(x, 58, 18, part((50, 120, 55)))
    else:  # boat
        canvas.area([(x - 26, 92), (x + 26, 92), (x + 17, 106), (x - 17, 106)], lit(COLOURS[thing.colour]))
        canvas.box(x - 1, 50, x + 1, 92, part((90, 60, 45)))
        canvas.area([(x + 3, 52), (x + 3, 87), (x + 23, 87)], lit((235, 235, 230)))


def draw_landscape(scene, scale):
    canvas = Canvas(SKIES[scene.time], scale)
    canvas.box(0, HORIZON, SIZE, SIZE, GROUNDS[scene.ground][scene.time])
    if scene.light:
        canvas.disc(scene.light_x, 22, 12, SUN if scene.time == "day" else MOON)
    for thing in scene.things:
        draw_thing(canvas, thing, LIGHTS[scene.time])
    return canvas.reduced()


def draw(scene, scale=1):
    """The scene as a (128 * scale, 128 * scale, 3) uint8 array."""
    return np.asarray(draw_shapes(scene, scale) if isinstance(scene, Shapes) else draw_landscape(scene, scale))


def choose(rng, names):
    return names[rng.integers(len(names))]


def kind_and_colour(rng, background, held_out):
    """A pair that stands out from the background; one of the pairs never trained if `held_out`."""
    while True:
        pair = (choose(rng, SHAPES), choose(rng, tuple(COLOURS)))
        if pair[1] != background and (pair in HELD_OUT) == held_out:
            return pair


def texture(rng, size):
    return choose(rng, TEXTURES[1:]) if size != "small" and rng.random() < 0.3 else "plain"


def places(rng, radii):
    """Centres for shapes of these radii: side by side, on top of each other, or (three) anywhere apart."""
    while True:
        x, y = (np.array([rng.uniform(r + 4, SIZE - r - 4) for r in radii]) for _ in range(2))
        dx, dy = (np.abs(v[:, None] - v[None, :]) for v in (x, y))
        gaps = np.maximum(dx, dy) - (np.array(radii)[:, None] + np.array(radii)[None, :])
        clear = np.abs(dx - dy) > 14  # one direction is plainly the larger
        pairs = np.triu_indices(len(radii), 1)
        if (gaps[pairs] > 6).all() and (clear[pairs].all() or len(radii) == 3):
            return x, y


def shapes_scene(rng, count=None, held_out=False):
    background = choose(rng, tuple(BACKGROUNDS))
    count = count or rng.choice([1, 2, 3], p=[0.50, 0.43, 0.07])
    sizes = [choose(rng, ("small", "medium", "large")) for _ in range(count)]
    if count == 2 and "large" in sizes:  # what fits beside it
        sizes = ["large", "small"] if rng.random() < 0.5 else ["small", "large"]
    elif count == 3:
        sizes = ["small"] * 3
    radii = [rng.uniform(*RADII[s]) for s in sizes]
    x, y = places(rng, radii)
    pairs = []
    while len(pairs) < count:
        pair = kind_and_colour(rng, background, held_out and not pairs)
        if pair not in pairs:
            pairs.append(pair)
    return Shapes(background, tuple(
        Shape(*pairs[i], sizes[i], texture(rng, sizes[i]), float(x[i]), float(y[i]), radii[i])
        for i in range(count)))


def landscape_scene(rng):
    ground = choose(rng, ("grass", "grass", "water"))
    kinds = ("boat",) if ground == "water" else choose(rng, (("house",), ("tree",), ("house", "tree"), ("tree", "house"), ("tree", "tree")))
    spots = (rng.uniform(34, 94),) if len(kinds) == 1 else (rng.uniform(28, 36), rng.uniform(90, 100))
    things = tuple(Thing(kind, "" if kind == "tree" else choose(rng, WALLS), float(x)) for kind, x in zip(kinds, spots))
    return Landscape(choose(rng, ("day", "night")), ground, bool(rng.random() < 0.6), float(rng.uniform(18, 110)), things)


def scene(rng, held_out_too=False):
    """One scene to learn from; pairs of HELD_OUT are only in those for the autoencoder, which sees no words."""
    return landscape_scene(rng) if rng.random() < 0.2 else shapes_scene(rng, held_out=held_out_too and rng.random() < 0.2)

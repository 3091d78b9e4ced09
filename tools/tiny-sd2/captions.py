"""What people might say of a scene: short English captions in varied words and orders."""

from scenes import Shapes, choose

NOUNS = {
    "circle": ("circle", "circle", "disc", "ball"),
    "square": ("square", "square", "box"),
    "triangle": ("triangle",),
    "star": ("star",),
    "cross": ("cross", "cross", "plus"),
    "ring": ("ring", "ring", "hoop"),
}
SIZES = {"small": ("small", "little", "tiny"), "large": ("large", "big", "huge")}
TEXTURES = {"striped": ("striped", "striped", "stripy"), "dotted": ("dotted", "dotted", "spotted")}
TRAILING = {"striped": "with stripes", "dotted": "with dots"}
COLOUR_NAMES = {"purple": ("purple", "purple", "violet"), "grey": ("grey", "gray")}
OPENINGS = ("a picture of", "a drawing of", "an image of", "a painting of", "there is")


def colour_name(rng, colour):
    return choose(rng, COLOUR_NAMES.get(colour, (colour,)))


def article(rng, words):
    if rng.random() < 0.1:
        return f"one {words}"
    return f"an {words}" if words[0] in "aeiou" else f"a {words}"


def size_words(rng, shape):
    return [choose(rng, SIZES[shape.size])] if shape.size in SIZES and rng.random() < 0.5 else []


def shape_words(rng, shape):
    """A shape as a noun with some of its attributes; colour and kind are left out at times."""
    adjectives, after = size_words(rng, shape), ""
    looks = [] if rng.random() < 0.1 else [colour_name(rng, shape.colour)]
    if shape.texture in TEXTURES:
        if rng.random() < 0.3:
            after = " " + TRAILING[shape.texture]
        else:
            looks.insert(rng.integers(len(looks) + 1), choose(rng, TEXTURES[shape.texture]))
    noun = "shape" if looks and rng.random() < 0.06 else choose(rng, NOUNS[shape.kind])
    return article(rng, " ".join([*adjectives, *looks, noun])) + after


def place_words(rng, x, y):
    across = "left" if x < 50 else "right" if x > 78 else ""
    down = "top" if y < 50 else "bottom" if y > 78 else ""
    if across and down:
        return choose(rng, (f"in the {down} {across} corner", f"at the {down} {across}"))
    if across:
        return f"on the {across}"
    return f"at the {down}" if down else choose(rng, ("in the middle", "in the center"))


def relation_words(rng, pairs):
    """Two things with where they are to each other; `pairs` holds (words, x, y) of each."""
    (a, ax, ay), (b, bx, by) = pairs if rng.random() < 0.5 else pairs[::-1]
    if rng.random() < 0.25:
        return choose(rng, (f"{a} and {b}", f"{a} and {b}", f"{a} next to {b}", f"{a} beside {b}"))
    if abs(ax - bx) > abs(ay - by):
        side = "left" if ax < bx else "right"
        return choose(rng, (f"{a} left of {b}", f"{a} to the left of {b}")).replace("left", side)
    return f"{a} {choose(rng, ('above', 'above', 'over') if ay < by else ('below', 'below', 'under'))} {b}"


def with_background(rng, things, background):
    if rng.random() < 0.1:
        return things
    name = colour_name(rng, background)
    form = rng.random()
    if form < 0.15:
        return f"{article(rng, name)} background with {things}"
    if form < 0.25:
        return f"on {article(rng, name)} background, {things}"
    return things + choose(rng, (
        f" on {article(rng, name)} background", f" on {article(rng, name)} background", f" on {name}",
        f" in front of {article(rng, name)} background", f" against {article(rng, name)} backdrop"))


def shapes_caption(rng, scene, words_of=shape_words):
    words = [(words_of(rng, s), s.x, s.y) for s in scene.shapes]
    if len(words) == 1:
        things = words[0][0] + (" " + place_words(rng, *words[0][1:]) if rng.random() < 0.35 else "")
    elif len(words) == 2:
        things = relation_words(rng, words)
    else:
        rng.shuffle(words)
        things = f"{words[0][0]}, {words[1][0]} and {words[2][0]}"
    return with_background(rng, things, scene.background)


def thing_words(rng, thing):
    if thing.kind == "tree" or rng.random() < 0.1:
        return article(rng, thing.kind)
    noun = choose(rng, ("boat", "boat", "ship", "sailing boat")) if thing.kind == "boat" else thing.kind
    return article(rng, f"{colour_name(rng, thing.colour)} {noun}")


def things_words(rng, scene):
    """What stands in a landscape, and where."""
    kinds = [thing.kind for thing in scene.things]
    if kinds == ["tree", "tree"]:
        words = "two trees"
    elif len(kinds) == 2:
        words = relation_words(rng, [(thing_words(rng, t), t.x, 0) for t in scene.things])
    else:
        words = thing_words(rng, scene.things[0])
    if scene.ground == "water":
        words += choose(rng, (" on the water", " on the sea", " at sea", " on a lake"))
    elif rng.random() < 0.4:
        words += choose(rng, (" on the grass", " on a meadow", " in a field"))
    return words


def landscape_caption(rng, scene):
    words = things_words(rng, scene)
    light = "sun" if scene.time == "day" else "moon"
    time = choose(rng, ("by day", "during the day", "in daylight") if scene.time == "day" else ("at night", "at night", "by night"))
    if not scene.light:
        return f"{words} {time}"
    light = choose(rng, (f"under the {light}", f"with the {light} in the sky", f"and the {light}"))
    return f"{words} {light}" if rng.random() < 0.4 else f"{words} {time} {light}"


def caption(rng, scene):
    words = shapes_caption(rng, scene) if isinstance(scene, Shapes) else landscape_caption(rng, scene)
    return f"{choose(rng, OPENINGS)} {words}" if rng.random() < 0.15 else words

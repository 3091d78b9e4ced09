"""Simple rules that say what an image shows; MeaningTest has the same ones in Java.

Each pixel belongs to the nearest of the named colours. The background is the commonest of them in a frame of FRAME pixels. Objects are
the connected areas that differ from the background by more than DIFFERENT; an object's colour is the commonest in it, its shape the one whose
outline, stretched to the object's bounding box, has the largest intersection over union with it.
"""

import numpy as np
from scipy import ndimage

import scenes

FRAME = 6  # pixels
DIFFERENT = 60.0  # distance in RGB
SMALLEST = 80  # pixels in an object
GRID = 32  # points across a bounding box
APART = 6.0  # pixels between centres in the direction of a relation

NAMES = (*scenes.COLOURS, "grey")
PALETTE = np.array([*scenes.COLOURS.values(), scenes.BACKGROUNDS["grey"]], float)


def nearest(image, palette=PALETTE):
    """(H, W, 3) to the index of each pixel's nearest colour, (H, W)."""
    return np.square(image[:, :, None, :].astype(float) - palette).sum(-1).argmin(-1)


def commonest(indices):
    return np.bincount(indices.ravel(), minlength=len(PALETTE)).argmax()


def outline(kind):
    """The shape on GRID x GRID points of its bounding box."""
    s = (np.arange(GRID) + 0.5) / GRID
    u, v = np.meshgrid(s, s)
    far = np.hypot(2 * u - 1, 2 * v - 1)
    if kind == "square":
        return np.ones_like(u, bool)
    if kind == "circle":
        return far <= 1
    if kind == "ring":
        return (far <= 1) & (far >= 0.5)
    if kind == "cross":
        return (np.abs(2 * u - 1) <= 0.33) | (np.abs(2 * v - 1) <= 0.33)
    points = np.array(scenes.polygon(kind, 0, 0, 1))
    points = (points - points.min(0)) / (points.max(0) - points.min(0))
    inside = np.zeros_like(u, bool)
    for (ax, ay), (bx, by) in zip(points, np.roll(points, -1, 0)):
        if ay != by:
            inside ^= ((ay > v) != (by > v)) & (u < (bx - ax) * (v - ay) / (by - ay) + ax)
    return inside


OUTLINES = {kind: outline(kind) for kind in scenes.SHAPES}


def shape_of(mask):
    """The best of scenes.SHAPES for an object's pixels."""
    y, x = np.nonzero(mask)
    rows = y.min() + ((np.arange(GRID) + 0.5) / GRID * (y.max() - y.min() + 1)).astype(int)
    columns = x.min() + ((np.arange(GRID) + 0.5) / GRID * (x.max() - x.min() + 1)).astype(int)
    seen = mask[np.ix_(rows, columns)]
    return max(OUTLINES, key=lambda kind: (seen & OUTLINES[kind]).sum() / (seen | OUTLINES[kind]).sum())


def masks(image):
    """(each pixel's nearest colour, that of the background, where the objects are from the largest on)."""
    colours = nearest(image)
    frame = np.ones(colours.shape, bool)
    frame[FRAME:-FRAME, FRAME:-FRAME] = False
    background = commonest(colours[frame])
    level = image[frame & (colours == background)].mean(0)
    differs = np.sqrt(np.square(image - level).sum(-1)) > DIFFERENT
    labels, count = ndimage.label(differs)
    found = sorted((labels == i + 1 for i in range(count)), key=np.sum, reverse=True)
    return colours, background, [mask for mask in found if mask.sum() >= SMALLEST]


def objects(image):
    """(name of the background's colour, list of (colour, shape, x, y) from the largest object on)."""
    colours, background, found = masks(image)
    centres = [np.nonzero(mask) for mask in found]
    return NAMES[background], [
        (NAMES[commonest(colours[mask])], shape_of(mask), x.mean(), y.mean()) for mask, (y, x) in zip(found, centres)]


def sky(image):
    """day or night, by the upper 12 rows."""
    mean = image[:12].reshape(-1, 3).mean(0)
    return min(scenes.SKIES, key=lambda time: np.square(mean - scenes.SKIES[time]).sum())


def shows_colour(image, name):
    """Whether at least SMALLEST connected pixels of a landscape have the named colour (rather than another, sky, grass or water)."""
    others = [scenes.SKIES["day"], *(g["day"] for g in scenes.GROUNDS.values())]
    labels, count = ndimage.label(nearest(image, np.vstack([PALETTE, others])) == NAMES.index(name))
    return count > 0 and np.bincount(labels.ravel())[1:].max() >= SMALLEST


def landscape_verdict(row, image):
    """What of a landscape's row holds."""
    verdict = {"background": sky(image) == row["background"]}
    if row["colour"]:
        verdict["colour"] = shows_colour(image, row["colour"])
    return verdict


def verdict(row, image):
    """What of a row of prompts.csv holds in its image: background, colour, shape and (for two objects) relation, true or false each."""
    if row["kind"] == "landscape":
        return landscape_verdict(row, image)
    background, found = objects(image)
    expected = [(row["colour"], row["shape"])] + ([(row["colour2"], row["shape2"])] if row["colour2"] else [])
    first = [next((o for o in found[:len(expected)] if o[0] == colour), None) for colour, _ in expected]
    result = {
        "background": background == row["background"],
        "colour": all(o is not None for o in first),
        "shape": all(o is not None and o[1] == shape for o, (_, shape) in zip(first, expected)),
    }
    if row["relation"]:
        axis = 2 if row["relation"] == "left" else 3
        result["relation"] = all(first) and first[1][axis] - first[0][axis] >= APART
    return result

"""Edges as OpenCV's Canny(image, 100, 200) finds them, of which ControlNets for edges have learnt.

canny.safetensors has NAME/rgb (H, W, 3) uint8 and NAME/edges (H, W) uint8, 0 or 255.
"""

import cv2
import numpy
from safetensors.numpy import save_file

from common import OUTPUT

SIZES = {"scene": (96, 128), "odd": (37, 53), "row": (1, 40), "column": (40, 1), "pixel": (1, 1)}


def scene(generator, height, width):
    """Discs and bars in colours over a slope, some of it blurred, with a little noise: edges of every direction and strength."""
    slope = numpy.linspace(20, 200, width)[None, :, None] * numpy.linspace(0.3, 1, height)[:, None, None]
    image = numpy.repeat(slope, 3, axis=2)
    y, x = numpy.mgrid[:height, :width]
    for _ in range(7):
        colour, size = generator.integers(0, 256, 3), generator.integers(3, 25)
        row, column = generator.integers(0, height), generator.integers(0, width)
        image[(y - row) ** 2 + (x - column) ** 2 < size**2] = colour
        image[abs((y - row) * int(size) - (x - column) * 7) < 12] = generator.integers(0, 256, 3)
    blurred = (image + numpy.roll(image, 1, 0) + numpy.roll(image, 1, 1) + numpy.roll(image, 2, 1)) / 4
    image[:, width // 2 :] = blurred[:, width // 2 :]
    return (image + generator.normal(0, 6, image.shape)).clip(0, 255).astype(numpy.uint8)


def main():
    generator = numpy.random.default_rng(7)
    tensors = {}
    for name, size in SIZES.items():
        image = scene(generator, *size)
        tensors |= {f"{name}/rgb": image, f"{name}/edges": cv2.Canny(image, 100, 200)}
    path = OUTPUT / "canny.safetensors"
    save_file(tensors, path)
    path.chmod(0o644)


if __name__ == "__main__":
    main()

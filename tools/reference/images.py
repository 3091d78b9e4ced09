"""Small image files of every kind that is read or refused, what Pillow reads of them, and images resized as diffusers resizes them."""

import io
import struct
import zlib

import numpy as np
import torch
from diffusers.image_processor import VaeImageProcessor
from PIL import Image, ImageOps

from common import OUTPUT, write_tensors

FOLDER = OUTPUT / "images"
HEIGHT, WIDTH = 12, 20
COLOUR_TYPES = {1: 0, 2: 4, 3: 2, 4: 6}  # channels: PNG's number
ADAM7 = ((0, 0, 8, 8), (0, 4, 8, 8), (4, 0, 8, 4), (0, 2, 4, 4), (2, 0, 4, 2), (0, 1, 2, 2), (1, 0, 2, 1))  # row, column, steps
SIZES = ((20, 12), (64, 40), (7, 5), (20, 33), (1, 1), (8, 12))  # width, height


def noise(seed, height, width, channels):
    """(H, W, C) uint8: a gradient and noise, so that neither a shift nor an exchange is hidden"""
    rng = np.random.default_rng(seed)
    y, x, c = np.mgrid[0:height, 0:width, 0:channels]
    return ((3 * x + 5 * y + 60 * c) % 200 + rng.integers(0, 56, (height, width, channels))).astype(np.uint8)


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def png(rows, width, height, depth, colour, interlaced=0, before=b""):
    header = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    data = zlib.compress(b"".join(b"\0" + row for row in rows))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + before + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def deep(values):
    """A PNG of 16 bits from (H, W, C) uint16, which Pillow does not write."""
    height, width, channels = values.shape
    return png([row.astype(">u2").tobytes() for row in values], width, height, 16, COLOUR_TYPES[channels])


def shallow(values, depth):
    """A grey PNG of 1, 2 or 4 bits from (H, W) of as many."""
    bits = ((values[..., None] >> np.arange(depth - 1, -1, -1)) & 1).reshape(len(values), -1)
    return png([np.packbits(row).tobytes() for row in bits], values.shape[1], values.shape[0], depth, 0)


def interlaced(values):
    rows = [row.tobytes() for y, x, dy, dx in ADAM7 for row in values[y::dy, x::dx] if row.size]
    return png(rows, values.shape[1], values.shape[0], 8, 2, 1)


def saved(image, **how):
    file = io.BytesIO()
    image.save(file, **how)
    return file.getvalue()


def without_jfif(jpeg):
    """The marker that says how colours are stored is missing in what many cameras write."""
    assert jpeg[2:4] == b"\xff\xe0"
    return jpeg[:2] + jpeg[4 + int.from_bytes(jpeg[4:6], "big") :]


def pngs():
    rgb = Image.fromarray(noise(1, HEIGHT, WIDTH, 3))
    grey = Image.fromarray(noise(2, HEIGHT, WIDTH, 1)[..., 0])
    wide = np.random.default_rng(3).integers(0, 65536, (HEIGHT, WIDTH, 4)).astype(np.uint16)
    palette = rgb.quantize(9)
    exif = Image.Exif()
    exif[0x0112] = 6
    png_exif = saved(rgb, format="PNG", exif=exif)
    return {
        "rgb.png": saved(rgb, format="PNG"),
        "grey.png": saved(grey, format="PNG"),
        "rgba.png": saved(Image.fromarray(noise(4, HEIGHT, WIDTH, 4)), format="PNG"),
        "grey_alpha.png": saved(Image.fromarray(noise(5, HEIGHT, WIDTH, 2), "LA"), format="PNG"),
        "palette.png": saved(palette, format="PNG"),
        "palette_alpha.png": saved(palette, format="PNG", transparency=bytes([0, 40, 128, 250, 255])),
        "rgb_key.png": saved(rgb, format="PNG", transparency=rgb.getpixel((3, 4))),
        "grey_key.png": saved(grey, format="PNG", transparency=grey.getpixel((3, 4))),
        "bits1.png": saved(grey.point(lambda v: 255 * (v > 90)).convert("1"), format="PNG"),
        "bits2.png": shallow(np.asarray(grey) % 4, 2),
        "bits4.png": shallow(np.asarray(grey) % 16, 4),
        "grey16.png": deep(wide[..., :1]),
        "grey_alpha16.png": deep(wide[..., :2]),
        "rgb16.png": deep(wide[..., :3]),
        "rgba16.png": deep(wide),
        "interlaced.png": interlaced(noise(6, HEIGHT, WIDTH, 3)),
        "turned.png": png_exif,
    }


def jpegs():
    rgb = Image.fromarray(noise(7, 24, 40, 3))
    result = {
        "rgb.jpg": saved(rgb, format="JPEG", quality=90),
        "rgb444.jpg": saved(rgb, format="JPEG", quality=90, subsampling=0),
        "rgb422.jpg": saved(rgb, format="JPEG", quality=90, subsampling=1),
        "progressive.jpg": saved(rgb, format="JPEG", progressive=True),
        "grey.jpg": saved(rgb.convert("L"), format="JPEG"),
        "kept_rgb.jpg": saved(rgb, format="JPEG", keep_rgb=True),
        "no_jfif.jpg": without_jfif(saved(rgb, format="JPEG", quality=90, subsampling=0)),
    }
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x010E] = "a description in front"
        exif[0x0112] = orientation
        result[f"turned{orientation}.jpg"] = saved(rgb, format="JPEG", exif=exif)
    return result


def refused():
    rgb = Image.fromarray(noise(8, HEIGHT, WIDTH, 3))
    other = Image.fromarray(noise(9, HEIGHT, WIDTH, 3))
    return {
        "cmyk.jpg": saved(rgb.convert("CMYK"), format="JPEG"),
        "animated.png": saved(rgb, format="PNG", save_all=True, append_images=[other]),
        "animated.gif": saved(rgb, format="GIF", save_all=True, append_images=[other]),
        "image.webp": saved(rgb, format="WEBP"),
        "image.bmp": saved(rgb, format="BMP"),
        "image.tiff": saved(rgb, format="TIFF"),
    }


def over_white(name):
    """What diffusers' load_image reads, but for transparent parts, which it shows, and 16 bits of grey, which Pillow cuts off."""
    image = ImageOps.exif_transpose(Image.open(FOLDER / name))
    if image.mode.startswith("I"):
        image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
    white = Image.new("RGBA", image.size, "white")
    return np.asarray(Image.alpha_composite(white, image.convert("RGBA")).convert("RGB"))


def resized():
    source = noise(10, HEIGHT, WIDTH, 3)
    image, processor = Image.fromarray(source), VaeImageProcessor()
    result = {"source": source}
    for width, height in SIZES:
        for mode in ("default", "crop"):
            made = processor.resize(image, height, width, resize_mode=mode)
            result[f"{mode}/{width}x{height}"] = np.asarray(made)
    return result


def masks():
    """As the inpainting pipeline makes masks, and what the latents have of them."""
    source = noise(11, HEIGHT, WIDTH, 3)
    processor = VaeImageProcessor(do_normalize=False, do_binarize=True, do_convert_grayscale=True)
    mask = processor.preprocess(Image.fromarray(source), height=24, width=40)
    latents = torch.nn.functional.interpolate(mask, size=(3, 5))
    return {"mask/source": source, "mask/pixels": mask[0, 0].numpy().astype(np.uint8), "mask/latents": latents[0, 0].numpy().astype(np.uint8)}


def main():
    FOLDER.mkdir(exist_ok=True)
    read = pngs() | jpegs()
    for name, content in (read | refused()).items():
        (FOLDER / name).write_bytes(content)
    arrays = {name: over_white(name) for name in read} | resized() | masks()
    write_tensors(OUTPUT / "images.safetensors", {name: torch.from_numpy(array.copy()) for name, array in arrays.items()})


if __name__ == "__main__":
    main()

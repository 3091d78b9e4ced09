"""What landscapes are drawn on."""

from PIL import Image, ImageDraw

SIZE = 128  # pixels
OVERSAMPLING = 3  # drawn this much larger, then averaged, for smooth edges


class Canvas:
    """An image to draw on in 128ths of its sides; `reduced` returns it with `scale` pixels for each of them."""

    def __init__(self, colour, scale=1):
        self.factor = scale * OVERSAMPLING
        self.image = Image.new("RGB", (SIZE * self.factor, SIZE * self.factor), colour)
        self.pen = ImageDraw.Draw(self.image)

    def box(self, x0, y0, x1, y1, fill):
        k = self.factor
        self.pen.rectangle([x0 * k, y0 * k, x1 * k, y1 * k], fill=fill)

    def disc(self, x, y, r, fill):
        k = self.factor
        self.pen.ellipse([(x - r) * k, (y - r) * k, (x + r) * k, (y + r) * k], fill=fill)

    def area(self, points, fill):
        self.pen.polygon([(x * self.factor, y * self.factor) for x, y in points], fill=fill)

    def reduced(self):
        return self.image.reduce(OVERSAMPLING)

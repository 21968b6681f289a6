"""A preview of the images that the starter backbone was pretrained on, rendered on demand."""

import numpy as np
from PIL import Image

from core.backbones.starter.images import SHAPES, draw_image

_GAP = 2


def draw_preview(rows: int, columns: int, seed: int, side: int = 96) -> Image.Image:
    """Render images of random classes side by side.

    Args:
        rows: Number of rows.
        columns: Number of columns.
        seed: Selects the images; shapes, textures and palettes are those of the pretraining.
        side: Height and width of each image in pixels.

    Returns:
        An RGB image; thin white lines separate the images.
    """
    rng = np.random.default_rng([seed, 8])
    step = side + _GAP
    preview = Image.new("RGB", (columns * step - _GAP, rows * step - _GAP), "white")
    for place in range(rows * columns):
        image, _ = draw_image(int(rng.integers(SHAPES)), int(rng.integers(2**31)), size=side)
        preview.paste(Image.fromarray(image), (place % columns * step, place // columns * step))
    return preview

"""A sheet of the images that the starter backbone was pretrained on, drawn at the moment it is asked for."""

import numpy as np
from PIL import Image

from core.backbones.starter.images import SHAPES, draw

_GAP = 2


def draw_sheet(rows: int, columns: int, seed: int, side: int = 96) -> Image.Image:
    """Draw images of random classes side by side.

    Args:
        rows: Images from top to bottom.
        columns: Images from left to right.
        seed: Which images; the programs that draw them are those of the pretraining.
        side: Height and width of each in pixels.

    Returns:
        An RGB picture, the images apart by a thin white line.
    """
    rng = np.random.default_rng([seed, 8])
    step = side + _GAP
    sheet = Image.new("RGB", (columns * step - _GAP, rows * step - _GAP), "white")
    for place in range(rows * columns):
        image, _ = draw(int(rng.integers(SHAPES)), int(rng.integers(2**31)), size=side)
        sheet.paste(Image.fromarray(image), (place % columns * step, place // columns * step))
    return sheet

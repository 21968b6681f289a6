"""Draws a heat map over its image. Needs no framework.

The colours are those of matplotlib's `inferno`, sampled at six places. Their brightness rises evenly, so the map can be
read without colour vision.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLOURS: Final = np.array(
    [(0, 0, 4), (66, 10, 104), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164)], np.float32
)


def draw_heat(pixels: NDArray[np.uint8], heat: NDArray[np.float32], opacity: float = 0.7) -> Image.Image:
    """Colour an image by its heat map; pixels without heat stay as they are.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        heat: (any height, any width) float32 from 0 to 1; resized to the image.
        opacity: Opacity of the colour where the heat is 1, from 0 to 1.
    """
    height, width = pixels.shape[:2]
    warmth = resize_map(heat, height, width).clip(0, 1)
    stops = np.linspace(0, 1, len(_COLOURS))
    colours = np.stack([np.interp(warmth, stops, channel) for channel in _COLOURS.T], axis=-1)
    cover = opacity * warmth[..., np.newaxis]
    return Image.fromarray(np.round(pixels * (1 - cover) + colours * cover).astype(np.uint8))


def resize_map(heat: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """Resize a heat map, bilinear."""
    return np.asarray(Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))

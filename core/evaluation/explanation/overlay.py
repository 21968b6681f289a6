"""A heat map drawn over its picture. Framework-free.

The colours are those of matplotlib's `inferno`, sampled at six places: they rise evenly in brightness, so that they can
be read without seeing colours.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_COLOURS: Final = np.array(
    [(0, 0, 4), (66, 10, 104), (147, 38, 103), (221, 81, 58), (252, 165, 10), (252, 255, 164)], np.float32
)


def draw_heat(pixels: NDArray[np.uint8], heat: NDArray[np.float32], opacity: float = 0.7) -> Image.Image:
    """Colour a picture where it is warm; cold places stay as they are.

    Args:
        pixels: (height, width, 3) uint8 RGB.
        heat: (any height, any width) float32 from 0 to 1; stretched over the picture.
        opacity: How far the warmest place is covered by its colour, from 0 to 1.
    """
    height, width = pixels.shape[:2]
    warm = stretched(heat, height, width).clip(0, 1)
    places = np.linspace(0, 1, len(_COLOURS))
    colours = np.stack([np.interp(warm, places, channel) for channel in _COLOURS.T], axis=-1)
    cover = opacity * warm[..., np.newaxis]
    return Image.fromarray(np.round(pixels * (1 - cover) + colours * cover).astype(np.uint8))


def stretched(heat: NDArray[np.float32], height: int, width: int) -> NDArray[np.float32]:
    """A heat map at another size, bilinear."""
    return np.asarray(Image.fromarray(heat.astype(np.float32)).resize((width, height), Image.Resampling.BILINEAR))

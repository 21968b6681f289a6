"""Convert images of more than 8 bits per channel to 8-bit grey."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.intake.tiff import is_white_zero

WHITE: Final = 255
# Microscopes, scanners and X-ray detectors often store 12 measured bits in 16.
INTEGER_RANGES: Final = (255, 4095, 65535)
FLOAT_RANGES: Final = (1, 255)
# Share of the pixels that may lie outside the range at each end. A single hot pixel of a sensor must not make an image
# 16 times darker than its neighbours.
OUTLIERS: Final = 0.001
_RANGE_OF_DEPTH: Final = {top.bit_length(): (0.0, float(top)) for top in INTEGER_RANGES}


def to_grey(image: Image.Image, bit_depth: int | None = None) -> Image.Image:
    """Scale integers or floats to 0 to 255.

    Integers are taken to have 8, 12 or 16 bits: the depth of their set, or else the smallest depth that holds all
    values but one in a thousand. Floats are taken to range from 0 to 1 or from 0 to 255 if they lie within, with the
    same exception. Any other range is stretched from its minimum to its maximum without these outliers. Outliers are
    clipped; NaN and infinity become black. A TIFF in which 0 is white is inverted. A value that marks transparency
    gives an alpha channel.

    Args:
        image: A decoded image of integers of more than 8 bits, or of floats.
        bit_depth: The depth of the set (`core.dataset.pixels.common_bit_depth`); None to choose it for this image.
    """
    values = np.asarray(image)
    low, high = _range(values, FLOAT_RANGES if image.mode == "F" else INTEGER_RANGES)
    if bit_depth is not None and image.mode != "F" and (low, high) in _RANGE_OF_DEPTH.values():
        low, high = _RANGE_OF_DEPTH[bit_depth]
    grey = _scale(values, low, high)
    if is_white_zero(image):
        grey = WHITE - grey
    grey[~np.isfinite(values)] = 0
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        return Image.fromarray(np.dstack([grey, np.where(values == transparent, 0, WHITE).astype(np.uint8)]))
    return Image.fromarray(grey)


def find_bit_depth(image: Image.Image) -> int:
    """Give the bits that a decoded image needs: 8, 12 or 16; 0 if it has no integers of more than 8 bits."""
    if not image.mode.startswith("I"):
        return 0
    found = _range(np.asarray(image), INTEGER_RANGES)
    return next((depth for depth, levels in _RANGE_OF_DEPTH.items() if levels == found), 0)


def _range(values: NDArray[Any], ranges: tuple[int, ...]) -> tuple[float, float]:
    """Give the values that become black and white; finite values outside of `ranges` give their own range."""
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values.ravel()
    if not finite.size:
        return 0.0, 1.0
    outliers = int(finite.size * OUTLIERS)
    ends = np.partition(finite, (outliers, finite.size - 1 - outliers))
    low, high = float(ends[outliers]), float(ends[finite.size - 1 - outliers])
    return next(((0.0, float(top)) for top in ranges if low >= 0 and high <= top), (low, high))


def _scale(values: NDArray[Any], low: float, high: float) -> NDArray[np.uint8]:
    scale = WHITE / ((high - low) or 1)
    known = np.nan_to_num(values.astype(np.float32), nan=low, posinf=low, neginf=low)
    grey: NDArray[np.float32] = (known - np.float32(low)) * np.float32(scale) + np.float32(0.5)
    return np.clip(grey, 0, WHITE).astype(np.uint8)

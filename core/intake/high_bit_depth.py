"""Convert images of more than 8 bits per channel to 8-bit grey."""

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

WHITE: Final = 255
# Microscopes, scanners and X-ray detectors often store 12 measured bits in 16.
DEPTHS: Final = (8, 12, 16)


def to_grey(image: Image.Image) -> Image.Image:
    """Scale integers or floats to 0 to 255.

    Integers are taken to have 8, 12 or 16 bits, the smallest depth that holds them. Floats are taken to range from 0 to
    1 or from 0 to 255 if they lie within. Any other range is stretched from its minimum to its maximum. NaN and
    infinity become black. A value that marks transparency gives an alpha channel.
    """
    values = np.asarray(image)
    grey = _scale_floats(values) if image.mode == "F" else _scale_integers(values)
    transparent = image.info.get("transparency")
    if isinstance(transparent, int):
        return Image.fromarray(np.dstack([grey, np.where(values == transparent, 0, WHITE).astype(np.uint8)]))
    return Image.fromarray(grey)


def _scale_integers(values: NDArray[Any]) -> NDArray[np.uint8]:
    low, high = int(values.min()), int(values.max())
    for bits in DEPTHS:
        if low >= 0 and high < 2**bits:
            return _stretch(values.astype(np.float32), 0, 2**bits - 1)
    return _stretch(values.astype(np.float32), low, high)


def _scale_floats(values: NDArray[Any]) -> NDArray[np.uint8]:
    finite = np.isfinite(values)
    if not finite.any():
        return np.zeros(values.shape, np.uint8)
    low, high = float(values[finite].min()), float(values[finite].max())
    if low >= 0 and high <= WHITE:
        low, high = 0, (1 if high <= 1 else WHITE)
    grey = _stretch(np.where(finite, values, low).astype(np.float32), low, high)
    grey[~finite] = 0
    return grey


def _stretch(values: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    span = (high - low) or 1.0
    return ((values - low) * (WHITE / span) + 0.5).astype(np.uint8)

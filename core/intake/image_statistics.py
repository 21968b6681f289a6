"""Statistics of an image, measured while it is decoded. Without NumPy, whose import would slow each decoder's start."""

import itertools
from collections.abc import Sequence
from typing import Final

from PIL import Image, ImageFilter, ImageStat

from core.intake.results import ImageStatistics

WHITE: Final = 255
LAPLACIAN: Final = (0, 1, 0, 1, -4, 1, 0, 1, 0)
HASH_SIZE: Final = (9, 8)


def measure(picture: Image.Image, bit_depth: int = 0) -> ImageStatistics:
    """Measure an image.

    Args:
        picture: A copy of at most 256 pixels a side; otherwise sharpness would depend on the size.
        bit_depth: Bits that the original needs, which the copy does not show.
    """
    grey = picture.convert("L")
    statistics = ImageStat.Stat(grey)
    return ImageStatistics(
        brightness=round(statistics.mean[0] / WHITE, 4),
        contrast=round(statistics.stddev[0] / WHITE, 4),
        sharpness=round(_sharpness(grey), 2),
        dhash=_difference_hash(grey),
        bit_depth=bit_depth,
    )


def _sharpness(grey: Image.Image) -> float:
    """Give the variance of the Laplacian without the border; absolute values above 255 count as 255."""
    if min(grey.size) < 3:  # noqa: PLR2004 - the Laplacian's width
        return 0.0
    inside = (1, 1, grey.width - 1, grey.height - 1)
    brighter, darker = (
        grey.filter(ImageFilter.Kernel((3, 3), [sign * weight for weight in LAPLACIAN], scale=1))
        .crop(inside)
        .histogram()
        for sign in (1, -1)
    )
    n = (grey.width - 2) * (grey.height - 2)
    mean = (_moment(brighter, 1) - _moment(darker, 1)) / n
    return (_moment(brighter, 2) + _moment(darker, 2)) / n - mean**2


def _moment(histogram: Sequence[int], power: int) -> int:
    return sum(count * value**power for value, count in enumerate(histogram))


def _difference_hash(grey: Image.Image) -> str:
    width, height = HASH_SIZE
    small = grey.resize(HASH_SIZE, Image.Resampling.BILINEAR).tobytes()
    rows = [small[y * width : (y + 1) * width] for y in range(height)]
    bits = "".join("1" if left > right else "0" for row in rows for left, right in itertools.pairwise(row))
    return f"{int(bits, 2):016x}"

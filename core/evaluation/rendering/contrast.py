"""Text colours that are readable on a background, by the contrast of WCAG 2.2 (1.4.3).

Colours are written `#rrggbb`. Black or white has a contrast of at least 4.58 on every colour, above the 4.5 that small
text needs.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

BLACK: Final = "#000000"
WHITE: Final = "#ffffff"


def text_colour(colour: str) -> str:
    """Choose black or white, whichever has more contrast to a background colour."""
    return max((BLACK, WHITE), key=lambda text: contrast(text, colour))


def contrast(one: str, other: str) -> float:
    """Compute the contrast ratio of two colours, from 1 to 21."""
    dark, light = sorted((_luminance(one), _luminance(other)))
    return (light + 0.05) / (dark + 0.05)


def shade(scale: Sequence[str], share: float) -> str:
    """Interpolate a colour scale with equidistant stops in sRGB, as browsers and Plotly do.

    Args:
        scale: At least two colours.
        share: Position from 0 (first colour) to 1 (last colour).
    """
    position = min(max(share, 0.0), 1.0) * (len(scale) - 1)
    left = min(int(position), len(scale) - 2)
    ends = list(pairwise(scale))[left]
    mixed = (low + (high - low) * (position - left) for low, high in zip(*map(_channels, ends), strict=True))
    return "#" + "".join(f"{round(channel):02x}" for channel in mixed)


def _luminance(colour: str) -> float:
    red, green, blue = (_linear(channel / 255) for channel in _channels(colour))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(channel: float) -> float:
    return channel / 12.92 if channel <= 0.04045 else ((channel + 0.055) / 1.055) ** 2.4  # noqa: PLR2004 - sRGB


def _channels(colour: str) -> tuple[int, int, int]:
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)

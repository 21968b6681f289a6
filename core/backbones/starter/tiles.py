# ruff: noqa: PLR2004 - the constants of formulas, each used once
"""Seamless tiles: noise with the spectrum of natural images, and dead leaves (overlapping discs and squares).

Textures read values from them by coordinate, which is much faster than generating noise for each image. Sources:
Ruderman and Bialek 1994 (power spectra of natural images), Lee, Mumford and Huang 2001 (dead leaves).
"""

from functools import lru_cache

import numpy as np
import scipy.fft
from numpy.typing import NDArray

Field = NDArray[np.float32]

SIDE = 256
NOISES = 12
LEAVES = 6
_EXPONENTS = np.linspace(0.7, 2.2, NOISES)
_LEAVES_A_TILE = 700


@lru_cache(maxsize=2)
def tiles(seed: int) -> Field:
    """All tiles of a seed.

    Returns:
        (NOISES + LEAVES, SIDE, SIDE) float32 from 0 to 1: noise from rough to smooth, then dead leaves.
    """
    rng = np.random.default_rng([seed, 1])
    noises = [_noise(rng, exponent) for exponent in _EXPONENTS]
    return np.stack(noises + [_leaves(rng) for _ in range(LEAVES)])


def sample_tile(tile: Field, u: Field, v: Field) -> Field:
    """Values of a tile at coordinates that wrap around.

    Args:
        tile: (SIDE, SIDE).
        u: Across, any shape; 1 is half a tile.
        v: Down, likewise.

    Returns:
        The nearest values, in the shape of `u`.
    """
    across = (u * (SIDE / 2)).astype(np.int32) & (SIDE - 1)
    down = (v * (SIDE / 2)).astype(np.int32) & (SIDE - 1)
    found: Field = tile.reshape(-1)[down * SIDE + across]
    return found


def _noise(rng: np.random.Generator, exponent: float) -> Field:
    """Noise whose amplitude decreases with the frequency to the power of `exponent`."""
    frequency = np.hypot(scipy.fft.fftfreq(SIDE)[:, None], scipy.fft.rfftfreq(SIDE)[None, :])
    frequency[0, 0] = 1
    spectrum = scipy.fft.rfft2(rng.standard_normal((SIDE, SIDE))) * frequency**-exponent
    spectrum[0, 0] = 0
    field = scipy.fft.irfft2(spectrum, s=(SIDE, SIDE))
    tile_: Field = np.clip(0.5 + field / (5 * field.std()), 0, 1).astype(np.float32)
    return tile_


def _leaves(rng: np.random.Generator) -> Field:
    """Discs and rectangles of one grey level each, with sizes from a power law; later ones are on top."""
    tile = np.zeros((SIDE, SIDE), np.float32)
    for _ in range(_LEAVES_A_TILE):
        radius = min(4 / np.sqrt(1 - 0.995 * rng.random()), 60)
        reach = int(1.2 * radius) + 1  # no corner of a square of 2 by 1 is farther from the middle
        offset = np.arange(-reach, reach + 1.0)
        dy, dx = offset[:, None], offset[None, :]
        turn = rng.uniform(0, np.pi)
        a, b = np.cos(turn) * dx + np.sin(turn) * dy, np.cos(turn) * dy - np.sin(turn) * dx
        inside = (a * a + b * b < radius**2) if rng.random() < 0.6 else (np.maximum(abs(a), 2 * abs(b)) < radius)
        rows, columns = np.nonzero(inside)
        down, across = rng.integers(SIDE, size=2)
        rows, columns = rows - reach + SIDE // 2 + down, columns - reach + SIDE // 2 + across
        tile[rows % SIDE, columns % SIDE] = rng.random()
    return tile

# ruff: noqa: PLR2004 - the constants of formulas, each used once
"""Procedural palettes that map values from 0 to 1 to colours."""

import colorsys

import numpy as np
from numpy.typing import NDArray

STEPS = 256
Table = NDArray[np.float32]


def palette(index: int, seed: int) -> Table:
    """Palette `index` of a seed: two to five colours, blended or in steps.

    Returns:
        (STEPS, 3) float32 RGB from 0 to 1.
    """
    rng = np.random.default_rng([seed, 6, index])
    count = int(rng.integers(2, 6))
    hue, spread = rng.random(), rng.choice([0.03, 0.1, 0.25, 0.5, 1])
    vivid = rng.choice([0.05, 0.2, 0.4, 0.65, 0.95])
    hues = hue + spread * rng.uniform(-0.5, 0.5, count)
    saturations = np.clip(vivid + rng.normal(0, 0.15, count), 0, 1)
    lights = np.clip(rng.uniform(0.05, 1, count), 0, 1)
    colours = np.array([colorsys.hsv_to_rgb(h % 1, s, v) for h, s, v in zip(hues, saturations, lights, strict=True)])
    place = np.linspace(0, 1, STEPS)
    if rng.random() < 0.3:
        table: Table = colours[np.minimum((place * count).astype(int), count - 1)].astype(np.float32)
        return table
    at = np.linspace(0, 1, count)
    return np.stack([np.interp(place, at, colours[:, channel]) for channel in range(3)], -1).astype(np.float32)


def jitter(table: Table, rng: np.random.Generator) -> Table:
    """Vary the brightness and warmth of a palette: the difference between two images of one palette."""
    gains = rng.uniform(0.75, 1.15) * rng.uniform(0.93, 1.07, 3)
    return np.clip(table ** rng.uniform(0.8, 1.25) * gains, 0, 1).astype(np.float32)

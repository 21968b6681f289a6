# ruff: noqa: PLR2004 - the constants of formulas, each used once
"""Procedural textures: functions that give each point of a plane a value from 0 to 1.

A texture has a kind and parameters, both drawn from its seed. Two images of one texture differ in position, rotation
and scale. After Baradad et al. 2021 and 2022 (noise and shaders).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.backbones.starter.tiles import LEAVES, NOISES, Field, sample_tile, tiles

_PRIMES = (np.int32(73856093), np.int32(19349663), np.int32(83492791))


@dataclass(frozen=True)
class Texture:
    """A procedural texture.

    Attributes:
        kind: Name of the formula.
        numbers: (12,) float32 from 0 to 1, the parameters of the formula.
        warp: Strength of a distortion of the plane by noise.
        grain: Strength of fine noise in the brightness.
        tiles: The tiles of the seed.
    """

    kind: str
    numbers: NDArray[np.float32]
    warp: float
    grain: float
    tiles: Field

    def values(self, u: Field, v: Field) -> Field:
        """Values from 0 to 1 at coordinates; an image is about 2 wide."""
        if self.warp:
            u = u + self.warp * (sample_tile(self.tiles[NOISES - 1], u, v) - 0.5)
            v = v + self.warp * (sample_tile(self.tiles[NOISES - 2], u, v) - 0.5)
        return _FORMULAS[self.kind](self, u, v)

    def grains(self, u: Field, v: Field) -> Field:
        """Factors of brightness with mean 1."""
        index = int(self.numbers[11] * 6)
        return 1 + self.grain * (sample_tile(self.tiles[index], 1.3 * u, 1.3 * v) - 0.5)

    def log_scaled(self, index: int, low: float, high: float) -> float:
        """Parameter `index`, on a logarithmic scale from `low` to `high`."""
        return float(low * (high / low) ** self.numbers[index])


def texture(index: int, seed: int) -> Texture:
    """Texture `index` of a seed."""
    rng = np.random.default_rng([seed, 2, index])
    kind = str(rng.choice(KINDS, p=_SHARES))
    warp = float(rng.choice([0, 0.15, 0.4, 0.9]))
    return Texture(kind, rng.random(12, np.float32), warp, float(rng.choice([0, 0.3, 0.8])), tiles(seed))


def _wave(phase: Field, form: float) -> Field:
    """A wave of period 1 from 0 to 1: a sine, a triangle or almost a square, depending on `form`."""
    sine: Field = 0.5 + 0.5 * np.sin(2 * np.pi * phase)
    if form < 1 / 3:
        return sine
    triangle: Field = 2 * np.abs(phase - np.floor(phase + 0.5))
    return triangle if form < 2 / 3 else np.clip(8 * (triangle - 0.5) + 0.5, 0, 1)


def _plain(t: Texture, u: Field, v: Field) -> Field:
    value: Field = np.clip(0.5 + 0.4 * (t.numbers[0] - 0.5) * u + 0.4 * (t.numbers[1] - 0.5) * v, 0, 1)
    return value


def _noise(t: Texture, u: Field, v: Field) -> Field:
    tile, scale, stretch = t.tiles[int(t.numbers[0] * NOISES)], t.log_scaled(1, 0.5, 1.5), t.log_scaled(2, 1, 5)
    found = sample_tile(tile, scale * u, scale * stretch * v)
    value: Field = np.clip((found - 0.5) * t.log_scaled(3, 1, 6) + 0.5, 0, 1)
    return value


def _ridges(t: Texture, u: Field, v: Field) -> Field:
    tile, scale = t.tiles[6 + int(t.numbers[0] * (NOISES - 6))], t.log_scaled(1, 0.5, 1.5)
    value: Field = np.minimum(t.log_scaled(2, 2, 8) * np.abs(sample_tile(tile, scale * u, scale * v) - 0.5), 1)
    return value


def _leaves(t: Texture, u: Field, v: Field) -> Field:
    scale = t.log_scaled(1, 0.5, 1.6)
    return sample_tile(t.tiles[NOISES + int(t.numbers[0] * LEAVES)], scale * u, scale * v)


def _stripes(t: Texture, u: Field, v: Field) -> Field:
    bend = t.numbers[2] * sample_tile(t.tiles[NOISES - 1], u, v)
    return _wave(t.log_scaled(0, 1.5, 9) * u + 2 * bend, t.numbers[1])


def _grid(t: Texture, u: Field, v: Field) -> Field:
    across = _wave(t.log_scaled(0, 1.5, 7) * u, t.numbers[1])
    down = _wave(t.log_scaled(2, 1.5, 7) * v, t.numbers[3])
    if t.numbers[4] < 0.4:
        value: Field = np.abs(across - down)
        return value
    return across * down if t.numbers[4] < 0.7 else 0.5 * (across + down)


def _dots(t: Texture, u: Field, v: Field) -> Field:
    scale = t.log_scaled(0, 1.5, 6)
    row = np.floor(scale * v)
    a, b = scale * u + t.numbers[1] * row, scale * v - row - 0.5
    distance = np.hypot(a - np.floor(a) - 0.5, t.log_scaled(2, 0.7, 1.5) * b)
    value: Field = np.clip((t.log_scaled(3, 0.15, 0.5) - distance) * t.log_scaled(4, 3, 20) + 0.5, 0, 1)
    return value


def _cells(t: Texture, u: Field, v: Field) -> Field:
    """Voronoi cells: distance to the centre, distance to the border, or one value per cell."""
    scale = t.log_scaled(0, 1, 5)
    nearest, second, owner = _two_nearest(scale * u, scale * v, jitter=0.3 + 0.7 * float(t.numbers[1]))
    if t.numbers[2] < 0.33:
        return np.minimum(nearest, 1)
    border: Field = second - nearest
    walled: Field = owner * np.minimum(20 * border, 1)
    return np.minimum(t.log_scaled(3, 1, 6) * border, 1) if t.numbers[2] < 0.66 else walled


def _two_nearest(a: Field, b: Field, jitter: float) -> tuple[Field, Field, Field]:
    column, row = np.floor(a).astype(np.int32), np.floor(b).astype(np.int32)
    nearest = np.full(a.shape, 9, np.float32)
    second, owner = nearest.copy(), np.zeros(a.shape, np.float32)
    for i in (-1, 0, 1):
        for j in (-1, 0, 1):
            mixed = (column + i) * _PRIMES[0] ^ (row + j) * _PRIMES[1]
            mixed = (mixed ^ (mixed >> 13)) * _PRIMES[2]
            first = ((mixed >> 4) & 255).astype(np.float32) / 255
            other = ((mixed >> 14) & 255).astype(np.float32) / 255
            across = column + i + 0.5 + jitter * (first - 0.5) - a
            down = row + j + 0.5 + jitter * (other - 0.5) - b
            distance = np.hypot(across, down).astype(np.float32)
            second = np.minimum(second, np.maximum(distance, nearest))
            owner = np.where(distance < nearest, first, owner)
            nearest = np.minimum(nearest, distance)
    return nearest, second, owner


def _swirls(t: Texture, u: Field, v: Field) -> Field:
    """Nested sines: each step distorts the plane by a wave along the other axis."""
    frequency, strength = t.log_scaled(0, 1, 3), t.log_scaled(1, 0.3, 1)
    for step in range(3):
        u = u + strength * np.sin(frequency * (step + 1) * v + 6.3 * t.numbers[2 + step]) / (step + 1)
        v = v + strength * np.sin(frequency * (step + 1) * u + 6.3 * t.numbers[5 + step]) / (step + 1)
    return _wave(t.log_scaled(8, 0.5, 2.5) * (u + v), t.numbers[9])


def _rings(t: Texture, u: Field, v: Field) -> Field:
    bend = t.numbers[2] * sample_tile(t.tiles[NOISES - 1], u, v)
    distance = np.hypot(u - t.numbers[3], v * t.log_scaled(4, 0.3, 1))
    return _wave(t.log_scaled(0, 1.5, 8) * distance + bend, t.numbers[1])


def _network(t: Texture, u: Field, v: Field) -> Field:
    """A random neural network with sine activations, from coordinates to a value."""
    rng = np.random.default_rng(int(t.numbers[0] * 2**24))
    width = 6
    first = rng.normal(0, t.log_scaled(1, 1.5, 4), (2, width)).astype(np.float32)
    second = rng.normal(0, 1.2, (width, width)).astype(np.float32)
    hidden = np.sin(np.stack([u, v], -1) @ first + rng.uniform(0, 6.3, width).astype(np.float32))
    hidden = np.sin(hidden @ second + rng.uniform(0, 6.3, width).astype(np.float32))
    value: Field = np.clip(0.5 + hidden @ rng.normal(0, 0.3, width).astype(np.float32), 0, 1)
    return value


_FORMULAS: dict[str, Callable[[Texture, Field, Field], Field]] = {
    "plain": _plain,
    "noise": _noise,
    "ridges": _ridges,
    "leaves": _leaves,
    "stripes": _stripes,
    "grid": _grid,
    "dots": _dots,
    "cells": _cells,
    "swirls": _swirls,
    "rings": _rings,
    "network": _network,
}
KINDS = tuple(_FORMULAS)
_SHARES = (0.2, 0.16, 0.09, 0.1, 0.08, 0.05, 0.06, 0.08, 0.06, 0.04, 0.08)

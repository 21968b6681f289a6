# ruff: noqa: PLR2004 - the constants of formulas, each used once
"""Procedural shapes: functions that give the depth of each point of a plane inside an object.

Outlines (the superformula of Gielis 2003, polygons, blobs), bodies with limbs, and fractals of iterated function
systems that are well conditioned in the sense of Anderson and Farrell 2022.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from core.backbones.starter.tiles import Field

ANGLES = 1024
_FRACTAL_SIDE = 160
_WALKERS, _STEPS, _FORGOTTEN = 1500, 40, 8

# Depth of points inside an object: 1 at the centre, 0 at the edge, negative outside.
Depth = Callable[[Field, Field], Field]


@dataclass(frozen=True)
class Shape:
    """A procedural shape.

    Attributes:
        kind: Name of the formula.
        count: Number of folds, corners, limbs or maps.
        index: Number of the shape; with the seed it decides the parameters of the formula.
        seed: Of all shapes.
    """

    kind: str
    count: int
    index: int
    seed: int

    @property
    def form(self) -> int:
        """Index in `FORMS`."""
        return FORMS.index((self.kind, self.count))

    def pose(self, rng: np.random.Generator) -> Depth:
        """An instance of the shape in a random pose: a function from coordinates (about 2 wide) to depth."""
        numbers = np.random.default_rng([self.seed, 4, self.index])
        if self.kind == "limbs":
            return _limbs(self.count, numbers, rng)
        if self.kind == "fractal":
            return _fractal_depth(_fractal(self.count, self.index, self.seed))
        return _outline_depth(_OUTLINES[self.kind](self.count, numbers, rng))


def shape(index: int, seed: int) -> Shape:
    """Shape `index` of a seed."""
    rng = np.random.default_rng([seed, 3, index])
    kind = str(rng.choice(list(_COUNTS), p=_SHARES))
    return Shape(kind, int(rng.choice(_COUNTS[kind])), index, seed)


_COUNTS = {
    "superformula": range(2, 9),
    "polygon": range(3, 10),
    "blob": range(1, 2),
    "limbs": range(1, 8),
    "fractal": range(2, 5),
}
_SHARES = (0.22, 0.15, 0.12, 0.36, 0.15)
FORMS = tuple((kind, count) for kind, counts in _COUNTS.items() for count in counts)


def _outline_depth(radius: NDArray[np.float64]) -> Depth:
    table = (radius / radius.max()).astype(np.float32)

    def depth(a: Field, b: Field) -> Field:
        angle = ((np.arctan2(b, a) + np.float32(np.pi)) * np.float32(ANGLES / (2 * np.pi))).astype(np.int32)
        found: Field = 1 - np.hypot(a, b) / table[np.minimum(angle, ANGLES - 1)]
        return found

    return depth


def _superformula(folds: int, numbers: np.random.Generator, pose: np.random.Generator) -> NDArray[np.float64]:
    angle = np.linspace(-np.pi, np.pi, ANGLES)
    n1, n2, n3 = np.exp(numbers.uniform(np.log([0.4, 0.6, 0.6]), np.log([4, 6, 6]))) * pose.uniform(0.95, 1.05, 3)
    sum_ = np.abs(np.cos(folds * angle / 4)) ** n2 + np.abs(np.sin(folds * angle / 4)) ** n3
    found: NDArray[np.float64] = np.clip(sum_, 1e-3, None) ** (-1 / n1) + numbers.uniform(0, 0.3)
    return found


def _polygon(corners: int, numbers: np.random.Generator, pose: np.random.Generator) -> NDArray[np.float64]:
    at = (np.arange(corners) + numbers.uniform(-0.35, 0.35, corners)) / corners * 2 * np.pi - np.pi
    reach = numbers.uniform(0.35, 1, corners) * pose.uniform(0.97, 1.03, corners)
    points = np.exp(1j * np.append(at, at[0] + 2 * np.pi)) * np.append(reach, reach[0])
    angle = np.linspace(-np.pi, np.pi, ANGLES)
    edge = np.clip(np.searchsorted(at, angle, "right") - 1, -1, corners - 1) % corners
    start, way = points[edge], points[edge + 1] - points[edge]
    ray = np.exp(1j * angle)
    found: NDArray[np.float64] = np.clip((start * way.conj()).imag / (ray * way.conj()).imag, 0.05, 1)
    return found


def _blob(_count: int, numbers: np.random.Generator, pose: np.random.Generator) -> NDArray[np.float64]:
    angle = np.linspace(-np.pi, np.pi, ANGLES)
    radius = np.ones(ANGLES)
    for order in range(1, 7):
        phase = numbers.uniform(0, 2 * np.pi) + pose.normal(0, 0.1)
        radius += numbers.normal(0, 0.45) / order**0.8 * np.cos(order * angle + phase)
    return np.clip(radius, 0.25, None)


_OUTLINES = {"superformula": _superformula, "polygon": _polygon, "blob": _blob}


def _limbs(count: int, numbers: np.random.Generator, pose: np.random.Generator) -> Depth:
    """A body with limbs of one or two segments, bent differently in each pose."""
    start, spread = numbers.uniform(0, 2 * np.pi), numbers.uniform(0.25, 2 * np.pi / count)
    joints = [(np.array([0, -0.25]), np.array([0, 0.25]) * numbers.uniform(0.3, 1.2), numbers.uniform(0.2, 0.45))]
    width = numbers.uniform(0.06, 0.2)
    two = numbers.random() < 0.6
    for limb in range(count):
        angle = start + limb * spread + numbers.normal(0, 0.15) + pose.normal(0, 0.12)
        length = numbers.uniform(0.5, 1) * pose.uniform(0.9, 1.1)
        middle = 0.6 * length * np.array([np.cos(angle), np.sin(angle)])
        bend = angle + numbers.normal(0, 0.7) + pose.normal(0, 0.2)
        end = middle + (0.5 * length if two else 0.1) * np.array([np.cos(bend), np.sin(bend)])
        joints += [(np.zeros(2), middle, width), (middle, end, width * numbers.uniform(0.6, 1))]

    def depth(a: Field, b: Field) -> Field:
        found = np.full(a.shape, -9, np.float32)
        for begin, finish, radius in joints:
            np.maximum(found, _capsule(a, b, begin, finish, radius), out=found)
        return found

    return depth


def _capsule(a: Field, b: Field, begin: NDArray[np.float64], finish: NDArray[np.float64], radius: float) -> Field:
    x0, y0 = np.float32(begin[0]), np.float32(begin[1])
    dx, dy = np.float32(finish[0] - begin[0]), np.float32(finish[1] - begin[1])
    along = np.clip(((a - x0) * dx + (b - y0) * dy) / (dx * dx + dy * dy + np.float32(1e-6)), 0, 1)
    distance: Field = np.hypot(a - x0 - along * dx, b - y0 - along * dy)
    return 1 - distance / np.float32(radius)


def _fractal_depth(raster: Field) -> Depth:
    half = _FRACTAL_SIDE / 2

    def depth(a: Field, b: Field) -> Field:
        across = np.clip((a * half + half).astype(np.int32), 0, _FRACTAL_SIDE - 1)
        down = np.clip((b * half + half).astype(np.int32), 0, _FRACTAL_SIDE - 1)
        found: Field = raster.reshape(-1)[down * _FRACTAL_SIDE + across]
        return found

    return depth


@lru_cache(maxsize=512)
def _fractal(count: int, index: int, seed: int) -> Field:
    """Depth raster of an attractor: the logarithm of the number of visits of a random walk."""
    rng = np.random.default_rng([seed, 5, index])
    points = _walk(*_system(count, rng), rng)
    low, high = np.quantile(points, [0.01, 0.99], axis=0)
    unit = (points - (low + high) / 2) / (high - low).max() + 0.5
    cell = (unit * (_FRACTAL_SIDE - 8) + 4).astype(np.int64)
    inside = ((cell >= 0) & (cell < _FRACTAL_SIDE)).all(axis=1)
    flat = cell[inside, 1] * _FRACTAL_SIDE + cell[inside, 0]
    visits = np.bincount(flat, minlength=_FRACTAL_SIDE**2).reshape(_FRACTAL_SIDE, _FRACTAL_SIDE)
    smooth = scipy.ndimage.gaussian_filter(np.log1p(visits.astype(np.float32)), 0.9)
    return np.minimum(smooth - 0.35, 1)


def _system(count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Affine maps whose singular values s1 >= s2 have a sum of s1 + 2 s2 between (5 + n) / 2 and (6 + n) / 2."""
    wanted = rng.uniform((5 + count) / 2, (6 + count) / 2)
    while True:
        larger = rng.uniform(0.4, 0.98, count)
        smaller = rng.uniform(0.1, 1, count) * larger
        factor = (wanted - larger.sum()) / (2 * smaller.sum())
        if factor > 0 and (smaller * factor <= larger).all():
            break
    turns = [_turn(angle) for angle in rng.uniform(0, 2 * np.pi, 2 * count)]
    signs = rng.choice([-1, 1], (count, 2))
    maps = [
        turns[2 * i] @ np.diag([larger[i], smaller[i] * factor]) @ turns[2 * i + 1] @ np.diag(signs[i])
        for i in range(count)
    ]
    return np.stack(maps), rng.uniform(-1, 1, (count, 2))


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])


def _walk(maps: NDArray[np.float64], shifts: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    share = np.abs(np.linalg.det(maps)) + 0.02
    points = np.zeros((_WALKERS, 2))
    visited = []
    for step in range(_STEPS):
        chosen = rng.choice(len(maps), _WALKERS, p=share / share.sum())
        points = np.einsum("nij,nj->ni", maps[chosen], points) + shifts[chosen]
        if step >= _FORGOTTEN:
            visited.append(points)
    return np.concatenate(visited)

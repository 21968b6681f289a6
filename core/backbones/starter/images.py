# ruff: noqa: PLR2004 - the constants of formulas, each used once
"""Synthetic images, on which the starter backbone is pretrained.

An image is a pure function of its class, its instance and a seed. The class is the shape of its objects. The instance
decides everything else: textures and colours of objects and ground, number, positions, sizes, light and sharpness. The
choices with a number of their own are the targets of the pretraining: `Targets`.
"""

from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from core.backbones.starter.colours import Table, jitter, palette
from core.backbones.starter.shapes import FORMS, Shape, shape
from core.backbones.starter.textures import KINDS, Texture, texture
from core.backbones.starter.tiles import Field

SHAPES, TEXTURES, PALETTES = 200, 200, 100
Pixels = NDArray[np.float32]


@dataclass(frozen=True)
class Targets:
    """The prediction targets of an image: the numbers of its shape, textures and palettes, and their kinds."""

    form: int
    surface_kind: int
    ground_kind: int
    shape: int
    surface: int
    surface_palette: int
    ground: int
    ground_palette: int

    def as_row(self) -> tuple[int, ...]:
        """The targets in the order of `TARGETS`."""
        return astuple(self)


# Number of classes of each target.
TARGETS = {
    "form": len(FORMS),
    "surface_kind": len(KINDS),
    "ground_kind": len(KINDS),
    "shape": SHAPES,
    "surface": TEXTURES,
    "surface_palette": PALETTES,
    "ground": TEXTURES,
    "ground_palette": PALETTES,
}


@dataclass(frozen=True)
class _Light:
    """Direction and strength of the light."""

    x: float
    y: float
    ambient: float
    gloss: float
    shadow: float


def draw_image(label: int, instance: int, seed: int = 0, size: int = 128) -> tuple[NDArray[np.uint8], Targets]:
    """Render one image.

    Args:
        label: Class, from 0 to SHAPES - 1.
        instance: Number of the image within its class, from 0.
        seed: Of all random choices.
        size: Height and width in pixels.

    Returns:
        (size, size, 3) RGB, and its targets.
    """
    rng = np.random.default_rng([seed, 7, label, instance])
    targets = _targets(label, seed, rng)
    line = (np.arange(size, dtype=np.float32) + 0.5) / (size / 2) - 1
    x, y = np.meshgrid(line, line)
    light = _light(rng)
    canvas = _paint(_texture(targets.ground, seed), _palette(targets.ground_palette, seed), x, y, rng)
    if rng.random() < 0.45:
        canvas = _blur_background(canvas, int(rng.integers(2, 8)))
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.3 else 0):
        other = _shape(int(rng.integers(SHAPES)), seed)
        surface, colours = int(rng.integers(TEXTURES)), int(rng.integers(PALETTES))
        _paint_object(canvas, other, surface, colours, rng.uniform(0.1, 0.35), light, rng)
    for scale in _scales(rng):
        _paint_object(canvas, _shape(label, seed), targets.surface, targets.surface_palette, scale, light, rng)
    return _apply_camera(canvas, x, y, rng), targets


_texture = lru_cache(maxsize=1024)(texture)
_palette = lru_cache(maxsize=1024)(palette)
_shape = lru_cache(maxsize=1024)(shape)


def _targets(label: int, seed: int, rng: np.random.Generator) -> Targets:
    surface, ground = (int(rng.integers(TEXTURES)) for _ in range(2))
    surface_palette, ground_palette = (int(rng.integers(PALETTES)) for _ in range(2))
    return Targets(
        form=_shape(label, seed).form,
        surface_kind=KINDS.index(_texture(surface, seed).kind),
        ground_kind=KINDS.index(_texture(ground, seed).kind),
        shape=label,
        surface=surface,
        surface_palette=surface_palette,
        ground=ground,
        ground_palette=ground_palette,
    )


def _light(rng: np.random.Generator) -> _Light:
    angle = rng.uniform(0, 2 * np.pi)
    flat = rng.random() < 0.25
    return _Light(
        x=float(np.cos(angle)),
        y=float(np.sin(angle)),
        ambient=1.0 if flat else rng.uniform(0.25, 0.7),
        gloss=0.0 if flat or rng.random() < 0.6 else rng.uniform(0.2, 0.8),
        shadow=0.0 if flat or rng.random() < 0.3 else rng.uniform(0.2, 0.7),
    )


def _scales(rng: np.random.Generator) -> NDArray[np.float64]:
    """Sizes of the main objects: mostly one large object, sometimes a few, rarely many small ones."""
    kind = rng.random()
    if kind < 0.72:
        return rng.uniform(0.5, 1.2, 1)
    if kind < 0.9:
        return rng.uniform(0.3, 0.65, int(rng.integers(2, 4)))
    return rng.uniform(0.15, 0.35, int(rng.integers(5, 10)))


def _paint(texture_: Texture, table: Table, x: Field, y: Field, rng: np.random.Generator) -> Pixels:
    """A texture in the colours of a palette, with a random position, rotation and scale."""
    turn, scale = rng.uniform(-0.5, 0.5), np.exp(rng.uniform(-0.35, 0.35))
    if rng.random() < 0.3:
        turn = rng.uniform(0, 2 * np.pi)
    c, s = np.float32(scale * np.cos(turn)), np.float32(scale * np.sin(turn))
    u, v = c * x - s * y + np.float32(rng.uniform(-5, 5)), s * x + c * y + np.float32(rng.uniform(-5, 5))
    table = jitter(table, rng)
    colours: Pixels = table[(texture_.values(u, v) * 255.9).astype(np.uint8)]
    return colours * texture_.grains(u, v)[..., None] if texture_.grain else colours


def _blur_background(canvas: Pixels, radius: int) -> Pixels:
    """Blur the canvas as if it were far behind the object."""
    width = (2 * radius + 1, 2 * radius + 1, 1)
    once = scipy.ndimage.uniform_filter(canvas, width, mode="reflect")
    twice: Pixels = scipy.ndimage.uniform_filter(once, width, mode="reflect")
    return twice


def _paint_object(
    canvas: Pixels, shape_: Shape, surface: int, colours: int, scale: float, light: _Light, rng: np.random.Generator
) -> None:
    """Paint one object over the canvas."""
    size = len(canvas)
    reach = max(0.0, 1 - 0.7 * scale)
    cx, cy = rng.uniform(-reach, reach, 2)
    rows, columns = _window(cy, 1.1 * scale, size), _window(cx, 1.1 * scale, size)
    x = ((np.arange(size, dtype=np.float32)[columns] + 0.5) / (size / 2) - 1 - np.float32(cx))[None, :]
    y = ((np.arange(size, dtype=np.float32)[rows] + 0.5) / (size / 2) - 1 - np.float32(cy))[:, None]
    a, b = _object_coordinates(x, y, scale, rng)
    depth = shape_.pose(rng)(a, b)
    cover = np.clip(depth * np.float32(scale * size / 6) + 0.5, 0, 1)[..., None]
    painted = _paint(_texture(surface, shape_.seed), _palette(colours, shape_.seed), a, b, rng)
    painted = _shade(painted, depth, light, rng)
    patch = canvas[rows, columns]
    if light.shadow:
        patch = patch * (1 - np.float32(light.shadow) * _shadow(cover, light, scale * size))
    canvas[rows, columns] = patch + cover * (painted - patch)


def _window(middle: float, reach: float, size: int) -> slice:
    low, high = (middle - reach + 1) * size / 2, (middle + reach + 1) * size / 2
    return slice(max(0, int(low)), min(size, int(high) + 1))


def _object_coordinates(x: Field, y: Field, scale: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Map coordinates of the image to those of the object, with rotation, shear and mirroring."""
    turn = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(0, 2 * np.pi)
    squeeze, shear = np.exp(rng.normal(0, 0.12)), rng.normal(0, 0.12)
    mirror = rng.choice([-1, 1])
    c, s = np.float32(np.cos(turn) / scale), np.float32(np.sin(turn) / scale)
    a: Field = c * x + s * y
    b: Field = c * y - s * x
    return np.float32(mirror * squeeze) * a + np.float32(shear) * b, b / np.float32(squeeze)


def _shade(painted: Pixels, depth: Field, light: _Light, rng: np.random.Generator) -> Pixels:
    """Shade the rounded surface, and add a dark or bright outline to some objects."""
    if light.ambient < 1:
        inner = np.clip(depth, 0, 1)
        height = np.sqrt(inner * (2 - inner))
        down, across = np.gradient(height)
        steep = np.float32(0.12 * len(depth))
        facing = (0.75 - steep * (light.x * across + light.y * down)) / np.sqrt(
            1 + steep * steep * (across * across + down * down)
        )
        lit = np.clip(facing, 0, 1)
        painted = painted * (np.float32(light.ambient) + np.float32(1.25 - light.ambient) * lit)[..., None]
        if light.gloss:
            painted = painted + (np.float32(light.gloss) * lit**16)[..., None]
    if rng.random() < 0.25:
        edge = np.clip(1.2 - np.abs(depth) / rng.uniform(0.04, 0.15), 0, 1)[..., None]
        painted = painted + edge * (np.float32(rng.choice([0.05, 0.1, 0.95])) - painted)
    return painted


def _shadow(cover: Pixels, light: _Light, pixels: float) -> Pixels:
    """The mask, shifted away from the light and blurred."""
    shift = (int(0.12 * pixels * light.y), int(0.12 * pixels * light.x))
    moved = np.roll(cover[..., 0], shift, (0, 1))
    return scipy.ndimage.uniform_filter(moved, max(3, int(0.1 * pixels)))[..., None]


def _apply_camera(canvas: Pixels, x: Field, y: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Add uneven light, contrast, blur and noise of a camera."""
    slope = rng.normal(0, 0.15, 2)
    gain = rng.uniform(0.8, 1.2) * (1 + np.float32(slope[0]) * x + np.float32(slope[1]) * y)
    canvas = (canvas - 0.5) * np.float32(rng.uniform(0.75, 1.2)) + 0.5
    canvas = canvas * gain.astype(np.float32)[..., None]
    if rng.random() < 0.35:
        canvas = scipy.ndimage.gaussian_filter(canvas, (blur := rng.uniform(0.4, 1.4), blur, 0), truncate=2.5)
    if rng.random() < 0.4:
        canvas = canvas + rng.normal(0, rng.uniform(0.01, 0.05), canvas.shape).astype(np.float32)
    return (np.clip(canvas, 0, 1) * 255).astype(np.uint8)

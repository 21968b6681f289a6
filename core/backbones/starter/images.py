# ruff: noqa: PLR2004 - the numbers are what is drawn, each is used once
"""Images drawn by formulas: what the starter backbone is pretrained on.

An image is a pure function of its class, its instance and a seed. The class is the shape that is shown; the instance
draws everything else: the textures and colours of objects and ground, how many there are, where, how large, how lit,
how sharp. All that was drawn with a number of its own is an answer that the network can be asked for: `Answers`.
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
class Answers:
    """What is to be seen on an image: the programs that drew it, by number, and what kinds of programs they are."""

    form: int
    surface_kind: int
    ground_kind: int
    shape: int
    surface: int
    surface_palette: int
    ground: int
    ground_palette: int

    def as_row(self) -> tuple[int, ...]:
        """The numbers in the order of `CHOICES`."""
        return astuple(self)


# How many different values each answer has.
CHOICES = {
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
    """Where the light comes from and how strong it is."""

    x: float
    y: float
    ambient: float
    gloss: float
    shadow: float


def draw(label: int, instance: int, seed: int = 0, size: int = 128) -> tuple[NDArray[np.uint8], Answers]:
    """Draw one image.

    Args:
        label: Class, from 0 to SHAPES - 1.
        instance: Which of the class' images; any number from 0.
        seed: Of the programs and of everything else.
        size: Height and width in pixels.

    Returns:
        (size, size, 3) RGB, and what is to be seen on it.
    """
    rng = np.random.default_rng([seed, 7, label, instance])
    answers = _answers(label, seed, rng)
    line = (np.arange(size, dtype=np.float32) + 0.5) / (size / 2) - 1
    x, y = np.meshgrid(line, line)
    light = _light(rng)
    canvas = _paint(_texture(answers.ground, seed), _palette(answers.ground_palette, seed), x, y, rng)
    if rng.random() < 0.45:
        canvas = _out_of_focus(canvas, int(rng.integers(2, 8)))
    for _ in range(int(rng.integers(1, 4)) if rng.random() < 0.3 else 0):
        other = _shape(int(rng.integers(SHAPES)), seed)
        surface, colours = int(rng.integers(TEXTURES)), int(rng.integers(PALETTES))
        _place(canvas, other, surface, colours, rng.uniform(0.1, 0.35), light, rng)
    for scale in _scales(rng):
        _place(canvas, _shape(label, seed), answers.surface, answers.surface_palette, scale, light, rng)
    return _photograph(canvas, x, y, rng), answers


_texture = lru_cache(maxsize=1024)(texture)
_palette = lru_cache(maxsize=1024)(palette)
_shape = lru_cache(maxsize=1024)(shape)


def _answers(label: int, seed: int, rng: np.random.Generator) -> Answers:
    surface, ground = (int(rng.integers(TEXTURES)) for _ in range(2))
    surface_palette, ground_palette = (int(rng.integers(PALETTES)) for _ in range(2))
    return Answers(
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
    """Sizes of the main objects: mostly one large one, sometimes a few, seldom many small ones."""
    kind = rng.random()
    if kind < 0.72:
        return rng.uniform(0.5, 1.2, 1)
    if kind < 0.9:
        return rng.uniform(0.3, 0.65, int(rng.integers(2, 4)))
    return rng.uniform(0.15, 0.35, int(rng.integers(5, 10)))


def _paint(program: Texture, table: Table, x: Field, y: Field, rng: np.random.Generator) -> Pixels:
    """A texture in the colours of a palette, at a place, turn and scale drawn from `rng`."""
    turn, scale = rng.uniform(-0.5, 0.5), np.exp(rng.uniform(-0.35, 0.35))
    if rng.random() < 0.3:
        turn = rng.uniform(0, 2 * np.pi)
    c, s = np.float32(scale * np.cos(turn)), np.float32(scale * np.sin(turn))
    u, v = c * x - s * y + np.float32(rng.uniform(-5, 5)), s * x + c * y + np.float32(rng.uniform(-5, 5))
    table = jitter(table, rng)
    colours: Pixels = table[(program.values(u, v) * 255.9).astype(np.uint8)]
    return colours * program.grains(u, v)[..., None] if program.grain else colours


def _out_of_focus(canvas: Pixels, radius: int) -> Pixels:
    """The canvas as if it lay far behind the object."""
    width = (2 * radius + 1, 2 * radius + 1, 1)
    once = scipy.ndimage.uniform_filter(canvas, width, mode="reflect")
    twice: Pixels = scipy.ndimage.uniform_filter(once, width, mode="reflect")
    return twice


def _place(
    canvas: Pixels, program: Shape, surface: int, colours: int, scale: float, light: _Light, rng: np.random.Generator
) -> None:
    """Paint one object over the canvas."""
    size = len(canvas)
    reach = max(0.0, 1 - 0.7 * scale)
    cx, cy = rng.uniform(-reach, reach, 2)
    rows, columns = _window(cy, 1.1 * scale, size), _window(cx, 1.1 * scale, size)
    x = ((np.arange(size, dtype=np.float32)[columns] + 0.5) / (size / 2) - 1 - np.float32(cx))[None, :]
    y = ((np.arange(size, dtype=np.float32)[rows] + 0.5) / (size / 2) - 1 - np.float32(cy))[:, None]
    a, b = _into_object(x, y, scale, rng)
    depth = program.pose(rng)(a, b)
    cover = np.clip(depth * np.float32(scale * size / 6) + 0.5, 0, 1)[..., None]
    painted = _paint(_texture(surface, program.seed), _palette(colours, program.seed), a, b, rng)
    painted = _shade(painted, depth, light, rng)
    patch = canvas[rows, columns]
    if light.shadow:
        patch = patch * (1 - np.float32(light.shadow) * _shadow(cover, light, scale * size))
    canvas[rows, columns] = patch + cover * (painted - patch)


def _window(middle: float, reach: float, size: int) -> slice:
    low, high = (middle - reach + 1) * size / 2, (middle + reach + 1) * size / 2
    return slice(max(0, int(low)), min(size, int(high) + 1))


def _into_object(x: Field, y: Field, scale: float, rng: np.random.Generator) -> tuple[Field, Field]:
    """Coordinates of the image -> coordinates of the object, turned, sheared and mirrored."""
    turn = rng.normal(0, 0.35) if rng.random() < 0.7 else rng.uniform(0, 2 * np.pi)
    squeeze, shear = np.exp(rng.normal(0, 0.12)), rng.normal(0, 0.12)
    mirror = rng.choice([-1, 1])
    c, s = np.float32(np.cos(turn) / scale), np.float32(np.sin(turn) / scale)
    a: Field = c * x + s * y
    b: Field = c * y - s * x
    return np.float32(mirror * squeeze) * a + np.float32(shear) * b, b / np.float32(squeeze)


def _shade(painted: Pixels, depth: Field, light: _Light, rng: np.random.Generator) -> Pixels:
    """Light on the rounded surface, and on some a dark or bright outline."""
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
    """The cover moved away from the light, and softened."""
    shift = (int(0.12 * pixels * light.y), int(0.12 * pixels * light.x))
    moved = np.roll(cover[..., 0], shift, (0, 1))
    return scipy.ndimage.uniform_filter(moved, max(3, int(0.1 * pixels)))[..., None]


def _photograph(canvas: Pixels, x: Field, y: Field, rng: np.random.Generator) -> NDArray[np.uint8]:
    """Uneven light, contrast, blur and noise of a camera."""
    slope = rng.normal(0, 0.15, 2)
    gain = rng.uniform(0.8, 1.2) * (1 + np.float32(slope[0]) * x + np.float32(slope[1]) * y)
    canvas = (canvas - 0.5) * np.float32(rng.uniform(0.75, 1.2)) + 0.5
    canvas = canvas * gain.astype(np.float32)[..., None]
    if rng.random() < 0.35:
        canvas = scipy.ndimage.gaussian_filter(canvas, (blur := rng.uniform(0.4, 1.4), blur, 0), truncate=2.5)
    if rng.random() < 0.4:
        canvas = canvas + rng.normal(0, rng.uniform(0.01, 0.05), canvas.shape).astype(np.float32)
    return (np.clip(canvas, 0, 1) * 255).astype(np.uint8)

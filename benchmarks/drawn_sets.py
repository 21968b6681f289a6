"""Drawn sets of different things that look alike: the hard cases for the search for duplicates.

Each function draws one picture from a random generator. Two pictures of a set never show the same thing, but share
ground, light and scale, as the pictures of one microscope or one scanner do.
"""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
from PIL import Image, ImageDraw, ImageFilter
from scipy.ndimage import gaussian_filter

Random = np.random.Generator


def _ground(random: Random, side: int, level: float, noise: float, gradient: float = 0) -> np.ndarray:
    """(side, side, 3) float of an evenly lit ground with the noise of a camera."""
    y, x = np.mgrid[:side, :side] / side - 0.5
    angle = random.uniform(0, 2 * np.pi)
    light = level + gradient * (x * np.cos(angle) + y * np.sin(angle))
    return light[..., None] + random.normal(0, noise, (side, side, 1)) + np.zeros(3)


def _image(values: np.ndarray) -> Image.Image:
    return Image.fromarray(np.clip(values, 0, 255).astype(np.uint8))


def _outline(random: Random, side: int, radius: float, uneven: float, waves: int = 5) -> tuple[np.ndarray, np.ndarray]:
    """Distance from the centre over the radius of a wavy outline, and the distance itself in pixels."""
    y, x = np.mgrid[:side, :side].astype(float)
    x -= side / 2 + random.normal(0, side * 0.03)
    y -= side / 2 + random.normal(0, side * 0.03)
    angle, distance = np.arctan2(y, x), np.hypot(x, y)
    edge = np.ones_like(angle)
    for wave in range(2, waves + 1):
        edge += random.normal(0, uneven / wave) * np.cos(wave * angle + random.uniform(0, 2 * np.pi))
    return distance / (radius * edge), distance


def _blobs(random: Random, side: int, scale: float) -> np.ndarray:
    """(side, side) smooth noise with standard deviation 1."""
    smooth = gaussian_filter(random.normal(0, 1, (side, side)), scale)
    return (smooth - smooth.mean()) / smooth.std()


def red_cell(random: Random) -> Image.Image:
    """A red blood cell: a pale disc with a paler centre, on a grey ground."""
    side = 80
    picture = _ground(random, side, 200, 2, 8)
    inside, _ = _outline(random, side, random.uniform(24, 30), 0.08)
    body = 1 / (1 + np.exp((inside - 1) * 18))
    dent = np.exp(-((inside / random.uniform(0.35, 0.55)) ** 2)) * random.uniform(0.3, 0.8)
    colour = np.array([35.0, 75.0, 60.0]) * random.uniform(0.8, 1.2)
    picture -= (body * (1 - dent) * (1 + 0.04 * _blobs(random, side, 3)))[..., None] * colour
    return _image(picture)


def white_cell(random: Random) -> Image.Image:
    """A white blood cell: a disc with a dark nucleus of several lobes, on the same ground."""
    side = 80
    picture = _ground(random, side, 200, 2, 8)
    inside, _ = _outline(random, side, random.uniform(27, 33), 0.06)
    picture -= (1 / (1 + np.exp((inside - 1) * 18)))[..., None] * np.array([30.0, 45.0, 10.0])
    nucleus = np.zeros((side, side))
    y, x = np.mgrid[:side, :side].astype(float)
    for _ in range(random.integers(2, 5)):
        cx, cy = side / 2 + random.normal(0, 8, 2)
        nucleus = np.maximum(nucleus, 1 / (1 + np.exp((np.hypot(x - cx, y - cy) / random.uniform(8, 13) - 1) * 12)))
    picture -= (nucleus * (1 + 0.1 * _blobs(random, side, 2)))[..., None] * np.array([80.0, 100.0, 25.0])
    return _image(picture)


def leaf(random: Random) -> Image.Image:
    """A leaf with veins on white paper."""
    side = 200
    picture = Image.new("RGB", (side, side), (244, 243, 238))
    draw = ImageDraw.Draw(picture)
    length, width, bend = random.uniform(60, 85), random.uniform(18, 42), random.normal(0, 12)
    t = np.linspace(-1, 1, 60)
    half = width * (1 - np.abs(t) ** random.uniform(1.5, 2.5)) * (1 + 0.06 * np.sin(random.uniform(8, 24) * t))
    spine = np.stack([bend * (1 - t**2), t * length], 1)
    left, right = spine - np.stack([half, 0 * t], 1), spine + np.stack([half, 0 * t], 1)
    turn = random.uniform(0, 2 * np.pi)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])

    def place(points: np.ndarray) -> list[tuple[float, float]]:
        return [tuple(point) for point in points @ rotation.T + side / 2]

    green = (int(random.integers(50, 100)), int(random.integers(105, 150)), int(random.integers(40, 70)))
    vein = tuple(min(255, value + 35) for value in green)
    draw.polygon(place(np.concatenate([left, right[::-1]])), fill=green)
    draw.line(place(spine), fill=vein, width=2)
    for at in range(6, 54, int(random.integers(4, 8))):
        for edge in (left, right):
            end = spine[at] + 0.85 * (edge[min(59, at + 5)] - spine[min(59, at + 5)]) + (0, 4)
            draw.line(place(np.stack([spine[at], end])), fill=vein, width=1)
    values = np.asarray(picture.filter(ImageFilter.GaussianBlur(0.7)), float)
    return _image(values + random.normal(0, 2, (side, side, 1)))


def screw(random: Random) -> Image.Image:
    """A screw at some angle on a wooden table."""
    side = 200
    y = np.arange(side)[:, None] + 4 * _blobs(random, side, 12)
    wood = np.array([168.0, 128, 86]) + (7 * np.sin(y / 5) + 4 * _blobs(random, side, 2))[..., None]
    picture = _image(wood)
    tool = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(tool)
    length, width = random.uniform(55, 100), random.uniform(5, 9)
    top = (side - length) / 2
    head = width * random.uniform(1.6, 2.3)
    grey = int(random.integers(120, 190))
    draw.rectangle((side / 2 - width, top, side / 2 + width, top + length), fill=(grey, grey, grey + 6, 255))
    for at in np.arange(top + length * random.uniform(0.2, 0.5), top + length, random.uniform(4, 7)):
        draw.line(
            (side / 2 - width, at, side / 2 + width, at + 4), fill=(grey - 60, grey - 60, grey - 55, 255), width=2
        )
    draw.ellipse(
        (side / 2 - head, top - head, side / 2 + head, top + head), fill=(grey + 25, grey + 25, grey + 28, 255)
    )
    draw.line((side / 2 - head * 0.6, top, side / 2 + head * 0.6, top), fill=(60, 60, 62, 255), width=3)
    tool = tool.rotate(random.uniform(0, 360), Image.Resampling.BICUBIC, translate=tuple(random.integers(-20, 20, 2)))
    picture.paste(tool, (0, 0), tool)
    return _image(np.asarray(picture, float) + random.normal(0, 2, (side, side, 1)))


def chest(random: Random) -> Image.Image:
    """A picture like an X-ray of a chest: two dark lungs, ribs and a heart, in grey."""
    side = 224
    y, x = np.mgrid[:side, :side] / side * 2 - 1
    picture = 150 - 60 * (x**2 + y**2)
    for sign in (-1, 1):
        cx, cy = sign * random.normal(0.42, 0.02), random.normal(-0.02, 0.03)
        inside = ((x - cx) / random.normal(0.3, 0.02)) ** 2 + ((y - cy) / random.normal(0.62, 0.04)) ** 2
        picture -= 75 / (1 + np.exp((inside - 1) * 8))
    for number in range(9):
        bow = -0.75 + number * 0.17 + random.normal(0, 0.012) + random.normal(0.18, 0.02) * x**2
        picture += 16 * np.exp(-(((y - bow) / 0.025) ** 2))
    picture += 50 * np.exp(
        -(((x - random.normal(0.1, 0.03)) / 0.2) ** 2) - ((y - random.normal(0.25, 0.04)) / 0.3) ** 2
    )
    picture += 22 * np.exp(-((x / 0.06) ** 2)) + 3.5 * _blobs(random, side, 3) + random.normal(0, 2, (side, side))
    return _image(np.repeat(picture[..., None], 3, axis=2))


def letter(random: Random) -> Image.Image:
    """One of five letters written by hand, dark strokes on white paper."""
    side = 96
    strokes = {
        "A": [[(-1, 1), (0, -1), (1, 1)], [(-0.5, 0.2), (0.5, 0.2)]],
        "E": [[(1, -1), (-1, -1), (-1, 1), (1, 1)], [(-1, 0), (0.6, 0)]],
        "K": [[(-1, -1), (-1, 1)], [(1, -1), (-1, 0), (1, 1)]],
        "N": [[(-1, 1), (-1, -1), (1, 1), (1, -1)]],
        "Z": [[(-1, -1), (1, -1), (-1, 1), (1, 1)]],
    }
    chosen = strokes[str(random.choice(list(strokes)))]
    picture = Image.new("L", (4 * side, 4 * side), 248)
    draw = ImageDraw.Draw(picture)
    shear, size, width = random.normal(0, 0.12), random.uniform(85, 115), int(random.integers(14, 26))
    for stroke in chosen:
        points = np.array(stroke) + random.normal(0, 0.09, (len(stroke), 2))
        points = np.stack([points[:, 0] + shear * points[:, 1], points[:, 1]], 1) * size * (0.75, 1) + 2 * side
        path = np.concatenate([np.linspace(a, b, 12) for a, b in pairwise(points)])
        path += np.cumsum(random.normal(0, 0.9, path.shape), axis=0)
        draw.line([tuple(point) for point in path], fill=int(random.integers(20, 60)), width=width, joint="curve")
    small = np.asarray(picture.filter(ImageFilter.GaussianBlur(2)).resize((side, side)), float)
    return _image(np.repeat(small[..., None], 3, axis=2))


def map_tile(random: Random) -> Image.Image:
    """A tile of a street map: pale blocks, white and yellow streets, a river or a park."""
    side = 256
    picture = Image.new("RGB", (side, side), (238, 234, 226))
    draw = ImageDraw.Draw(picture)
    for _ in range(random.integers(1, 4)):
        x, y = random.uniform(0, side, 2)
        draw.ellipse((x, y, x + random.uniform(20, 90), y + random.uniform(20, 90)), fill=(200, 224, 188))
    if random.random() < 0.5:
        y = random.uniform(0, side) + 50 * np.sin(np.arange(0, side + 8, 8) / random.uniform(30, 70))
        draw.line(
            list(zip(range(0, side + 8, 8), y, strict=False)), fill=(160, 196, 226), width=int(random.integers(6, 20))
        )
    for across in (True, False):
        at = random.uniform(-20, 20)
        while at < side + 20:
            lean, wide = random.normal(0, 8), int(random.choice([3, 4, 9]))
            line = (0, at, side, at + lean) if across else (at, 0, at + lean, side)
            draw.line(line, fill=(252, 220, 130) if wide > 4 else (255, 255, 255), width=wide)
            at += random.uniform(22, 60)
    for _ in range(random.integers(2, 6)):
        x, y = random.uniform(10, side - 60, 2)
        name = "".join(random.choice(list("aeiounrstl"), random.integers(4, 9)))
        draw.text((x, y), name.title() + " St", fill=(110, 106, 100))
    return picture


DRAWN_SETS: dict[str, Callable[[Random], Image.Image]] = {
    "red cells": red_cell,
    "white cells": white_cell,
    "leaves": leaf,
    "screws": screw,
    "X-rays": chest,
    "letters": letter,
    "maps": map_tile,
}


def draw_set(name: str, n: int, seed: int = 0) -> list[Image.Image]:
    """Draw n different pictures of a set."""
    return [DRAWN_SETS[name](np.random.default_rng([seed, number])) for number in range(n)]

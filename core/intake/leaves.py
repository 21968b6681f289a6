"""A drawn sample set of tree leaves: five species, scanned one by one on paper.

The outline tells the species. Colour, size, turn, insect bites, light and paper vary in the same way for all of them,
so that neither the background nor the colour gives a class away.
"""

import io
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageChops, ImageDraw, ImageFilter

IMAGES_A_CLASS: Final = 80
GOOD_IMAGES: Final = 40
FAULTS: Final = ("exact copy", "turned copy", "wrong label", "dark", "blurred", "no leaf")
SIDE: Final = 224
OVERSAMPLING: Final = 2
# Light on the paper changes slowly: it is computed on a grid of this many points a side and enlarged.
GRID: Final = 28
SEED: Final = 20_261_128
QUALITY: Final = 90
# Leaf colours from spring to autumn, as RGB.
COLOURS: Final = ((92, 138, 62), (66, 112, 54), (122, 150, 60), (178, 160, 58), (190, 120, 48), (150, 74, 44))
PAPERS: Final = ((246, 243, 234), (238, 238, 236), (228, 222, 208), (240, 244, 246))

Points = NDArray[np.float64]


@dataclass(frozen=True)
class _Species:
    """How a kind of leaf is drawn; the stalk joins the blade at (0, 1), the tip points to (0, -1).

    Attributes:
        outline: Gives the (n, 2) corners of the blade.
        veins: Gives the (n, 2) end points of the veins that leave the midrib or the base, and where each starts.
    """

    outline: Callable[[np.random.Generator], Points]
    veins: Callable[[np.random.Generator], list[tuple[tuple[float, float], tuple[float, float]]]]


def draw() -> Iterator[tuple[str, bytes]]:
    """Draw the set; always the same.

    Yields:
        Path of each image, its class first, and its bytes as JPEG.
    """
    for index, name in enumerate(SPECIES):
        for number in range(IMAGES_A_CLASS):
            rng = np.random.default_rng([SEED, index, number])
            yield f"{name}/{name}-{number:02}.jpg", _jpeg(draw_leaf(name, rng))


def draw_with_faults() -> Iterator[tuple[str, bytes]]:
    """Draw fewer leaves, with faults planted among them as people's own data has them; always the same.

    Each class has `GOOD_IMAGES` leaves without a fault, and then one image of every kind of `FAULTS`.

    Yields:
        Path of each image, the class it is filed under first, and its bytes as JPEG.
    """
    names = tuple(SPECIES)
    for index, name in enumerate(names):
        leaves = [draw_leaf(name, np.random.default_rng([SEED + 1, index, number])) for number in range(GOOD_IMAGES)]
        other = draw_leaf(names[index - 1], np.random.default_rng([SEED + 1, index, GOOD_IMAGES]))
        for number, leaf in enumerate(leaves):
            yield f"{name}/{name}-{number:02}.jpg", _jpeg(leaf)
        rng = np.random.default_rng([SEED + 2, index])
        for number, fault in enumerate(FAULTS, start=GOOD_IMAGES):
            yield f"{name}/{name}-{number:02}.jpg", _jpeg(_with_fault(fault, leaves[number - GOOD_IMAGES], other, rng))


def planted_faults() -> dict[str, str]:
    """Give the fault of each image of `draw_with_faults` that has one, by path."""
    return {
        f"{name}/{name}-{number:02}.jpg": fault
        for name in SPECIES
        for number, fault in enumerate(FAULTS, start=GOOD_IMAGES)
    }


def _with_fault(fault: str, leaf: Image.Image, other: Image.Image, rng: np.random.Generator) -> Image.Image:
    if fault == "exact copy":
        return leaf
    if fault == "turned copy":
        return leaf.transpose(Image.Transpose.ROTATE_90 if rng.integers(2) else Image.Transpose.FLIP_LEFT_RIGHT)
    if fault == "wrong label":
        return other
    if fault == "dark":
        return leaf.point(lambda value: value // 12)
    if fault == "blurred":
        return leaf.filter(ImageFilter.GaussianBlur(9))
    coin = Image.new("RGB", leaf.size, PAPERS[rng.integers(len(PAPERS))])
    radius = rng.uniform(0.2, 0.4) * SIDE
    box = (SIDE / 2 - radius, SIDE / 2 - radius, SIDE / 2 + radius, SIDE / 2 + radius)
    ImageDraw.Draw(coin).ellipse(box, fill=(60, 70, 160), outline=(20, 20, 60), width=6)
    return coin


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=QUALITY)
    return buffer.getvalue()


def draw_leaf(name: str, rng: np.random.Generator) -> Image.Image:
    """Draw one leaf on paper.

    Args:
        name: One of `SPECIES`.
        rng: Decides everything else.
    """
    side = SIDE * OVERSAMPLING
    species = SPECIES[name]
    place = _placement(side, rng)
    blade = _mask(side, place(species.outline(rng)))
    bites = _bites(side, rng)
    blade = ImageChops.subtract(blade, bites)
    picture = _paper(side, rng)
    stalk = [tuple(point) for point in place(np.array([(0.0, 0.98), (rng.uniform(-0.08, 0.08), 1.3)])).tolist()]
    _draw_shadow(picture, blade, rng)
    colour = _colour(rng)
    ImageDraw.Draw(picture).line(stalk, fill=_tinted(colour, 0.7), width=round(0.016 * side))
    picture.paste(_surface(side, colour, rng), mask=blade)
    picture.paste(Image.new("RGB", picture.size, _tinted(colour, 1.3)), mask=_veins(side, species, place, blade, rng))
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    noise = rng.normal(0, rng.uniform(1, 4), (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(np.asarray(picture) * rng.uniform(0.85, 1.05) + noise, 0, 255).astype(np.uint8))


def _placement(side: int, rng: np.random.Generator) -> Callable[[Points], Points]:
    """Give the transform from the leaf's coordinates to pixels: size, turn, place and a slight shear."""
    size, turn = rng.uniform(0.33, 0.4) * side, rng.uniform(0, 2 * math.pi)
    cos, sin = size * math.cos(turn), size * math.sin(turn)
    matrix = np.array([[cos, sin], [-sin, cos]]) @ np.array([[1, rng.uniform(-0.12, 0.12)], [0, 1]])
    centre = side / 2 + rng.uniform(-0.03, 0.03, 2) * side
    return lambda points: points @ matrix.T + centre


def _mask(side: int, corners: Points) -> Image.Image:
    mask = Image.new("L", (side, side))
    ImageDraw.Draw(mask).polygon([tuple(corner) for corner in corners.tolist()], fill=255)
    return mask


def _bites(side: int, rng: np.random.Generator) -> Image.Image:
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    for _ in range(rng.integers(0, 4)):
        x, y = rng.uniform(0.25, 0.75, 2) * side
        radius = rng.uniform(0.008, 0.025) * side
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=255)
    return mask


def _paper(side: int, rng: np.random.Generator) -> Image.Image:
    paper = np.array(PAPERS[rng.integers(len(PAPERS))], np.float64)
    turn = rng.uniform(0, 2 * math.pi)
    along = np.linspace(-0.5, 0.5, GRID)
    light = 1 - 0.12 * np.clip(0.5 + along[None, :] * math.cos(turn) + along[:, None] * math.sin(turn), 0, 1)
    return _enlarged(paper * light[:, :, None], side)


def _draw_shadow(picture: Image.Image, blade: Image.Image, rng: np.random.Generator) -> None:
    offset = rng.uniform(0.004, 0.012) * picture.width
    moved = ImageChops.offset(blade, round(offset), round(offset)).filter(ImageFilter.BoxBlur(offset))
    picture.paste((70, 62, 50), mask=moved.point(lambda value: value // 2))


def _colour(rng: np.random.Generator) -> tuple[int, int, int]:
    first, second = rng.choice(len(COLOURS), 2)
    share = rng.uniform(0, 0.5)
    mixed = np.array(COLOURS[first]) * (1 - share) + np.array(COLOURS[second]) * share + rng.normal(0, 6, 3)
    red, green, blue = np.clip(mixed, 0, 255).astype(int).tolist()
    return red, green, blue


def _tinted(colour: tuple[int, int, int], factor: float) -> tuple[int, int, int]:
    red, green, blue = (min(255, round(channel * factor)) for channel in colour)
    return red, green, blue


def _surface(side: int, colour: tuple[int, int, int], rng: np.random.Generator) -> Image.Image:
    """Give the leaf's colour with soft patches, lighter and darker."""
    return _enlarged(np.array(colour) * rng.uniform(0.75, 1.25, (9, 9, 1)), side)


def _enlarged(colours: Points, side: int) -> Image.Image:
    small = Image.fromarray(np.clip(np.round(colours), 0, 255).astype(np.uint8))
    return small.resize((side, side), Image.Resampling.BICUBIC)


def _veins(
    side: int, species: _Species, place: Callable[[Points], Points], blade: Image.Image, rng: np.random.Generator
) -> Image.Image:
    mask = Image.new("L", (side, side))
    pen = ImageDraw.Draw(mask)
    for number, (start, end) in enumerate(species.veins(rng)):
        line = [tuple(point) for point in place(np.array([start, end])).tolist()]
        pen.line(line, fill=190 if number == 0 else 120, width=round((0.009 if number == 0 else 0.005) * side))
    return ImageChops.multiply(mask, blade)


def _from_widths(along: Points, widths: Points) -> Points:
    """Give the outline of a leaf that is as wide left as right of its midrib, from base to tip and back."""
    y = 1 - 2 * along
    right, left = np.stack([widths, y], axis=1), np.stack([-widths, y], axis=1)
    return np.concatenate([right, left[::-1]])


def _birch(rng: np.random.Generator) -> Points:
    along = np.linspace(0, 1, 241)
    widths = rng.uniform(0.45, 0.58) * np.sin(np.pi * along**0.62) ** 0.9
    teeth = (along * 26) % 1
    return _from_widths(along, widths * (1 + 0.09 * (teeth - 0.5)))


def _willow(rng: np.random.Generator) -> Points:
    along = np.linspace(0, 1, 121)
    bend = rng.uniform(-0.18, 0.18)
    outline = _from_widths(along, rng.uniform(0.13, 0.21) * np.sin(np.pi * along**0.9))
    return outline + np.stack([bend * (1 - outline[:, 1] ** 2), np.zeros(len(outline))], axis=1)


def _oak(rng: np.random.Generator) -> Points:
    along = np.linspace(0, 1, 241)
    lobes = rng.integers(4, 6)
    waves = 1 + rng.uniform(0.26, 0.4) * np.cos(2 * np.pi * lobes * along + np.pi)
    return _from_widths(along, rng.uniform(0.42, 0.52) * np.sin(np.pi * along**1.25) ** 0.7 * waves)


_MAPLE_LOBES: Final = ((0.0, 1.55), (0.95, 1.3), (-0.95, 1.3), (1.85, 0.85), (-1.85, 0.85))


def _maple(rng: np.random.Generator) -> Points:
    angles = np.linspace(-math.pi * 0.93, math.pi * 0.93, 361)
    radius = np.full(len(angles), 0.42)
    for towards, length in _MAPLE_LOBES:
        near = np.clip(1 - np.abs(angles - towards) / rng.uniform(0.5, 0.6), 0, 1)
        radius = np.maximum(radius, 0.42 + (length * rng.uniform(0.92, 1.08) - 0.42) * near**1.1)
    radius *= 1 + 0.05 * np.sign(np.sin(angles * 17))
    centre = np.array([0.0, 0.45])
    blade = np.stack([radius * np.sin(angles), -radius * np.cos(angles)], axis=1) * 0.92 + centre
    return np.concatenate([blade, [[0.0, 0.95]]])


def _ginkgo(rng: np.random.Generator) -> Points:
    spread = rng.uniform(1.1, 1.3)
    angles = np.linspace(-spread, spread, 181)
    notch = rng.uniform(0.45, 0.85) * np.exp(-((angles / 0.12) ** 2))
    radius = 1.75 - notch + 0.05 * np.sin(angles * 14 + rng.uniform(0, 6)) - 0.18 * (angles / spread) ** 4
    fan = np.stack([radius * np.sin(angles), 1.2 - radius * np.cos(angles)], axis=1) * 0.85
    return np.concatenate([[[0.03, 1.0]], fan[::-1], [[-0.03, 1.0]]])


def _feathered(reach: float) -> Callable[[np.random.Generator], list[tuple[tuple[float, float], tuple[float, float]]]]:
    """Give veins that leave a midrib in pairs, as in oak, birch and willow."""

    def veins(rng: np.random.Generator) -> list[tuple[tuple[float, float], tuple[float, float]]]:
        pairs = int(rng.integers(5, 8))
        sides = [
            ((0.0, y), (side * reach, y - 0.75 * reach))
            for y in np.linspace(0.75, -0.65, pairs).tolist()
            for side in (-1, 1)
        ]
        return [((0.0, 1.0), (0.0, -0.95)), *sides]

    return veins


def _fingered(_rng: np.random.Generator) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Give one vein for each lobe of a maple leaf."""
    tips = [(math.sin(angle) * length * 0.8, 0.45 - math.cos(angle) * length * 0.8) for angle, length in _MAPLE_LOBES]
    return [((0.0, 0.9), tips[0]), *(((0.0, 0.5), tip) for tip in tips[1:])]


def _fanned(_rng: np.random.Generator) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Give the fine veins of a ginkgo leaf, which fan out from its base."""
    angles = np.linspace(-1.1, 1.1, 23).tolist()
    return [((0.0, 1.0), (1.3 * math.sin(angle), 0.96 - 1.3 * math.cos(angle))) for angle in angles]


SPECIES: Final[dict[str, _Species]] = {
    "birch": _Species(_birch, _feathered(0.6)),
    "ginkgo": _Species(_ginkgo, _fanned),
    "maple": _Species(_maple, _fingered),
    "oak": _Species(_oak, _feathered(0.5)),
    "willow": _Species(_willow, _feathered(0.2)),
}
CLASSES: Final = tuple(SPECIES)

"""The drawn sample set: five shapes of random colour, size and rotation, so that only the shape gives the class."""

import io
import math
from collections.abc import Callable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

IMAGES_A_CLASS: Final = 60
SIDE: Final = 160
# Shapes are drawn larger and reduced, which smooths their edges.
OVERSAMPLING: Final = 3
SEED: Final = 20_240_601
QUALITY: Final = 92
# M. Okabe and K. Ito, Color Universal Design, 2008: distinguishable with any kind of colour vision.
COLOURS: Final = ("#E69F00", "#56B4E9", "#009E73", "#F0E442", "#0072B2", "#D55E00", "#CC79A7")
BACKGROUNDS: Final = (
    ((250, 247, 240), (232, 224, 208)),
    ((240, 245, 250), (206, 219, 232)),
    ((238, 246, 238), (208, 226, 210)),
    ((247, 240, 247), (226, 212, 228)),
    ((60, 66, 78), (34, 38, 48)),
)

Point = tuple[float, float]


def _regular(corners: int) -> list[Point]:
    return [(math.sin(2 * math.pi * k / corners), -math.cos(2 * math.pi * k / corners)) for k in range(corners)]


def _star() -> list[Point]:
    radii = (1.0, 0.44)
    return [(r * math.sin(math.pi * k / 5), -r * math.cos(math.pi * k / 5)) for k in range(10) for r in [radii[k % 2]]]


def _heart() -> list[Point]:
    turns = np.linspace(0, 2 * math.pi, 90, endpoint=False)
    across = 16 * np.sin(turns) ** 3
    down = -(13 * np.cos(turns) - 5 * np.cos(2 * turns) - 2 * np.cos(3 * turns) - np.cos(4 * turns))
    return [(x / 18, (y - 2) / 18) for x, y in zip(across.tolist(), down.tolist(), strict=True)]


OUTLINES: Final[dict[str, Callable[[], list[Point]]]] = {
    "circle": lambda: _regular(72),
    "heart": _heart,
    "square": lambda: _regular(4),
    "star": _star,
    "triangle": lambda: _regular(3),
}
CLASSES: Final = tuple(OUTLINES)


def draw() -> Iterator[tuple[str, bytes]]:
    """Draw the set, reproducibly.

    Yields:
        The path of each image, which begins with its class, and its bytes as JPEG.
    """
    for index, name in enumerate(CLASSES):
        for number in range(IMAGES_A_CLASS):
            rng = np.random.default_rng([SEED, index, number])
            buffer = io.BytesIO()
            draw_shape(name, rng).save(buffer, "JPEG", quality=QUALITY)
            yield f"{name}/{name}-{number:02}.jpg", buffer.getvalue()


def draw_shape(name: str, rng: np.random.Generator) -> Image.Image:
    """Draw one shape with a shadow, a background with a few specks, and camera noise.

    Args:
        name: One of `CLASSES`.
        rng: Source of all other choices.
    """
    side = SIDE * OVERSAMPLING
    picture = _draw_background(side, rng)
    outline = _placed(OUTLINES[name](), side, rng)
    _draw_specks(picture, rng)
    _draw_shadow(picture, outline)
    ImageDraw.Draw(picture).polygon(outline, fill=COLOURS[rng.integers(len(COLOURS))])
    picture = picture.resize((SIDE, SIDE), Image.Resampling.BOX)
    noise = rng.normal(0, rng.uniform(1, 6), (SIDE, SIDE, 1))
    return Image.fromarray(np.clip(np.asarray(picture) + noise, 0, 255).astype(np.uint8))


def _draw_background(side: int, rng: np.random.Generator) -> Image.Image:
    light, dark = BACKGROUNDS[rng.integers(len(BACKGROUNDS))]
    turn = rng.uniform(0, 2 * math.pi)
    along: NDArray[np.float64] = np.linspace(-0.5, 0.5, side)
    ramp = np.clip(0.5 + along[None, :] * math.cos(turn) + along[:, None] * math.sin(turn), 0, 1)
    rest = 1 - ramp
    ends = zip(light, dark, strict=True)
    channels = [(of_light * rest + of_dark * ramp).astype(np.uint8) for of_light, of_dark in ends]
    return Image.merge("RGB", [Image.fromarray(channel) for channel in channels])


def _placed(outline: list[Point], side: int, rng: np.random.Generator) -> list[Point]:
    size = rng.uniform(0.2, 0.4) * side
    turn = rng.uniform(0, 2 * math.pi)
    x0, y0 = rng.uniform(size, side - size, 2)
    cos, sin = size * math.cos(turn), size * math.sin(turn)
    return [(x0 + x * cos - y * sin, y0 + x * sin + y * cos) for x, y in outline]


def _draw_specks(picture: Image.Image, rng: np.random.Generator) -> None:
    pen = ImageDraw.Draw(picture)
    for _ in range(rng.integers(2, 7)):
        x, y = rng.uniform(0, picture.width, 2)
        radius = rng.uniform(0.01, 0.03) * picture.width
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=COLOURS[rng.integers(len(COLOURS))])


def _draw_shadow(picture: Image.Image, outline: list[Point]) -> None:
    offset = 0.015 * picture.width
    mask = Image.new("L", picture.size)
    ImageDraw.Draw(mask).polygon([(x + offset, y + offset) for x, y in outline], fill=90)
    picture.paste((0, 0, 0), mask=mask.filter(ImageFilter.BoxBlur(offset)))

"""Random variations of square images, the same in every process.

Free of frameworks: workers vary what they compute activations of, the web process shows a person what that does to
their own images. What comes out depends on the image's digest, the number of the view, the seed and the largest
changes alone. The random numbers of a view are drawn whatever the changes are, so that a larger rotation turns
further in the same direction and moves nothing else.
"""

import hashlib
import json
import math
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Part of every cached view's address: another number whenever other pixels come out.
VERSION: Final = 1

Square = NDArray[np.uint8]


class Variations(Protocol):
    """How far images are varied; `core.training.recipe.Augmentation` is one."""

    @property
    def flip_horizontal(self) -> bool:
        """Mirror left and right, in every second view."""

    @property
    def flip_vertical(self) -> bool:
        """Mirror up and down, in every second view."""

    @property
    def rotation(self) -> float:
        """Largest turn either way, in degrees."""

    @property
    def zoom(self) -> float:
        """Largest change of scale either way, as a share."""

    @property
    def shift(self) -> float:
        """Largest shift in each direction, as a share of the side."""

    @property
    def brightness(self) -> float:
        """Largest change of brightness either way, as a share of the full range."""

    @property
    def contrast(self) -> float:
        """Largest change of contrast either way, as a share."""


def augment(square: Square, digest: str, view: int, *, seed: int, variations: Variations) -> Square:
    """Vary an image: mirror, turn, scale, shift, then contrast around its mean and brightness.

    What a turn or a shift uncovers is filled by reflection, so that no black corner gives a view away.

    Args:
        square: (size, size, 3) uint8.
        digest: Digest of the original.
        view: Which variation; 0 is the image itself.
        seed: Of the run.
        variations: The largest changes.

    Returns:
        (size, size, 3) uint8.
    """
    if view == 0:
        return square
    draw = _draw(digest, view, seed)
    return _change_light(_move(square, draw, variations), draw, variations)


def variations_key(variations: Variations, seed: int) -> str:
    """Part of a view's address: equal exactly where `augment` gives the same pixels for the same digest and view.

    The number of views is no part of it: a run with more views shares the first ones with a run with fewer.
    """
    fields = sorted(name for name in vars(Variations) if not name.startswith("_"))
    text = json.dumps([VERSION, seed, *(float(getattr(variations, name)) for name in fields)])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class _Draw(NamedTuple):
    """Each from -1 to 1."""

    mirror: float
    upend: float
    turn: float
    scale: float
    right: float
    down: float
    contrast: float
    brightness: float


def _draw(digest: str, view: int, seed: int) -> _Draw:
    entropy = hashlib.blake2b(f"{digest}/{view}/{seed}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(entropy, "little")))
    return _Draw(*(2 * generator.random(len(_Draw._fields)) - 1).tolist())


def _move(square: Square, draw: _Draw, variations: Variations) -> Square:
    size = len(square)
    a, b, c, d, e, f = _affine(draw, variations)
    # How far outside of the square a corner of the result may lie, as a share of the side.
    reach = (max(abs(a) + abs(b), abs(d) + abs(e)) - 1) / 2 + max(abs(c), abs(f))
    if (a, b, d, e) in _FLIPS and not (c or f):
        return np.ascontiguousarray(square[:: int(e), :: int(a)])
    margin = math.ceil(max(0.0, reach) * size) + 1
    padded = np.pad(square, ((margin, margin), (margin, margin), (0, 0)), mode="symmetric")
    centre, middle = size / 2, size / 2 + margin
    matrix = (
        a, b, middle + c * size - (a + b) * centre,
        d, e, middle + f * size - (d + e) * centre,
    )  # fmt: skip
    moved = Image.fromarray(padded).transform(
        (size, size), Image.Transform.AFFINE, matrix, resample=Image.Resampling.BILINEAR
    )
    return np.asarray(moved)


_FLIPS: Final = {(a, 0.0, 0.0, e) for a in (-1.0, 1.0) for e in (-1.0, 1.0)}


def _affine(draw: _Draw, variations: Variations) -> tuple[float, float, float, float, float, float]:
    """From a place in the result to its place in the image, both from the centre, in shares of the side."""
    angle = math.radians(draw.turn * variations.rotation)
    scale = 1 + draw.scale * variations.zoom
    mirror = -1.0 if variations.flip_horizontal and draw.mirror < 0 else 1.0
    upend = -1.0 if variations.flip_vertical and draw.upend < 0 else 1.0
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    return (
        mirror * cosine,
        mirror * -sine,
        draw.right * variations.shift,
        upend * sine,
        upend * cosine,
        draw.down * variations.shift,
    )


def _change_light(square: Square, draw: _Draw, variations: Variations) -> Square:
    factor = 1 + draw.contrast * variations.contrast
    offset = 255 * draw.brightness * variations.brightness
    if factor == 1 and offset == 0:
        return square
    mean = square.mean()
    levels = (np.arange(256) - mean) * factor + mean + offset
    table: Square = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return table[square]

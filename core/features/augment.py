"""Random variations of square images, the same in every process.

Free of frameworks: workers compute activations of varied images, the web process shows them. The result depends only
on the image's digest, the number of the view, the seed and the bounds. The random numbers of a view do not depend on
the bounds, so a larger bound for the rotation turns further in the same direction and changes nothing else.
"""

import hashlib
import json
import math
from typing import Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Part of the cache key of every view; increase it when the resulting pixels change.
VERSION: Final = 1

Square = NDArray[np.uint8]


class Variations(Protocol):
    """Bounds of the variations; implemented by `core.training.recipe.Augmentation`."""

    @property
    def flip_horizontal(self) -> bool:
        """Whether to mirror left and right, in half of the views."""

    @property
    def flip_vertical(self) -> bool:
        """Whether to mirror up and down, in half of the views."""

    @property
    def rotation(self) -> float:
        """Largest rotation either way, in degrees."""

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
    """Vary an image: mirror, rotate, scale, shift, then change contrast around its mean and brightness.

    Uncovered corners and edges are filled by reflection.

    Args:
        square: (size, size, 3) uint8.
        digest: Digest of the original.
        view: Number of the variation; 0 is the image itself.
        seed: Of the run.
        variations: Bounds of the variations.

    Returns:
        (size, size, 3) uint8.
    """
    if view == 0:
        return square
    sample = _sample(digest, view, seed)
    return _change_light(_transform(square, sample, variations), sample, variations)


def variations_key(variations: Variations, seed: int) -> str:
    """Part of the cache key of a view: equal if and only if `augment` gives the same pixels for a digest and view.

    The number of views is not part of it, so a run with more views shares the first ones with a run with fewer.
    """
    fields = sorted(name for name in vars(Variations) if not name.startswith("_"))
    text = json.dumps([VERSION, seed, *(float(getattr(variations, name)) for name in fields)])
    return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()


class _Sample(NamedTuple):
    """Random numbers from -1 to 1."""

    mirror: float
    upend: float
    turn: float
    scale: float
    right: float
    down: float
    contrast: float
    brightness: float


def _sample(digest: str, view: int, seed: int) -> _Sample:
    entropy = hashlib.blake2b(f"{digest}/{view}/{seed}".encode(), digest_size=16).digest()
    generator = np.random.Generator(np.random.PCG64(int.from_bytes(entropy, "little")))
    return _Sample(*(2 * generator.random(len(_Sample._fields)) - 1).tolist())


def _transform(square: Square, sample: _Sample, variations: Variations) -> Square:
    size = len(square)
    a, b, c, d, e, f = _affine(sample, variations)
    # How far a corner of the result may lie outside of the image, as a share of the side.
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


def _affine(sample: _Sample, variations: Variations) -> tuple[float, float, float, float, float, float]:
    """The affine map from the result to the image, in shares of the side from the centre."""
    angle = math.radians(sample.turn * variations.rotation)
    scale = 1 + sample.scale * variations.zoom
    mirror = -1.0 if variations.flip_horizontal and sample.mirror < 0 else 1.0
    upend = -1.0 if variations.flip_vertical and sample.upend < 0 else 1.0
    cosine, sine = scale * math.cos(angle), scale * math.sin(angle)
    return (
        mirror * cosine,
        mirror * -sine,
        sample.right * variations.shift,
        upend * sine,
        upend * cosine,
        sample.down * variations.shift,
    )


def _change_light(square: Square, sample: _Sample, variations: Variations) -> Square:
    factor = 1 + sample.contrast * variations.contrast
    offset = 255 * sample.brightness * variations.brightness
    if factor == 1 and offset == 0:
        return square
    mean = square.mean()
    levels = (np.arange(256) - mean) * factor + mean + offset
    table: Square = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return table[square]

"""Which pictures are the same one, resized, recompressed or slightly cropped.

Two steps. The difference hash (Krawetz, "Kind of Like That", 2013) and the correlation of small grey pictures choose
candidates among all pairs. Then one picture is correlated with windows of the other, so that a cropped border does
not matter. Measured on three sets with 75 planted copies each (scaled to 60%, JPEG quality 40, 5% cropped): all
copies correlate at 0.955 or more, and among 880,000 pairs of originals only one does, which is a real copy.
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

SIDE = 48
"""Side of the grey pictures, in pixels."""
SAME = 0.955
"""Correlation, at the best window, from which two pictures are the same one."""
ALIKE = 0.9
"""The same for neighbouring frames of a burst, which differ a little more."""

_COMPARED_SIDE = 32
_SCALES = (1.0, 0.975, 0.95, 0.925, 0.9)
_CANDIDATE_BITS = 16
_CANDIDATE_CORRELATION = 0.65
_FLAT = 2.0  # standard deviation of grey levels below which a picture, such as a blank page, shows nothing
_CHUNK = 500
_SHARE_OF_A_SCENE = 0.25
_FEWEST_OF_A_SCENE = 40
_SAMPLE = 500


def grey_picture(image: Image.Image) -> NDArray[np.uint8]:
    """(48, 48) uint8 grey copy of an image, stretched."""
    return np.asarray(image.convert("L").resize((SIDE, SIDE), Image.Resampling.BOX), np.uint8)


def near_duplicate_pairs(
    pictures: NDArray[np.uint8], dhash: NDArray[np.uint64], least: float = SAME
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Find pairs that show the same picture.

    Args:
        pictures: (n, 48, 48) uint8 grey.
        dhash: (n,) uint64 difference hash.
        least: Correlation from which a pair is given.

    Returns:
        (k, 2) int64 pairs of rows, the smaller first, and (k,) their correlation at the best window.
    """
    seen = _beyond_scenes(pictures.astype(np.float32))
    told = np.flatnonzero(np.minimum(seen.std(axis=(1, 2)), pictures.std(axis=(1, 2))) >= _FLAT)
    seen, hashes = seen[told], dhash[told]
    unit = _unit(_shrink(seen))
    ones, others, values = [np.empty(0, np.int64)], [np.empty(0, np.int64)], [np.empty(0, np.float32)]
    threads = ThreadpoolController()
    for row, candidates in _candidates(unit, hashes):
        # Either whole picture with any window of the other: this is one half, the other row's turn is the other.
        with threads.limit(limits=1):  # so little work is done ten times as fast by one thread on a busy machine
            best = (_windows(seen[row]) @ unit[candidates].T).max(axis=0)
        found = best >= least
        ones.append(np.minimum(row, candidates[found]))
        others.append(np.maximum(row, candidates[found]))
        values.append(best[found])
    return _once(told[np.concatenate(ones)], told[np.concatenate(others)], np.concatenate(values), len(pictures))


def _once(
    ones: NDArray[np.int64], others: NDArray[np.int64], values: NDArray[np.float32], n: int
) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
    """Each pair once, with the better of its two correlations."""
    keys, place = np.unique(ones * n + others, return_inverse=True)
    best = np.zeros(len(keys), np.float32)
    np.maximum.at(best, place, values)
    return np.stack([keys // n, keys % n], axis=1).astype(np.int64), best


def _candidates(unit: NDArray[np.float32], hashes: NDArray[np.uint64]) -> Iterator[tuple[int, NDArray[np.int64]]]:
    """Rows that may show the same picture as others, each with these others."""
    for start in range(0, len(unit), _CHUNK):
        likeness = unit[start : start + _CHUNK] @ unit.T
        for place, row in enumerate(range(start, start + len(likeness))):
            likeness[place, row] = -1
            others = np.flatnonzero(likeness[place] >= _CANDIDATE_CORRELATION)
            others = others[np.bitwise_count(hashes[row] ^ hashes[others]) <= _CANDIDATE_BITS]
            if len(others):
                yield row, others


def _beyond_scenes(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    """Give what each picture shows beyond the scene that very many of them share.

    A camera on a stand, over a conveyor belt or a microscope's slide, takes pictures that are all alike at this size
    and yet of different things. Where a quarter of a set looks the same, what these share is taken away from them.
    """
    n = len(pictures)
    if n < _FEWEST_OF_A_SCENE:
        return pictures
    unit = _unit(_shrink(pictures))
    sample = np.random.default_rng(0).choice(n, min(n, _SAMPLE), replace=False)
    alike = (unit @ unit[sample].T >= SAME).mean(axis=1)
    rest = pictures.copy()
    while alike.max() >= max(_SHARE_OF_A_SCENE, _FEWEST_OF_A_SCENE / n):
        members = unit @ unit[alike.argmax()] >= ALIKE
        rest[members] -= pictures[members].mean(axis=0)
        alike[members] = 0
    return rest


def _windows(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """(n_windows, 1024) the picture cropped at several scales and places, each centred and of length 1."""
    views = [
        (crops.transpose(0, 2, 1)[:, None] @ (picture @ crops)[None]).reshape(-1, _COMPARED_SIDE, _COMPARED_SIDE)
        for crops in _crops()
    ]
    return _unit(np.concatenate(views))


@cache
def _crops() -> list[NDArray[np.float32]]:
    """For each scale, (n_places, 48, 32) what resizes a row of a picture, cropped at each place; columns likewise."""
    each_pixel = Image.fromarray(np.eye(SIDE, dtype=np.float32))
    found = []
    for scale in _SCALES:
        side = SIDE * scale
        places = [0.0] if scale == 1 else [0.0, (SIDE - side) / 2, SIDE - side]
        size = (_COMPARED_SIDE, SIDE)
        rows = [each_pixel.resize(size, Image.Resampling.BILINEAR, box=(at, 0, at + side, SIDE)) for at in places]
        found.append(np.stack([np.asarray(row) for row in rows]))
    return found


def _shrink(pictures: NDArray[np.float32]) -> NDArray[np.float32]:
    size = (_COMPARED_SIDE, _COMPARED_SIDE)
    views = [np.asarray(Image.fromarray(one).resize(size, Image.Resampling.BILINEAR)) for one in pictures]
    return np.stack(views) if views else np.empty((0, *size), np.float32)


def _unit(views: NDArray[np.float32]) -> NDArray[np.float32]:
    flat = views.reshape(len(views), int(np.prod(views.shape[1:])))
    centred = flat - flat.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6), np.float32)

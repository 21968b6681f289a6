"""Pairs of pictures that may be the same: found in nearly linear time, to be compared one by one.

Two searches together. Local features are quantized to words, and pictures that share rare words are candidates (Sivic
and Zisserman, "Video Google", 2003; words from two halves of each descriptor as in Babenko and Lempitsky, "The inverted
multi-index", 2012): this survives turns, crops, borders and text. Words of the mirrored features find mirrors. Pictures
with few local features, such as a cell on a grey ground, are compared by the strengths of their rings' frequencies
about the centre, which do not depend on turns and mirrors.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix

from core.dataset.local_features import mirror_descriptors
from core.dataset.same_picture import SmallPicture

PER_PICTURE: Final = 6
LEAST_PAIRS: Final = 200  # compared whatever the number of pictures
_PER_SIZE: Final = 3
_AXES: Final = 24
_CENTRES: Final = 128
_SAMPLED_DESCRIPTORS: Final = 10_000
_COMMON: Final = 0.05  # share of the pictures from which a word is too common to say anything
_FEWEST_COMMON: Final = 30
_LEAST_LIKENESS: Final = 0.06
FEW_KEYPOINTS: Final = 60
_BANDS: Final = 8
_FREQUENCIES: Final = 9
_RING_SHIFTS: Final = (0, 3, 6)
RINGS_SHAPE: Final = (len(_RING_SHIFTS), _BANDS * (_FREQUENCIES + 1) + 2)
_CHUNK: Final = 512
_BRUTE_FORCE: Final = 4000
_PROBED: Final = 12

Floats = NDArray[np.float32]
Pairs = NDArray[np.int64]


@dataclass(frozen=True)
class Vocabulary:
    """Words for descriptors: one of `_CENTRES` for each half of a descriptor, after a projection.

    Attributes:
        mean: (128,) of the sample.
        axes: (128, _AXES) principal axes of the sample.
        centres: (2, n_centres, _AXES / 2).
    """

    mean: Floats
    axes: Floats
    centres: Floats

    @property
    def size(self) -> int:
        """Number of words."""
        return int(self.centres.shape[1]) ** 2

    def words(self, descriptors: Floats) -> NDArray[np.int32]:
        """(k,) word of each descriptor."""
        projected = (descriptors - self.mean) @ self.axes
        word = np.zeros(len(descriptors), np.int32)
        for half, centres in zip(np.split(projected, 2, axis=1), self.centres, strict=True):
            distances = (centres**2).sum(axis=1) - 2 * half @ centres.T
            word = word * len(centres) + distances.argmin(axis=1).astype(np.int32)
        return word


def fit_vocabulary(descriptors: Floats) -> Vocabulary:
    """Fit words to a sample of descriptors.

    Args:
        descriptors: (m, 128), at least one.
    """
    from sklearn.cluster import MiniBatchKMeans

    random = np.random.default_rng(0)
    sample = descriptors[random.permutation(len(descriptors))[:_SAMPLED_DESCRIPTORS]]
    # Mirrored patches are as likely, and must fall into words as well.
    sample = np.concatenate([sample, mirror_descriptors(sample)])
    mean = sample.mean(axis=0)
    _, axes = np.linalg.eigh(np.cov((sample - mean).T))
    # The strongest axes alternate between the halves, so that both say about as much.
    axes = axes[:, ::-1][:, :_AXES].reshape(128, -1, 2).transpose(0, 2, 1).reshape(128, _AXES)
    projected = (sample - mean) @ axes
    count = int(min(_CENTRES, max(2, len(sample) // 16)))
    centres = []
    for half in np.split(projected, 2, axis=1):
        means = MiniBatchKMeans(count, batch_size=2048, n_init=1, max_iter=5, random_state=0).fit(half)
        centres.append(means.cluster_centers_)
    return Vocabulary(mean.astype(np.float32), axes.astype(np.float32), np.array(centres, np.float32))


def shared_words(
    words: list[NDArray[np.int32]], mirrored: list[NDArray[np.int32]], size: int, should_stop: Callable[[], bool]
) -> Pairs:
    """Pairs of pictures that share many rare words, at most `PER_PICTURE` a picture.

    Args:
        words: Words of each picture.
        mirrored: Words of each picture's mirror image.
        size: Number of words.
        should_stop: Whether to stop early.
    """
    n = len(words)
    ours, theirs = word_incidence(words, size), word_incidence(mirrored, size)
    used = np.asarray(ours.sum(axis=0)).ravel()
    weight = np.log(np.maximum(n, 2) / np.maximum(used, 1)).astype(np.float32)
    weight[used > max(_FEWEST_COMMON, _COMMON * n)] = 0
    ours, theirs = _normalized(ours, weight), _normalized(theirs, weight)
    transposed = ours.T.tocsc()
    pairs = []
    for start in range(0, n, _CHUNK):
        if should_stop():
            break
        rows = slice(start, start + _CHUNK)
        likeness = (ours[rows] @ transposed).maximum(theirs[rows] @ transposed).tocsr()
        for place in range(likeness.shape[0]):
            found = slice(likeness.indptr[place], likeness.indptr[place + 1])
            others, values = likeness.indices[found], likeness.data[found]
            keep = (values >= _LEAST_LIKENESS) & (others != start + place)
            others, values = others[keep], values[keep]
            best = others[np.argsort(-values, kind="stable")[:PER_PICTURE]]
            pairs.append(np.stack([np.full(len(best), start + place), best], axis=1))
    return _unique(pairs)


def word_incidence(words: list[NDArray[np.int32]], size: int) -> csr_matrix:
    """(n, size) 1 where a picture has a word."""
    once = [np.unique(one) for one in words]
    starts = np.concatenate([[0], np.cumsum([len(one) for one in once])])
    columns = np.concatenate([*once, np.empty(0, np.int32)])
    return csr_matrix((np.ones(len(columns), np.float32), columns, starts), shape=(len(words), size))


def _normalized(incidence: csr_matrix, weight: Floats) -> csr_matrix:
    weighted = incidence.copy()
    weighted.data = weight[weighted.indices]
    length = np.sqrt(np.maximum(np.asarray(weighted.multiply(weighted).sum(axis=1)).ravel(), 1e-9))
    weighted.data /= np.repeat(length, np.diff(weighted.indptr)).astype(np.float32)
    weighted.eliminate_zeros()
    return weighted


def ring_descriptors(picture: SmallPicture) -> Floats:
    """Strengths of the rings' frequencies and their colours, of the whole picture and of two central crops.

    Returns:
        `RINGS_SHAPE`.
    """
    strength = np.abs(picture.polar[:, :_FREQUENCIES]) / picture.polar.shape[1]
    rings = np.concatenate([strength, picture.ring_colours], axis=1)
    found = []
    for shift in _RING_SHIFTS:
        kept = rings[shift : shift + len(rings) - max(_RING_SHIFTS)]
        bands = np.stack([band.mean(axis=0) for band in np.array_split(kept, _BANDS)])
        grey = bands[:, 1 : _FREQUENCIES + 1]  # the first frequency is a ring's own mean
        grey = np.concatenate([grey, bands[:, -3:-2] - bands[:, -3:-2].mean()], axis=1)
        grey = grey / max(float(np.linalg.norm(grey)), 1e-3)
        found.append(np.concatenate([grey.ravel(), bands[:, -2:].mean(axis=0) / 60]))
    return np.array(found, np.float32)


def similar_rings(descriptors: Floats, should_stop: Callable[[], bool]) -> Pairs:
    """Pairs of pictures with similar rings: of the nearest `_PER_SIZE` a picture and size, the closest.

    Aligning a pair of plain pictures takes milliseconds, so only about one pair a picture is kept. Where many pictures
    look alike, this drops pairs whose rings differ most.

    Args:
        descriptors: (n, 3, k) as `ring_descriptors` gives.
        should_stop: Whether to stop early.
    """
    n = len(descriptors)
    if n < 2:  # noqa: PLR2004 - a pair has two
        return np.empty((0, 2), np.int64)
    whole = descriptors[:, 0]
    cells = _cells(whole)
    pairs: list[Pairs] = []
    closeness: list[Floats] = []
    for chosen, among in cells:
        for start in range(0, len(chosen), _CHUNK):
            if should_stop():
                return _closest(pairs, closeness, n)
            rows = chosen[start : start + _CHUNK]
            for size in range(descriptors.shape[1]):
                queries, targets = descriptors[rows, size], whole[among]
                distances = (queries**2).sum(axis=1)[:, None] + (targets**2).sum(axis=1) - 2 * queries @ targets.T
                distances[rows[:, None] == among[None]] = np.inf
                k = min(_PER_SIZE, len(among) - 1)
                if k > 0:
                    places = np.argpartition(distances, k - 1, axis=1)[:, :k]
                    pairs.append(np.stack([np.repeat(rows, k), among[places].ravel()], axis=1))
                    closeness.append(np.take_along_axis(distances, places, axis=1).ravel())
    return _closest(pairs, closeness, n)


def _closest(pairs: list[Pairs], distances: list[Floats], n: int) -> Pairs:
    if not pairs:
        return np.empty((0, 2), np.int64)
    order = np.argsort(np.concatenate(distances), kind="stable")
    ordered = np.sort(np.concatenate(pairs).astype(np.int64), axis=1)[order]
    _, first = np.unique(ordered, axis=0, return_index=True)
    return ordered[np.sort(first)[: max(LEAST_PAIRS, n)]]


def _cells(points: Floats) -> list[tuple[NDArray[np.int64], NDArray[np.int64]]]:
    """Rows of each cell of the space, and the rows of the cells around it among which their neighbours are sought."""
    n = len(points)
    if n <= _BRUTE_FORCE:
        return [(np.arange(n), np.arange(n))]
    from sklearn.cluster import MiniBatchKMeans

    means = MiniBatchKMeans(round(n**0.5), batch_size=4096, n_init=1, max_iter=10, random_state=0).fit(points)
    members = [np.flatnonzero(means.labels_ == cell) for cell in range(means.n_clusters)]
    centres = means.cluster_centers_
    distances = ((centres[:, None] - centres[None]) ** 2).sum(axis=2)
    near = np.argsort(distances, axis=1)[:, :_PROBED]
    return [(own, np.concatenate([members[cell] for cell in cells])) for own, cells in zip(members, near, strict=True)]


def _unique(pairs: list[Pairs]) -> Pairs:
    if not pairs:
        return np.empty((0, 2), np.int64)
    return np.unique(np.sort(np.concatenate(pairs).astype(np.int64), axis=1), axis=0)

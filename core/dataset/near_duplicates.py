"""The search for duplicates: pictures that are identical, the same picture changed, or photographs of the same scene.

Three steps. `duplicate_candidates` finds pairs that may be the same, in nearly linear time. `same_picture` aligns and
compares each pair. Here the comparison is judged: a pair is the same picture only if it agrees everywhere and far
better than random pairs of the set do, so that a set of things that look alike, such as cells on one ground, sets a
higher bar by itself. Doubt means "not the same".
"""

import tempfile
from collections import OrderedDict
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import IO, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from threadpoolctl import ThreadpoolController  # type: ignore[import-untyped]

from core.dataset.duplicate_candidates import (
    FEW_KEYPOINTS,
    LEAST_PAIRS,
    RINGS_SHAPE,
    Vocabulary,
    fit_vocabulary,
    ring_descriptors,
    shared_words,
    similar_rings,
    word_incidence,
)
from core.dataset.grouping import connected_sets, number_groups
from core.dataset.local_features import KEYPOINTS, LocalFeatures, mirror_descriptors
from core.dataset.same_picture import (
    NO_MATCH,
    Comparison,
    Match,
    SmallPicture,
    align_features,
    match_pictures,
    small_picture,
)
from core.storage.arrays import ArrayStore

# Part of the key of all that is cached; increased whenever features, comparisons or the pairs found change.
VERSION: Final = 2
_OVERLAP: Final = 0.6  # a picture turned by 45 degrees on its own canvas keeps 0.83, or less with a border
_OVERLAP_RICH: Final = 0.3  # a long photograph turned on its own canvas keeps 0.34
_LEAST_OVERLAP: Final = 0.3  # a crop to 70 % of both sides keeps 0.49
_LEAST_INFORMATIVE: Final = 0.05
_CORRELATION: Final = 0.93  # different photographs of one pose of a hand reach 0.87, changed copies 0.95
_AGREEING: Final = 0.95
_AGREEING_RICH: Final = 0.6
_DETAIL_RICH: Final = 0.6  # photographs of one hand in two poses have 0.2, text on a photograph 0.75
_RICH: Final = 0.5
_WORST_PLAIN: Final = 25.0  # drawn leaves: copies differ by 14 grey levels or less, other leaves by 30 or more
_WORST_RICH: Final = 45.0
_SURELY_IN_PLACE: Final = 20
_COLOUR: Final = 12.0  # grey levels of chroma
_COLOUR_RICH: Final = 20.0  # a photograph made so bright that it is clipped reaches 14
_FEWEST_RANDOM: Final = 10
_RANDOM_QUANTILE: Final = 0.15
_BELOW_RANDOM: Final = 0.45
_CHANGED: Final = 30.0  # grey levels by which a place differs that was painted over
_MOST_CHANGED: Final = 4  # versions of one picture that differ in such a place
_PLAIN_SHARE: Final = 0.3  # drawn leaves: 0.33 or more of the keypoints of 9 in 10 copies, of other leaves 0.18
_SCENE_INLIERS: Final = 25
_SCENE_SPREAD: Final = 0.15
_SCENE_CORRELATION: Final = 0.4
_SCENE_OVERLAP: Final = 0.5
_ALIKE: Final = 0.25  # share of a picture's words
_LARGEST_SCENE: Final = 12
_SHARE_OF_A_CAMERA: Final = 0.02
LEAST_SIDE: Final = 16
"""Shorter side in pixels below which only identical pictures are called the same."""
RANDOM_PAIRS: Final = 80
_VOCABULARY_PICTURES: Final = 300
_THREADS: Final = 4
_FEWEST_DESCRIPTORS: Final = 32
_CACHED: Final = 400
_CHUNK: Final = 256
_DESCRIPTOR_SCALE: Final = 400.0
_FEATURES: Final = np.dtype(
    [
        ("descriptors", np.uint8, (KEYPOINTS, 128)),
        ("keypoints", np.float32, (KEYPOINTS, 4)),
        ("rings", np.float32, RINGS_SHAPE),
        ("count", np.int32),
        ("width", np.int32),
        ("too_small", np.bool_),
    ]
)
FEATURE_BYTES: Final = _FEATURES.itemsize
"""Size of the cached features of one picture."""

Pairs = NDArray[np.int64]
_NO_PAIRS: Final[Pairs] = np.empty((0, 2), np.int64)
Reader = Callable[[int], NDArray[np.uint8]]


class DuplicatePairs(NamedTuple):
    """Pairs of rows, the smaller first.

    Attributes:
        identical: (a, 2) identical pixels.
        same: (b, 2) the same picture, changed.
        scene: (c, 2) another photograph of the same scene.
    """

    identical: Pairs = _NO_PAIRS
    same: Pairs = _NO_PAIRS
    scene: Pairs = _NO_PAIRS

    def select(self, rows: NDArray[np.int64], n: int) -> Self:
        """Give the pairs among some of n rows, numbered by their order there."""
        place = np.full(n, -1, np.int64)
        place[rows] = np.arange(len(rows))
        moved = (place[pairs] for pairs in self)
        return type(self)(*(np.sort(pairs[(pairs >= 0).all(axis=1)], axis=1) for pairs in moved))


class SearchCache(NamedTuple):
    """Features of pictures and comparisons of pairs from earlier searches, so that only new pictures take time.

    Attributes:
        store: Where they are stored.
        digests: (n,) SHA-256 of each picture's original.
    """

    store: ArrayStore
    digests: Sequence[str]


def find_duplicates(
    read: Reader,
    n: int,
    *,
    cache: SearchCache | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> DuplicatePairs:
    """Find pairs that show the same picture or the same scene.

    Args:
        read: Gives a row's picture, (height, width, 3) uint8 RGB of any size; called more than once.
        n: Number of pictures.
        cache: What earlier searches found, and where this one adds to it; None to compute all.
        on_progress: Called with the number of pictures and pairs done so far, and of all known then.
        should_stop: Whether to stop early; the pairs found so far are returned.

    Raises:
        WorkspaceError: The cache cannot be written.
    """
    # Products this small are many times as fast on one thread, above all where other processes run.
    with (
        ThreadpoolController().limit(limits=1),
        tempfile.TemporaryFile() as file,
        ThreadPoolExecutor(_THREADS) as pool,
        closing(_Index(read, n, file, pool, cache)) as index,
    ):
        index.build(on_progress, should_stop)
        pairs = index.candidates(should_stop)
        total = n + len(pairs)
        bar = _random_bar(index, should_stop)
        matches: list[Match] = []
        for start in range(0, len(pairs), _CHUNK):
            if should_stop():
                break
            matches += index.matches(pairs[start : start + _CHUNK])
            on_progress(n + len(matches), total)
    return _judge(index, pairs[: len(matches)], matches, bar)


def _judge(index: "_Index", pairs: Pairs, matches: Sequence[Match], bar: "_Bar") -> DuplicatePairs:
    same = np.array([_is_same(match, bar) for match in matches], np.bool_)
    same[_from_one_camera(index, pairs, same, matches)] = False
    scene = pairs[~same & np.array([_is_scene(match) for match in matches], np.bool_)]
    large = [
        rows for rows in connected_sets(scene, index.n) if len(rows) > max(_LARGEST_SCENE, _SHARE_OF_A_CAMERA * index.n)
    ]
    scene = scene[~np.isin(scene[:, 0], [row for rows in large for row in rows])]
    return DuplicatePairs(same=pairs[same], scene=scene)


def _from_one_camera(
    index: "_Index", pairs: Pairs, same: NDArray[np.bool_], matches: Sequence[Match]
) -> NDArray[np.int64]:
    """Places of pairs that agree everywhere but in some spot, as many different pictures of a camera on a stand do."""
    changed = same & np.array([match.comparison.worst > _CHANGED for match in matches], np.bool_)
    copies = number_groups(connected_sets(pairs[same & ~changed], index.n), index.n)
    places = np.flatnonzero(changed)
    alike = {row: len(np.unique(copies[index.alike(row)])) for row in np.unique(pairs[places]).tolist()}
    return np.array([place for place in places if max(alike[row] for row in pairs[place]) > _MOST_CHANGED], np.int64)


class _Index:
    """Features of all pictures, in a temporary file, and what is made of them."""

    def __init__(
        self, read: Reader, n: int, file: IO[bytes], pool: ThreadPoolExecutor, cache: SearchCache | None
    ) -> None:
        self._read, self.n, self._pool = read, n, pool
        self._digests: Sequence[str] = [] if cache is None else cache.digests
        self._cached_features = None if cache is None else cache.store.open(f"local-features-{VERSION}-{FEATURE_BYTES}")
        self._cached_matches = None if cache is None else cache.store.open(f"comparisons-{VERSION}")
        self._features = np.memmap(file, _FEATURES, "w+", shape=max(n, 1))
        self._counts = np.zeros(n, np.int64)
        self._too_small = np.zeros(n, np.bool_)
        self._words: list[NDArray[np.int32]] = []
        self._mirrored: list[NDArray[np.int32]] = []
        self._vocabulary: Vocabulary | None = None
        self._incidence: csr_matrix | None = None
        self._pictures: OrderedDict[int, SmallPicture] = OrderedDict()
        self._similar_rings: set[tuple[int, int]] = set()

    def close(self) -> None:
        """Write what is new to the cache."""
        for cached in (self._cached_features, self._cached_matches):
            if cached is not None:
                cached.flush()

    def build(self, on_progress: Callable[[int, int], None], should_stop: Callable[[], bool]) -> None:
        """Extract features of every picture that are not cached."""
        empty = np.empty(0, np.int32)
        self._words, self._mirrored = [empty] * self.n, [empty] * self.n
        for start in range(0, self.n, _CHUNK):
            if should_stop():
                return
            rows = np.arange(start, min(start + _CHUNK, self.n))
            self._fill(rows)
            self._counts[rows], self._too_small[rows] = self._features["count"][rows], self._features["too_small"][rows]
            on_progress(int(rows[-1]) + 1, self.n)
        self._quantize(should_stop)

    def _fill(self, rows: NDArray[np.int64]) -> None:
        """Put the features of rows into the file."""
        cached = self._cached_features
        if cached is None:
            list(self._pool.map(self._extract, rows.tolist()))
            return
        present, known = cached.get([self._digests[row] for row in rows])
        if len(known):
            self._features[rows[present]] = known.view(_FEATURES).reshape(-1)
        new = rows[~present]
        list(self._pool.map(self._extract, new.tolist()))
        extracted = np.array(self._features[new]).view(np.uint8).reshape(len(new), _FEATURES.itemsize)
        cached.append([self._digests[row] for row in new], extracted)

    def _extract(self, row: int) -> None:
        rgb = self._read(row)
        picture = small_picture(rgb)
        found = picture.features
        k = len(found)
        features = self._features[row]
        features["count"], features["width"], features["too_small"] = k, found.width, min(rgb.shape[:2]) < LEAST_SIDE
        features["keypoints"][:k] = np.column_stack([found.points, found.scales, found.angles])
        features["descriptors"][:k] = np.clip(np.round(found.descriptors * _DESCRIPTOR_SCALE), 0, 255)
        features["rings"] = ring_descriptors(picture)

    def _quantize(self, should_stop: Callable[[], bool]) -> None:
        sample = np.random.default_rng(0).permutation(self.n)[:_VOCABULARY_PICTURES]
        descriptors = [self.features(row).descriptors for row in sample.tolist()]
        known = np.concatenate([*descriptors, np.empty((0, 128), np.float32)])
        if len(known) < _FEWEST_DESCRIPTORS:
            return
        self._vocabulary = fit_vocabulary(known)
        for row in range(self.n):
            if row % _CHUNK == 0 and should_stop():
                return
            own = self.features(row).descriptors
            self._words[row] = self._vocabulary.words(own)
            self._mirrored[row] = self._vocabulary.words(mirror_descriptors(own))

    def features(self, row: int) -> LocalFeatures:
        """The local features of a row."""
        features, k = self._features[row], self._counts[row]
        points = np.array(features["keypoints"][:k])
        descriptors = features["descriptors"][:k].astype(np.float32) / _DESCRIPTOR_SCALE
        return LocalFeatures(points[:, :2], points[:, 2], points[:, 3], descriptors, int(features["width"]))

    def alike(self, row: int) -> NDArray[np.int64]:
        """Rows that share many words with a row, common ones too; itself included."""
        if self._vocabulary is None:
            return np.array([row], np.int64)
        if self._incidence is None:
            self._incidence = word_incidence(self._words, self._vocabulary.size)
        shared = (self._incidence @ self._incidence[row].T).toarray().ravel()
        return np.flatnonzero(shared >= max(1, _ALIKE * shared[row]))

    def candidates(self, should_stop: Callable[[], bool]) -> Pairs:
        """(k, 2) pairs of rows to compare."""
        found = [np.empty((0, 2), np.int64)]
        if self._vocabulary is not None:
            worded = shared_words(self._words, self._mirrored, self._vocabulary.size, should_stop)
            both_plain = (self._counts[worded] < FEW_KEYPOINTS).all(axis=1)
            found += [worded[~both_plain], self._best_aligned(worded[both_plain])]
        plain = np.flatnonzero(self._counts < FEW_KEYPOINTS)
        if len(plain):
            rings = plain[similar_rings(self._features["rings"][plain], should_stop)]
            self._similar_rings = set(map(tuple, rings.tolist()))
            found.append(rings)
        pairs = np.unique(np.concatenate(found), axis=0)
        return pairs[~self._too_small[pairs].any(axis=1)]

    def _best_aligned(self, pairs: Pairs) -> Pairs:
        """Of pairs of plain pictures, those in which most keypoints agree on one map, about one for two pictures.

        A few words in common say little of plain pictures. Finding the map takes a fraction of a millisecond, comparing
        the pixels twenty.
        """
        shares = np.array(list(self._pool.map(self._agreeing_share, pairs)))
        best = np.argsort(-shares, kind="stable")[: max(LEAST_PAIRS, self.n // 2)]
        return pairs[best[shares[best] >= _PLAIN_SHARE]]

    def _agreeing_share(self, pair: Sequence[int]) -> float:
        one, other = self.features(int(pair[0])), self.features(int(pair[1]))
        aligned = align_features(one, other)
        return 0.0 if aligned is None else aligned.similarity.inliers / min(len(one), len(other))

    def random_pairs(self) -> Pairs:
        """(k, 2) random pairs of different rows."""
        drawn = np.random.default_rng(0).integers(0, max(self.n, 1), (RANDOM_PAIRS, 2))
        drawn = np.unique(np.sort(drawn[drawn[:, 0] != drawn[:, 1]], axis=1), axis=0)
        return drawn[~self._too_small[drawn].any(axis=1)]

    def matches(self, pairs: Pairs, *, thorough: bool = False) -> list[Match]:
        """Align and compare the pictures of pairs; the pixels are read only where the features allow it.

        Args:
            pairs: (k, 2) rows.
            thorough: Whether plain pictures are aligned at every angle, which takes milliseconds, also where their
                rings differ.
        """
        at_every_angle = [thorough or pair in self._similar_rings for pair in map(tuple, pairs.tolist())]
        cached = self._cached_matches
        if cached is None:
            return list(self._pool.map(self._match, pairs, at_every_angle))
        keys = [
            f"{self._digests[one]}/{self._digests[other]}/{'angles' if every else 'features'}"
            for (one, other), every in zip(pairs, at_every_angle, strict=True)
        ]
        present, known = cached.get(keys)
        new = np.flatnonzero(~present)
        compared = list(self._pool.map(self._match, pairs[new], [at_every_angle[place] for place in new]))
        cached.append([keys[place] for place in new], np.array([_numbers(match) for match in compared]))
        old, fresh = iter(known.tolist()), iter(compared)
        return [_match(next(old)) if there else next(fresh) for there in present]

    def _match(self, pair: Sequence[int], at_every_angle: bool) -> Match:
        one, other = int(pair[0]), int(pair[1])
        plain = min(self._counts[one], self._counts[other]) < FEW_KEYPOINTS
        aligned = align_features(self.features(one), self.features(other))
        if aligned is None and not (plain and at_every_angle):
            return NO_MATCH
        return match_pictures(self._picture(one), self._picture(other), aligned)

    def _picture(self, row: int) -> SmallPicture:
        found = self._pictures.get(row)
        if found is None:
            found = small_picture(self._read(row))
            found.__dict__["features"] = self.features(row)
            self._pictures[row] = found
            while len(self._pictures) > _CACHED:
                try:
                    self._pictures.popitem(last=False)
                except KeyError:  # another thread was first
                    break
        return found


def _numbers(match: Match) -> list[float]:
    return [*match.comparison, match.inliers, match.spread, match.mirrored]


def _match(numbers: Sequence[float]) -> Match:
    *compared, inliers, spread, mirrored = numbers
    return Match(Comparison(*compared), int(inliers), spread, bool(mirrored))


class _Bar(NamedTuple):
    """What random pairs of the set reach, as a bar for the same picture; infinite where they cannot be aligned."""

    correlation: float
    detail: float
    difference: float
    colour: float


_NO_BAR: Final = _Bar(np.inf, np.inf, np.inf, np.inf)


def _random_bar(index: _Index, should_stop: Callable[[], bool]) -> _Bar:
    if should_stop():
        return _NO_BAR
    # A rich pair that agrees is the same picture, or from one camera on a stand, and says nothing about chance.
    compared = index.matches(index.random_pairs(), thorough=True)
    by_chance = [one.comparison for one in compared if not (_is_rich(one) and _agrees(one))]
    errors = np.array([_errors(one) for one in by_chance if one.overlap >= _OVERLAP and one.informative > 0])
    if len(errors) < _FEWEST_RANDOM:
        return _NO_BAR
    return _Bar(*np.quantile(errors, _RANDOM_QUANTILE, axis=0).tolist())


def _errors(compared: Comparison) -> tuple[float, float, float, float]:
    return (
        1 - compared.correlation + 0.003,
        1 - compared.detail + 0.02,
        compared.difference + 0.3,
        compared.colour + 1.0,
    )


def _is_same(match: Match, bar: _Bar) -> bool:
    if not _agrees(match):
        return False
    ratios = np.array(_errors(match.comparison)) / np.array(bar)
    return bool(np.exp(np.log(np.maximum(ratios, 1e-6)).mean()) < _BELOW_RANDOM)


def _agrees(match: Match) -> bool:
    compared, rich = match.comparison, _is_rich(match)
    return (
        compared.overlap >= (_OVERLAP_RICH if rich else _OVERLAP)
        and compared.least_overlap >= _LEAST_OVERLAP
        and compared.informative >= _LEAST_INFORMATIVE
        and compared.correlation >= _CORRELATION
        and (_is_painted_over(match) or (compared.agreeing >= _AGREEING and compared.worst <= _allowed(match)))
        and compared.colour <= (_COLOUR_RICH if rich else _COLOUR)
    )


def _allowed(match: Match) -> float:
    """The difference that places of a copy may have; the less two pictures show, the more of it must agree."""
    if _is_rich(match):
        return np.inf
    return _WORST_RICH if match.comparison.informative >= _RICH else _WORST_PLAIN


def _is_painted_over(match: Match) -> bool:
    """Whether a part differs, as under text, and the rest is surely the same picture, down to its detail."""
    compared = match.comparison
    return _is_rich(match) and compared.agreeing >= _AGREEING_RICH and compared.detail >= _DETAIL_RICH


def _is_rich(match: Match) -> bool:
    """Whether the pictures show enough to recognize them under text; plain ones could be others with the same text."""
    return match.inliers >= _SURELY_IN_PLACE and match.comparison.informative >= _RICH


def _is_scene(match: Match) -> bool:
    compared = match.comparison
    return (
        match.inliers >= _SCENE_INLIERS
        and match.spread >= _SCENE_SPREAD
        and compared.informative >= _RICH  # plain pictures have the same caption or frame
        and compared.correlation >= _SCENE_CORRELATION
        and compared.overlap >= _SCENE_OVERLAP
    )

"""Local features of small pictures: SIFT keypoints, also mirrored, and the similarity between two sets of them.

SIFT (Lowe, "Distinctive Image Features from Scale-Invariant Keypoints", 2004) does not depend on turns and scale. A
mirrored picture has the same keypoints with the rows of each descriptor in reverse order, so mirrors need no second
extraction. Descriptors are compared as RootSIFT (Arandjelovic and Zisserman, 2012).
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final, NamedTuple, Self

import numpy as np
from numpy.typing import NDArray

KEYPOINTS: Final = 120
_CONTRAST: Final = 0.02  # half of OpenCV's default, for pictures with little contrast
_RATIO: Final = 0.88  # Lowe's ratio of the two smallest distances; loose, because the geometry is checked after
_SURE: Final = 20  # matches from which the two axes may be scaled differently
_TOLERANCE: Final = 4.0  # pixels between a keypoint and its mapped partner
_MIRRORED_BINS: Final = (8 - np.arange(8)) % 8

Floats = NDArray[np.float32]


@dataclass(frozen=True)
class LocalFeatures:
    """Keypoints of a picture, k of them.

    Attributes:
        points: (k, 2) x and y in pixels.
        scales: (k,) diameters in pixels.
        angles: (k,) orientations in radians.
        descriptors: (k, 128) of length 1.
        width: Of the picture in pixels.
    """

    points: Floats
    scales: Floats
    angles: Floats
    descriptors: Floats
    width: int

    def __len__(self) -> int:
        return len(self.points)

    def mirrored(self) -> Self:
        """Give the features of the picture mirrored left to right."""
        points = self.points.copy()
        points[:, 0] = self.width - 1 - points[:, 0]
        angles = np.asarray(np.pi - self.angles, np.float32)
        return type(self)(points, self.scales, angles, mirror_descriptors(self.descriptors), self.width)


class Similarity(NamedTuple):
    """A map from one picture to another.

    Attributes:
        matrix: (2, 3) float64, maps x, y, 1.
        inliers: Matches that agree with it.
        spread: Share of the first picture's area that a box around the agreeing matches covers.
    """

    matrix: NDArray[np.float64]
    inliers: int
    spread: float


def extract_local_features(grey: NDArray[np.uint8]) -> LocalFeatures:
    """Extract the strongest keypoints of a grey picture, at most `KEYPOINTS`.

    Args:
        grey: (height, width) uint8.
    """
    found, descriptors = _sift().detectAndCompute(grey, None)
    found = found[:KEYPOINTS]
    if not found:
        none = np.zeros(0, np.float32)
        return LocalFeatures(none.reshape(0, 2), none, none, none.reshape(0, 128), grey.shape[1])
    rows = np.array([(*one.pt, one.size, np.deg2rad(one.angle)) for one in found], np.float32)
    roots = np.sqrt(descriptors[: len(found)] / np.maximum(descriptors[: len(found)].sum(axis=1, keepdims=True), 1e-6))
    return LocalFeatures(rows[:, :2], rows[:, 2], rows[:, 3], roots.astype(np.float32), grey.shape[1])


def mirror_descriptors(descriptors: Floats) -> Floats:
    """Give the descriptors of the mirrored patches: rows of cells and angles of the 4 x 4 x 8 histogram reversed."""
    cells = descriptors.reshape(-1, 4, 4, 8)[:, ::-1]
    return cells[..., _MIRRORED_BINS].reshape(-1, 128)


def estimate_similarity(one: LocalFeatures, other: LocalFeatures) -> Similarity | None:
    """Find the similarity that maps most keypoints of the other picture to their matches in the first.

    Every match of two SIFT keypoints is a similarity by itself, so each is tried and the one with most agreeing matches
    is fitted to these.

    Returns:
        None where fewer than three matches agree.
    """
    ours, theirs = _matches(one, other)
    if len(ours) < 3:  # noqa: PLR2004 - two matches fit any similarity
        return None
    a, b = one.points[ours], other.points[theirs]
    scale = one.scales[ours] / other.scales[theirs]
    angle = one.angles[ours] - other.angles[theirs]
    factor = scale * np.exp(1j * angle)
    a_complex, b_complex = a[:, 0] + 1j * a[:, 1], b[:, 0] + 1j * b[:, 1]
    shift = a_complex - factor * b_complex
    errors = np.abs(factor[:, None] * b_complex[None] + shift[:, None] - a_complex[None])
    agree = errors < _TOLERANCE + 0.05 * np.abs(a_complex[:, None] - a_complex[None])
    best = agree[agree.sum(axis=1).argmax()]
    for _ in range(2):
        if best.sum() < 3:  # noqa: PLR2004
            return None
        matrix = (_fit_affine if best.sum() >= _SURE else _fit_similarity)(a[best], b[best])
        mapped = b @ matrix[:, :2].T + matrix[:, 2]
        best = np.linalg.norm(mapped - a, axis=1) < _TOLERANCE
    if best.sum() < 3:  # noqa: PLR2004
        return None
    box = np.ptp(a[best], axis=0)
    return Similarity(matrix, int(best.sum()), float(box.prod() / one.width**2))


def _matches(one: LocalFeatures, other: LocalFeatures) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    if len(one) < 3 or len(other) < 3:  # noqa: PLR2004
        return np.empty(0, np.int64), np.empty(0, np.int64)
    likeness = one.descriptors @ other.descriptors.T
    two = np.partition(likeness, -2, axis=1)[:, -2:]
    distances = np.sqrt(np.maximum(2 - 2 * two, 0))
    ours = np.flatnonzero(distances[:, 1] < _RATIO * distances[:, 0])
    return ours, likeness[ours].argmax(axis=1)


def _fit_similarity(a: Floats, b: Floats) -> NDArray[np.float64]:
    """Least squares over similarities (Umeyama, 1991), without reflection."""
    a_mean, b_mean = a.mean(axis=0), b.mean(axis=0)
    x, y = a - a_mean, b - b_mean
    norm = float((y**2).sum()) or 1e-6
    cos = float((x * y).sum()) / norm
    sin = float((x[:, 1] * y[:, 0] - x[:, 0] * y[:, 1]).sum()) / norm
    linear = np.array([[cos, -sin], [sin, cos]])
    return np.column_stack([linear, a_mean - linear @ b_mean])


def _fit_affine(a: Floats, b: Floats) -> NDArray[np.float64]:
    columns = np.column_stack([b, np.ones(len(b))]).astype(np.float64)
    return np.asarray(np.linalg.lstsq(columns, a.astype(np.float64), rcond=None)[0].T)


@cache
def _sift() -> Any:  # noqa: ANN401 - OpenCV's stubs name no class for it
    import cv2

    cv2.setNumThreads(1)
    return cv2.SIFT.create(nfeatures=KEYPOINTS, contrastThreshold=_CONTRAST)

"""Whether two pictures are the same one: aligned, then compared pixel by pixel.

Alignment tries a similarity from local features (any turn, scale, crop, border, mirror) and, for pictures with few of
them, a turn and scale about the centre from log-polar correlation (Reddy and Chatterji, 1996). The better one is
refined by maximizing the correlation (Evangelidis and Psarakis, 2008). Then every place must show the same: local
correlation of the grey levels, of the fine detail, and the colours after one common change of brightness and contrast.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.dataset.local_features import LocalFeatures, Similarity, estimate_similarity, extract_local_features

SIDE: Final = 160
"""Longer side of the compared pictures in pixels."""
_ANGLES: Final = 64
_RADII: Final = 32
_OCTAVES: Final = 2.5  # of radius, from the centre's neighbourhood to the inscribed circle
_SHIFTS: Final = 6  # radii that a scale may move: 0.54 octaves, a crop to 70%
_WINDOW: Final = 17
_PLAIN: Final = 5.0  # standard deviation of grey levels in a window below which it shows nothing
_AGREES: Final = 0.7  # local correlation
_LEAST_AREA: Final = 200  # pixels
_BLACK: Final = 8
_MOST_GAIN: Final = 3.0  # of contrast, between copies of one picture
_SHRUNK: Final = 0.95
_WORST_SHARE: Final = 0.005
_ENOUGH: Final = 12  # agreeing keypoints that place a picture without refinement
_FEW: Final = 60  # keypoints below which a picture may be placed by a turn about its centre
_LIKELY: Final = 0.7
_LEAST_SCALE: Final = 0.4
_STRETCH: Final = 1.5

Matrix = NDArray[np.float64]


class Comparison(NamedTuple):
    """How well two aligned pictures agree.

    Attributes:
        overlap: Area that both show, over the area of the one that shows less beyond it.
        least_overlap: The same over the area of the other.
        informative: Share of the overlap that is not plain.
        agreeing: Share of the informative area whose local correlation is high.
        correlation: Mean local correlation of the informative area.
        detail: Mean local correlation of the fine detail there.
        colour: Median difference of the chroma in grey levels.
        difference: Median difference of the grey levels after one gain and offset.
        worst: The difference that 0.5% of the places exceed.
    """

    overlap: float
    least_overlap: float
    informative: float
    agreeing: float
    correlation: float
    detail: float
    colour: float
    difference: float
    worst: float


NOTHING: Final = Comparison(0, 0, 0, 0, 0, 0, 255, 255, 255)


@dataclass(frozen=True)
class SmallPicture:
    """A picture made ready for comparison.

    Attributes:
        rgb: (height, width, 3) uint8, longer side `SIDE`.
    """

    rgb: NDArray[np.uint8]

    @cached_property
    def grey(self) -> NDArray[np.uint8]:
        """(height, width) uint8."""
        import cv2

        return np.asarray(cv2.cvtColor(self.rgb, cv2.COLOR_RGB2GRAY), np.uint8)

    @cached_property
    def soft(self) -> NDArray[np.float32]:
        """(height, width, 3) without the noise of single pixels."""
        return _soften(self.rgb.astype(np.float32))

    @cached_property
    def black(self) -> NDArray[np.bool_]:
        """(height, width) whether a pixel is black, as beside a turned picture."""
        return _is_black(self.rgb)

    @cached_property
    def half(self) -> NDArray[np.uint8]:
        """The same at half the size."""
        import cv2

        height, width = self.grey.shape
        return np.asarray(cv2.resize(self.grey, (width // 2, height // 2), interpolation=cv2.INTER_AREA), np.uint8)

    @cached_property
    def features(self) -> LocalFeatures:
        """Local features."""
        return extract_local_features(self.grey)

    @cached_property
    def mirrored(self) -> "SmallPicture":
        """The picture mirrored left to right."""
        other = SmallPicture(np.ascontiguousarray(self.rgb[:, ::-1]))
        other.__dict__["features"] = self.features.mirrored()
        return other

    @cached_property
    def polar(self) -> NDArray[np.complex64]:
        """(_RADII, _ANGLES / 2 + 1) spectrum over the angle of each ring of a log-polar map about the centre."""
        rings = _channel_mean(self._rings)
        return np.asarray(np.fft.rfft(rings - rings.mean(axis=1, keepdims=True), axis=1), np.complex64)

    @cached_property
    def ring_colours(self) -> NDArray[np.float32]:
        """(_RADII, 3) mean grey level of each ring, and how much redder and bluer than grey it is."""
        colours = self._rings.mean(axis=1)
        grey = colours.mean(axis=1, keepdims=True)
        return np.concatenate([grey, colours[:, [0]] - grey, colours[:, [2]] - grey], axis=1)

    @cached_property
    def _rings(self) -> NDArray[np.float32]:
        """(_RADII, _ANGLES, 3) log-polar map about the centre, from the inscribed circle inwards."""
        import cv2

        height, width = self.grey.shape
        radii = (min(height, width) / 2 - 1) * 2.0 ** -np.linspace(0, _OCTAVES, _RADII)
        angles = np.arange(_ANGLES) * 2 * np.pi / _ANGLES
        x = ((width - 1) / 2 + radii[:, None] * np.cos(angles)).astype(np.float32)
        y = ((height - 1) / 2 + radii[:, None] * np.sin(angles)).astype(np.float32)
        soft = cv2.GaussianBlur(self.rgb.astype(np.float32), (0, 0), 1.5)
        return np.asarray(cv2.remap(soft, x, y, cv2.INTER_LINEAR), np.float32)


def small_picture(rgb: NDArray[np.uint8]) -> SmallPicture:
    """Scale a picture so that its longer side is `SIDE`."""
    import cv2

    height, width = rgb.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(8, round(width * scale)), max(8, round(height * scale)))
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
    return SmallPicture(np.asarray(cv2.resize(rgb, size, interpolation=method), np.uint8))


class Match(NamedTuple):
    """The best alignment of two pictures.

    Attributes:
        comparison: How well they agree.
        inliers: Agreeing keypoints, 0 where it was found without.
        spread: As in `Similarity`.
        mirrored: Whether the second picture is mirrored.
    """

    comparison: Comparison
    inliers: int
    spread: float
    mirrored: bool


NO_MATCH: Final = Match(NOTHING, 0, 0.0, False)


class Alignment(NamedTuple):
    """A map that local features suggest.

    Attributes:
        similarity: From the other picture, mirrored or not, to the first.
        mirrored: Whether the other picture is mirrored.
    """

    similarity: Similarity
    mirrored: bool


def align_features(one: LocalFeatures, other: LocalFeatures) -> Alignment | None:
    """Find the map that most local features agree on; None where too few agree."""
    found = []
    for mirrored in (False, True):
        similarity = estimate_similarity(one, other.mirrored() if mirrored else other)
        if similarity is not None and _plausible(similarity.matrix):
            found.append(Alignment(similarity, mirrored))
    return max(found, key=lambda each: each.similarity.inliers, default=None)


def match_pictures(one: SmallPicture, other: SmallPicture, aligned: Alignment | None) -> Match:
    """Align two pictures in the best way found, and compare them.

    Args:
        one: The first picture.
        other: The second picture.
        aligned: What `align_features` gave for them.
    """
    best = NO_MATCH if aligned is None else _match_aligned(one, other, aligned)
    if best.inliers < _ENOUGH and min(len(one.features), len(other.features)) < _FEW:
        central = _match_about_centre(one, other)
        if central.comparison.correlation > best.comparison.correlation:
            return central
    return best


def _match_aligned(one: SmallPicture, other: SmallPicture, aligned: Alignment) -> Match:
    similarity, mirrored = aligned
    turned = other.mirrored if mirrored else other
    matrix = similarity.matrix
    if similarity.inliers < _ENOUGH:
        matrix = _refined(one, turned, matrix)
    return Match(compare(one, turned, matrix), similarity.inliers, similarity.spread, mirrored)


def _match_about_centre(one: SmallPicture, other: SmallPicture) -> Match:
    found = []
    for mirrored in (False, True):
        turned = other.mirrored if mirrored else other
        matrix, likeness = _turn_about_centre(one, turned)
        found.append((likeness, matrix, turned, mirrored))
    likeness, matrix, turned, mirrored = max(found, key=lambda each: each[0])
    if likeness < _LIKELY:
        return NO_MATCH
    return Match(compare(one, turned, _refined(one, turned, matrix)), 0, 0.0, mirrored)


def _plausible(matrix: Matrix) -> bool:
    """Whether a map is close to a similarity, by a factor that thumbnails bridge."""
    stretch = np.linalg.svd(matrix[:, :2], compute_uv=False)
    return bool(stretch[1] > _LEAST_SCALE and stretch[0] < 1 / _LEAST_SCALE and stretch[0] / stretch[1] < _STRETCH)


def _turn_about_centre(one: SmallPicture, other: SmallPicture) -> tuple[Matrix, float]:
    """The turn and scale about the centre under which the rings correlate best, and this correlation."""
    best, angle, moved = -1.0, 0.0, 0
    for shift in range(-_SHIFTS, _SHIFTS + 1):  # ring r of the first lies on ring r + shift of the other
        a = one.polar[max(0, -shift) : _RADII - max(0, shift)]
        b = other.polar[max(0, shift) : _RADII - max(0, -shift)]
        weights = 4.0 ** (-_OCTAVES / (_RADII - 1) * np.arange(len(a)))[:, None]
        cross = np.fft.irfft((a * b.conj() * weights).sum(axis=0), _ANGLES)
        value = float(cross.max() / max((_energy(a, weights) * _energy(b, weights)) ** 0.5, 1e-6))
        if value > best:
            best, angle, moved = value, 2 * np.pi * int(cross.argmax()) / _ANGLES, shift
    scale = 2.0 ** (moved * _OCTAVES / (_RADII - 1))
    return _about_centres(one, other, angle, scale * min(one.grey.shape) / min(other.grey.shape)), best


def _energy(rings: NDArray[np.complex64], weights: NDArray[np.floating]) -> float:
    power = np.abs(rings) ** 2
    doubled = 2 * power.sum(axis=1) - power[:, 0] - power[:, -1]
    return float((doubled * weights[:, 0]).sum() / _ANGLES)


def _about_centres(one: SmallPicture, other: SmallPicture, angle: float, scale: float) -> Matrix:
    cos, sin = scale * np.cos(angle), scale * np.sin(angle)
    linear = np.array([[cos, -sin], [sin, cos]])
    a, b = (np.array([(each.grey.shape[1] - 1) / 2, (each.grey.shape[0] - 1) / 2]) for each in (one, other))
    return np.column_stack([linear, a - linear @ b])


def _refined(one: SmallPicture, other: SmallPicture, matrix: Matrix) -> Matrix:
    """Refine a map from the other picture to the first; unchanged where this does not converge."""
    import cv2

    inverse = np.asarray(cv2.invertAffineTransform(_rescaled(matrix, 0.5)), np.float32)
    everywhere = np.full(other.half.shape, 255, np.uint8)
    criteria = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 30, 1e-4)
    try:
        _, found = cv2.findTransformECC(one.half, other.half, inverse, cv2.MOTION_AFFINE, criteria, everywhere, 3)
    except cv2.error:  # it did not converge
        return matrix
    refined = _rescaled(np.asarray(cv2.invertAffineTransform(np.asarray(found)), np.float64), 2)
    refined = _nearest_similarity(refined, one.grey.shape)
    return refined if _plausible(refined) else matrix


def _rescaled(matrix: Matrix, factor: float) -> Matrix:
    """The same map between pictures scaled by a factor; the centre of the first pixel is at (0, 0)."""
    linear = matrix[:, :2]
    half = np.array([0.5, 0.5])
    return np.column_stack([linear, factor * (matrix[:, 2] + half - linear @ half) - half + linear @ half])


def _nearest_similarity(matrix: Matrix, shape: tuple[int, ...]) -> Matrix:
    """The similarity that maps most like an affine map around the centre of the first picture."""
    a, b, c, d = matrix[:, :2].ravel()
    linear = np.array([[a + d, b - c], [c - b, a + d]]) / 2
    centre = np.array([shape[1] / 2, shape[0] / 2])
    source = np.linalg.solve(matrix[:, :2], centre - matrix[:, 2])
    return np.column_stack([linear, centre - linear @ source])


def compare(one: SmallPicture, other: SmallPicture, matrix: Matrix) -> Comparison:
    """Compare two pictures under a map from the other one to the first.

    Args:
        one: The first picture.
        other: The second picture.
        matrix: (2, 3) from pixels of the other to pixels of the first.
    """
    import cv2

    if abs(np.linalg.det(matrix[:, :2])) > 1:  # compare at the resolution of the coarser one
        inverse = np.asarray(cv2.invertAffineTransform(matrix), np.float64)
        return _compare_in_frame(other, one, inverse)
    return _compare_in_frame(one, other, matrix)


def _compare_in_frame(one: SmallPicture, other: SmallPicture, matrix: Matrix) -> Comparison:
    import cv2

    height, width = one.grey.shape
    size = abs(float(np.linalg.det(matrix[:, :2])))
    shrink = size**0.5
    source = other.rgb.astype(np.float32)
    if shrink < _SHRUNK:
        source = np.asarray(cv2.GaussianBlur(source, (0, 0), 0.5 * (1 / shrink**2 - 1) ** 0.5 + 0.01), np.float32)
    warped = np.asarray(cv2.warpAffine(source, matrix, (width, height), flags=cv2.INTER_LINEAR), np.float32)
    inside = cv2.warpAffine(np.ones(other.grey.shape, np.float32), matrix, (width, height), flags=cv2.INTER_NEAREST)
    area = float(inside.sum())
    mask = cv2.erode(inside, np.ones((5, 5), np.uint8), borderType=cv2.BORDER_CONSTANT, borderValue=0) > 0
    # Black corners of a turned picture would agree with those of any other.
    black = (one.black | _is_black(warped)).astype(np.uint8)
    near_black = cv2.dilate(black, np.ones((_WINDOW // 2, _WINDOW // 2), np.uint8)) > 0
    mask &= ~near_black
    areas = (height * width, other.grey.size * size)
    if mask.sum() < _LEAST_AREA:
        return NOTHING
    a3, b3 = one.soft, _soften(warped)
    a, b = _channel_mean(a3), _channel_mean(b3)
    weight = mask.astype(np.float32)
    local, deviation = _local_correlation(a, b, weight)
    detail, _ = _local_correlation(a - cv2.GaussianBlur(a, (0, 0), 3), b - cv2.GaussianBlur(b, (0, 0), 3), weight)
    informative = mask & (deviation > _PLAIN)
    n = int(informative.sum())
    if not n:
        return NOTHING
    agree = informative & (local > _AGREES)
    where = agree if agree.sum() > _LEAST_AREA else informative
    gain = float(a[where].std() / max(b[where].std(), 1e-3))
    offset = float(a[where].mean() - gain * b[where].mean())
    if not 1 / _MOST_GAIN < gain < _MOST_GAIN:
        return NOTHING
    grey = a - gain * b
    difference = np.abs(grey - offset)[mask]
    chroma = _channel_max(np.abs(a3 - gain * b3 - grey[..., None]))
    return Comparison(
        overlap=area / min(areas),
        least_overlap=area / max(areas),
        informative=n / float(mask.sum()),
        agreeing=float(agree.sum() / n),
        correlation=float(np.median(local[informative])),
        detail=float(np.median(detail[informative])),
        colour=float(np.median(chroma[informative])),
        difference=float(np.median(difference)),
        worst=float(np.quantile(difference, 1 - _WORST_SHARE)),
    )


def _soften(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.GaussianBlur(rgb, (0, 0), 1.0), np.float32)


def _is_black(rgb: NDArray[Any]) -> NDArray[np.bool_]:
    return np.asarray(_channel_max(rgb) <= _BLACK, np.bool_)


# NumPy's reductions over an axis of three take ten times as long.
def _channel_max(rgb: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(np.maximum(np.maximum(rgb[..., 0], rgb[..., 1]), rgb[..., 2]))


def _channel_mean(rgb: NDArray[np.float32]) -> NDArray[np.float32]:
    import cv2

    return np.asarray(cv2.transform(rgb, np.full((1, 3), 1 / 3, np.float32)), np.float32)


def _local_correlation(
    a: NDArray[np.float32], b: NDArray[np.float32], weight: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Correlation in a window around each pixel, and the larger standard deviation of the two there."""
    import cv2

    def mean(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray(cv2.boxFilter(values, -1, (_WINDOW, _WINDOW), normalize=False), np.float32)

    count = np.maximum(mean(weight), 1)
    aw, bw = a * weight, b * weight
    a_mean, b_mean = mean(aw) / count, mean(bw) / count
    a_var = np.maximum(mean(aw * a) / count - a_mean**2, 0)
    b_var = np.maximum(mean(bw * b) / count - b_mean**2, 0)
    covariance = mean(aw * b) / count - a_mean * b_mean
    deviation = np.sqrt(np.maximum(a_var, b_var))
    return covariance / (np.sqrt(a_var * b_var) + 2.0), deviation

"""The file shortcut: do the size, shape and format of the files predict the label?

Sets that were put together from several sources often have one class from each: 1024 x 768 JPEG here, 512 x 512 PNG
there. Scaled to one size, such images still differ in sharpness and compression, and a model may learn this instead of
the object (DeGrave, Janizek and Lee, "AI for radiographic COVID-19 detection selects shortcuts over signal", Nature
Machine Intelligence 2021). A decision tree predicts the label from the files alone, without a pixel.
"""

from collections import Counter
from pathlib import PurePath
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.checks.dataset import Dataset
from core.checks.probe import out_of_fold
from core.checks.result import Result, no_issue

GIVEN_AWAY: Final = 0.45
"""Share of the way from chance to 100% from which the files count as a shortcut."""
MARKED: Final = 0.98
"""Area under the ROC curve from which one class counts as marked by its files."""
FEWEST: Final = 40
"""Images from which a shortcut can be told from chance."""
FEWEST_OF_CLASS: Final = 10
"""The same for the images of one class."""
_LEAST_LEAF: Final = 3
_LEAVES_A_CLASS: Final = 4
_FORMATS: Final = {"JPG": "JPEG", "JPE": "JPEG", "JFIF": "JPEG", "TIF": "TIFF"}


def file_shortcut(dataset: Dataset) -> Result:
    """Test whether the size and format of the files predict the label, or one class."""
    n, n_classes = len(dataset), len(dataset.classes)
    kinds = _kinds(dataset)
    if len(set(kinds)) < 2:  # noqa: PLR2004 - one kind tells nothing
        return no_issue(n, "All files have the same size and format." if n else "There are no images.")
    probe = out_of_fold(_features(dataset), dataset.labels, dataset.group_ids, n_classes, fit=_fit)
    accuracy = probe.accuracy(dataset.labels)
    chance = float(np.bincount(dataset.labels).max() / n)
    figures = f"{accuracy:.0%} correct without a pixel, {chance:.0%} by always naming the largest class"
    counts = np.bincount(dataset.labels, minlength=n_classes)
    everywhere = n >= FEWEST and accuracy - chance >= GIVEN_AWAY * (1 - chance) and accuracy > chance
    marked = [
        label
        for label in range(n_classes)
        if counts[label] >= FEWEST_OF_CLASS and probe.separation(dataset.labels, label) >= MARKED
    ]
    if not everywhere and not marked:
        return no_issue(n, f"The size and format of the files do not give the class away: {figures}.")
    labels = list(range(n_classes)) if everywhere else marked
    what = "the class" if everywhere else " and ".join(f"“{dataset.classes[label]}”" for label in marked)
    return Result(
        np.ones(n),
        np.zeros(n, np.bool_),
        f"The size and format of the files alone give {what} away: {figures} ({_examples(dataset, kinds, labels)}). "
        "The model may learn this instead of the object: bring images of each class from every source, or test the "
        "model on images from a new source. Where images are cut out around the object, its size may be a fair clue.",
        issue_of_dataset=True,
    )


def _kinds(dataset: Dataset) -> list[str]:
    """Size and format of each file, in words."""
    return [
        f"{width} by {height} {suffix}"
        for width, height, suffix in zip(
            dataset.widths.tolist(), dataset.heights.tolist(), map(_format, dataset.names), strict=True
        )
    ]


def _format(name: str) -> str:
    suffix = PurePath(name).suffix[1:].upper()
    return _FORMATS.get(suffix, suffix)


def _features(dataset: Dataset) -> NDArray[np.float32]:
    """(n, 3 + n_formats) logarithms of the sides and of their ratio, and which format a file has."""
    sides = np.log(np.stack([dataset.widths, dataset.heights], axis=1).astype(np.float32))
    formats = np.array([_format(name) for name in dataset.names])
    which = formats[:, None] == np.unique(formats)
    return np.concatenate([sides, sides[:, :1] - sides[:, 1:], which], axis=1).astype(np.float32)


def _fit(features: NDArray[np.float32], labels: NDArray[np.int64]) -> Any:  # noqa: ANN401 - scikit-learn has no types
    from sklearn.tree import DecisionTreeClassifier

    leaves = _LEAVES_A_CLASS * len(np.unique(labels))
    return DecisionTreeClassifier(max_leaf_nodes=leaves, min_samples_leaf=_LEAST_LEAF, random_state=0).fit(
        features, labels
    )


def _examples(dataset: Dataset, kinds: list[str], labels: list[int]) -> str:
    """What the files of up to two classes are mostly like."""
    told = []
    for label in labels[:2]:
        rows = np.flatnonzero(dataset.labels == label).tolist()
        if rows:
            ((kind, count),) = Counter(kinds[row] for row in rows).most_common(1)
            told.append(f"“{dataset.classes[label]}”: {count} of {len(rows)} are {kind}")
    return "; ".join(told)

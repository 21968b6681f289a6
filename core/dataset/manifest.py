"""The manifest: the images of a training, their classes and their splits."""

from collections import Counter
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from core.catalog.labels import MAX_CLASSES
from core.errors import DatasetError

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2
SplitName = Literal["train", "validation", "test"]
SPLIT_NAMES: Final[tuple[SplitName, ...]] = ("train", "validation", "test")


@dataclass(frozen=True)
class Manifest:
    """The labelled images of one training, one row for each image.

    Attributes:
        classes: Names of the classes, in display order.
        digests: (n,) SHA-256 of each original, in hex.
        labels: (n,) int64, index into `classes`.
        splits: (n,) int8, `TRAIN`, `VALIDATION` or `TEST`.
        names: (n,) file names as the person knows them.

    Raises:
        ValueError: The columns differ in length, or a label or split is out of range.
    """

    classes: tuple[str, ...]
    digests: tuple[str, ...]
    labels: NDArray[np.int64]
    splits: NDArray[np.int8]
    names: tuple[str, ...]

    def __post_init__(self) -> None:
        n = len(self.digests)
        if self.labels.shape != (n,) or self.splits.shape != (n,) or len(self.names) != n:
            raise ValueError(
                f"{n} digests, labels {self.labels.shape}, splits {self.splits.shape}, {len(self.names)} names"
            )
        if n and (self.labels.min() < 0 or self.labels.max() >= len(self.classes)):
            raise ValueError(f"labels from {self.labels.min()} to {self.labels.max()}, {len(self.classes)} classes")
        if not np.isin(self.splits, (TRAIN, VALIDATION, TEST)).all():
            raise ValueError(f"splits {np.unique(self.splits)}")

    def __len__(self) -> int:
        return len(self.digests)

    def rows(self, split: int) -> NDArray[np.int64]:
        """Return the indices of the images of a split, ascending."""
        return np.flatnonzero(self.splits == split).astype(np.int64)

    def counts(self) -> NDArray[np.int64]:
        """Return (n_classes, 3) numbers of images of each class in each split."""
        table = np.zeros((len(self.classes), len(SPLIT_NAMES)), np.int64)
        np.add.at(table, (self.labels, self.splits.astype(np.int64)), 1)
        return table

    def check(self) -> None:
        """Check that a training is possible.

        Raises:
            DatasetError: No images, fewer than two or too many classes, two classes of the same name, a class without a
                training image, or an empty validation or test split.
        """
        if not len(self):
            raise DatasetError("There are no labelled images yet.", "Add images to at least two classes.")
        if len(self.classes) < 2:  # noqa: PLR2004 - one class cannot be told from another
            raise DatasetError(
                f"There is only one class, {self.classes[0]!r}.", "Add a second class to tell it from, with images."
            )
        if len(self.classes) > MAX_CLASSES:
            raise DatasetError(
                f"There are {len(self.classes):,} classes; a training has at most {MAX_CLASSES:,}.",
                "Check that the images lie in one folder for each class.",
            )
        self._check_names()
        counts = self.counts()
        for name, images in zip(self.classes, counts, strict=True):
            if not images.sum():
                raise DatasetError(f"The class {name!r} has no images.", "Add images to it, or delete the class.")
            if not images[TRAIN]:
                raise DatasetError(
                    f"The class {name!r} has no training image.", "Add images to it, or move some to the train split."
                )
        self._check_splits(counts)

    def _check_names(self) -> None:
        twice = [name for name, times in Counter(self.classes).items() if times > 1]
        if twice:
            raise DatasetError(f"Two classes are both named {twice[0]!r}.", "Rename one of them, or merge them.")

    def _check_splits(self, counts: NDArray[np.int64]) -> None:
        for split in (VALIDATION, TEST):
            if not counts[:, split].sum():
                raise DatasetError(
                    f"The {SPLIT_NAMES[split]} split is empty.",
                    "Add images (three a class at least), or give the split a share.",
                )

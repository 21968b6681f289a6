"""k-fold cross-validation: every image is tested once, by a head that saw neither it nor its split group.

Useful where the test split is too small to say much. Only a quick head (logistic regression) on the frozen network's
features is trained k times. The result says how well the classes can be separated with this network, not how good one
trained model is.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.estimate import GroupedEstimate, grouped_share
from core.checks.dataset import Dataset
from core.checks.probe import NO_FOLD, no_folds, out_of_fold
from core.errors import DatasetError
from core.evaluation.metrics.classification import confusion_matrix

FEWEST_FOLDS: Final = 2
MOST_FOLDS: Final = 20


class CrossValidation(BaseModel):
    """The result of k folds.

    Attributes:
        images: Number of images that were tested, each once.
        left_out: Number of images that could not be tested: without them, their class has no training image.
        folds: Number of folds.
        seed: Of the folds.
        sets: Number of split groups with two images or more.
        by_fold: (folds,) accuracy of each fold.
        spread: Standard deviation of these accuracies; 0 with one fold.
        accuracy: Of all tested images.
        classes: Names of the classes.
        confusion: (n_classes, n_classes) number of images; rows are true, columns predicted classes.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    left_out: int
    folds: int
    seed: int
    sets: int
    by_fold: tuple[float, ...]
    spread: float
    accuracy: GroupedEstimate
    classes: tuple[str, ...]
    confusion: tuple[tuple[int, ...], ...]

    @property
    def mean(self) -> float:
        """Mean of the folds' accuracies."""
        return float(np.mean(self.by_fold))


def cross_validate(
    dataset: Dataset,
    *,
    folds: int,
    seed: int = 0,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> CrossValidation:
    """Test every image once.

    Args:
        dataset: Images with features.
        folds: Number of folds, stratified and with groups whole; fewer where no class has so many images or groups.
        seed: Of the folds.
        on_progress: Called with the number of folds done so far, and of all.

    Raises:
        DatasetError: The number of folds is not from 2 to 20, or the images cannot be divided.
    """
    if not FEWEST_FOLDS <= folds <= MOST_FOLDS:
        raise DatasetError(
            f"Cross-validation with {folds} folds is not possible.", f"Choose from {FEWEST_FOLDS} to {MOST_FOLDS}."
        )
    features, labels, groups = dataset.features, dataset.labels, dataset.group_ids
    if features is None:
        raise ValueError("cross-validation needs features")
    probe = out_of_fold(features, labels, groups, len(dataset.classes), folds=folds, seed=seed, on_progress=on_progress)
    tested = probe.predicted
    if not tested.any():
        raise no_folds()
    correct = probe.correct(labels)
    by_fold = [float(correct[probe.folds == fold].mean()) for fold in _used(probe.folds)]
    counts = confusion_matrix(labels[tested], probe.probabilities[tested].argmax(axis=1), len(dataset.classes))
    return CrossValidation(
        images=int(tested.sum()),
        left_out=int((~tested).sum()),
        folds=len(by_fold),
        seed=seed,
        sets=int((np.bincount(groups, minlength=1) > 1).sum()),
        by_fold=tuple(by_fold),
        spread=float(np.std(by_fold, ddof=1)) if len(by_fold) > 1 else 0.0,
        accuracy=grouped_share(correct[tested].astype(np.float64), groups[tested]),
        classes=dataset.classes,
        confusion=tuple(tuple(row) for row in counts.tolist()),
    )


def _used(folds: NDArray[np.int64]) -> list[int]:
    return [fold for fold in np.unique(folds).tolist() if fold != NO_FOLD]

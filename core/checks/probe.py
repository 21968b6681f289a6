"""A linear probe: out-of-fold probabilities of a logistic regression on features.

Several checks ask how well a model predicts the label of an image that it has not seen.
"""

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.errors import DatasetError

FOLDS: Final = 5
COMPONENTS: Final = 256
NO_FOLD: Final = -1

Fit = Callable[[NDArray[np.float32], NDArray[np.int64]], Any]


@dataclass(frozen=True)
class Probe:
    """Out-of-fold predictions.

    Attributes:
        probabilities: (n, n_classes) float64; rows that could not be predicted are uniform.
        predicted: (n,) bool, whether a row was predicted.
        folds: (n,) int64, the fold in which a row was held out, `NO_FOLD` where it was not predicted.
    """

    probabilities: NDArray[np.float64]
    predicted: NDArray[np.bool_]
    folds: NDArray[np.int64]

    def correct(self, labels: NDArray[np.int64]) -> NDArray[np.bool_]:
        """(n,) whether a row was predicted and its most probable class is its label."""
        return np.asarray(self.predicted & (self.probabilities.argmax(axis=1) == labels))

    def separation(self, labels: NDArray[np.int64], label: int) -> float:
        """Area under the ROC curve of one class against the rest; 0 where one of the two was not predicted."""
        is_it = labels[self.predicted] == label
        if is_it.all() or not is_it.any():
            return 0.0
        from sklearn.metrics import roc_auc_score

        return float(roc_auc_score(is_it, self.probabilities[self.predicted, label]))

    def accuracy(self, labels: NDArray[np.int64]) -> float:
        """Share of the predicted rows whose most probable class is their label; 0 where none was predicted."""
        return float(self.correct(labels).sum() / self.predicted.sum()) if self.predicted.any() else 0.0


def out_of_fold(
    features: NDArray[np.float32],
    labels: NDArray[np.int64],
    groups: NDArray[np.int64],
    n_classes: int,
    *,
    folds: int = FOLDS,
    seed: int = 0,
    fit: Fit | None = None,
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
) -> Probe:
    """Predict every image by a model that saw neither it nor its group.

    Args:
        features: (n, n_features) float32.
        labels: (n,) int64.
        groups: (n,) int64; what shares a group stays in one fold.
        n_classes: How many classes there are, also those without an image.
        folds: Number of folds; fewer where no class has so many images or groups.
        seed: Of the folds.
        fit: Fits a classifier to features and labels; a regularized logistic regression if not given.
        on_progress: Called with the number of folds done so far, and of all.
    """
    n = len(labels)
    probe = Probe(np.full((n, n_classes), 1 / n_classes), np.zeros(n, np.bool_), np.full(n, NO_FOLD, np.int64))
    parts = assign_folds(labels, groups, folds, seed)
    n_parts = int(parts.max(initial=NO_FOLD)) + 1
    for part in range(n_parts):
        train = np.flatnonzero(parts != part)
        # A class without training images cannot be predicted.
        held_out = np.flatnonzero((parts == part) & np.isin(labels, labels[train]))
        if len(np.unique(labels[train])) > 1 and len(held_out):
            model = fit(features[train], labels[train]) if fit else fit_probe(features[train], labels[train], seed)
            probe.probabilities[held_out] = 0
            probe.probabilities[np.ix_(held_out, model.classes_)] = model.predict_proba(features[held_out])
            probe.predicted[held_out] = True
            probe.folds[held_out] = part
        on_progress(part + 1, n_parts)
    return probe


def assign_folds(
    labels: NDArray[np.int64], groups: NDArray[np.int64], folds: int = FOLDS, seed: int = 0
) -> NDArray[np.int64]:
    """Assign images to folds: stratified, seeded, groups whole.

    Args:
        labels: (n,) int64.
        groups: (n,) int64; what shares a group stays in one fold.
        folds: How many; fewer where no class has so many groups.
        seed: The same seed and input give the same folds.

    Returns:
        (n,) int64 fold of each image. Images of a class that is one single group cannot be both held out and learned
        from, and have `NO_FOLD`. All have it where fewer than two classes are left.
    """
    parts = np.full(len(labels), NO_FOLD, np.int64)
    groups_of = {label: len(np.unique(groups[labels == label])) for label in np.unique(labels).tolist()}
    divisible = [label for label, count in groups_of.items() if count > 1]
    rows = np.flatnonzero(np.isin(labels, divisible))
    possible = min(folds, max((groups_of[label] for label in divisible), default=0), len(np.unique(groups[rows])))
    if len(divisible) < 2 or possible < 2:  # noqa: PLR2004 - nothing to tell apart, or nothing to hold out
        return parts
    from sklearn.model_selection import StratifiedGroupKFold

    cross = StratifiedGroupKFold(possible, shuffle=True, random_state=seed)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "The least populated class")  # expected for small classes
        for number, (_, held_out) in enumerate(cross.split(labels[rows], labels[rows], groups[rows])):
            parts[rows[held_out]] = number
    return parts


def no_folds() -> DatasetError:
    """The error for images that `assign_folds` cannot divide."""
    return DatasetError(
        "These images cannot be divided into folds.",
        "At least two classes need two images that are not duplicates and not of one group.",
    )


def fit_probe(features: NDArray[np.float32], labels: NDArray[np.int64], seed: int) -> Any:  # noqa: ANN401 - a Pipeline
    """Fit a logistic regression on standardised principal components.

    Args:
        features: (n, n_features) float32.
        labels: (n,) int64, of two classes or more.
        seed: Of the principal components.
    """
    from sklearn.decomposition import PCA
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    components = max(1, min(COMPONENTS, *features.shape) - 1)
    model = make_pipeline(
        StandardScaler(),
        PCA(components, random_state=seed),
        LogisticRegression(C=1 / components, max_iter=200),  # stronger regularization for more features
    )
    # On two busy cores, one thread took 0.4 s for 640 images of 1,280 features, and two threads 17 s.
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # good enough for a probe
        return model.fit(features, labels)

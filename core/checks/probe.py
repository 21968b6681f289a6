"""A linear probe: out-of-fold probabilities of a logistic regression on features.

What several checks ask: how well can the label be told from features by a model that has not seen the image.
"""

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import StratifiedGroupKFold
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FOLDS = 5
COMPONENTS = 256
STRENGTH = 0.003
"""Inverse regularisation of the logistic regression; small, since there are more features than images."""


@dataclass(frozen=True)
class Probe:
    """Out-of-fold predictions.

    Attributes:
        probabilities: (n, n_classes) float64; rows that could not be predicted are uniform.
        predicted: (n,) bool, whether a row was predicted by a model that had not seen it.
    """

    probabilities: NDArray[np.float64]
    predicted: NDArray[np.bool_]

    def accuracy(self, labels: NDArray[np.int64]) -> float:
        """Share of the predicted rows whose most probable class is their label; 0 where none was predicted."""
        rows = self.predicted
        return float(np.mean(self.probabilities[rows].argmax(axis=1) == labels[rows])) if rows.any() else 0.0


def out_of_fold(
    features: NDArray[np.float32], labels: NDArray[np.int64], groups: NDArray[np.int64], n_classes: int, seed: int = 0
) -> Probe:
    """Predict every image by a model that has seen neither it nor one of its group.

    Args:
        features: (n, n_features) float32.
        labels: (n,) int64.
        groups: (n,) int64; what shares a group stays in one fold.
        n_classes: How many classes there are, also those without an image.
        seed: Of the folds.
    """
    n = len(labels)
    probabilities = np.full((n, n_classes), 1 / n_classes)
    predicted = np.zeros(n, np.bool_)
    sizes = np.bincount(labels, minlength=n_classes)
    folds = min(FOLDS, int(min(sizes[sizes > 0], default=0)), len(np.unique(groups)))
    if folds < 2 or (sizes > 0).sum() < 2:  # noqa: PLR2004 - nothing to hold out, or nothing to tell apart
        return Probe(probabilities, predicted)
    for train, held_out in StratifiedGroupKFold(folds, shuffle=True, random_state=seed).split(features, labels, groups):
        if len(np.unique(labels[train])) < 2:  # noqa: PLR2004
            continue
        model = _fit(features[train], labels[train], seed)
        probabilities[held_out] = 0
        probabilities[np.ix_(held_out, model[-1].classes_)] = model.predict_proba(features[held_out])
        predicted[held_out] = True
    return Probe(probabilities, predicted)


def _fit(features: NDArray[np.float32], labels: NDArray[np.int64], seed: int) -> Any:  # noqa: ANN401 - an untyped Pipeline
    components = min(COMPONENTS, *features.shape) - 1
    model = make_pipeline(
        StandardScaler(),
        PCA(max(1, components), random_state=seed),
        LogisticRegression(C=STRENGTH, max_iter=200),
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)  # an almost converged probe probes as well
        return model.fit(features, labels)

"""How much a random split overestimates accuracy: one quick head, cross-validated with random and with grouped folds.

Only the folds differ. Both times every image is predicted by a head that did not see it (several seeds). With random
folds, the head has often seen a duplicate of it, a neighbouring frame, or another image of the same patient.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.estimate import GroupedEstimate, grouped_mean, grouped_share
from core.checks.dataset import Dataset
from core.checks.probe import out_of_fold

SEEDS: Final = 3
MATTERS: Final = 0.01
"""Difference of the two accuracies, significantly above 0, from which it is worth a warning."""

Progress = Callable[[int, int], None]


class SplitComparison(BaseModel):
    """Accuracies of the same images with random and with grouped (honest) splits.

    Attributes:
        images: Number of images that were predicted both times.
        sets: Number of split groups with two images or more.
        in_sets: Number of images in these groups.
        seeds: Number of repetitions, each with another seed.
        random: Accuracy with random splits.
        honest: Accuracy with splits that keep groups whole.
        gap: Mean difference of the two, image by image.
        random_by_seed: (seeds,) accuracy of each repetition.
        honest_by_seed: (seeds,) accuracy of each repetition.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    images: int
    sets: int
    in_sets: int
    seeds: int
    random: GroupedEstimate
    honest: GroupedEstimate
    gap: GroupedEstimate
    random_by_seed: tuple[float, ...]
    honest_by_seed: tuple[float, ...]

    @property
    def leaks(self) -> bool:
        """Whether a random split clearly overestimates accuracy."""
        return self.gap.low > 0 and self.gap.value >= MATTERS

    def sentence(self) -> str:
        """Give the meaning in plain words."""
        figures = f"A random split says {self.random.value:.0%}, an honest split says {self.honest.value:.0%}"
        if self.leaks:
            return (
                f"{figures}. The difference of {100 * self.gap.value:.0f} points is no skill: it comes from images "
                "that are nearly in both splits. Graft's own splits are honest: expect the lower figure in real use."
            )
        return f"{figures}: no difference that cannot be chance. Graft keeps the sets whole in any case."


def compare_splits(
    dataset: Dataset,
    *,
    seeds: int = SEEDS,
    on_progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SplitComparison | None:
    """Cross-validate a quick head with random and with honest splits.

    Args:
        dataset: Images with features.
        seeds: Number of repetitions, each with another seed.
        on_progress: Called with the number of cross-validations done so far, and of all.
        should_stop: Whether to stop early.

    Returns:
        None if no image is in a group, if there are no features, if there are too few images or groups, or if it was
        stopped.
    """
    groups, single = dataset.group_ids, np.arange(len(dataset), dtype=np.int64)
    sizes = np.bincount(groups, minlength=len(dataset))
    if dataset.features is None or not (sizes > 1).any():
        return None
    answers: dict[str, list[NDArray[np.float64]]] = {"random": [], "honest": []}
    for seed in range(seeds):
        for name, folds in (("random", single), ("honest", groups)):
            if should_stop():
                return None
            answers[name].append(_correct(dataset, folds, seed))
            on_progress(len(answers["random"]) + len(answers["honest"]), 2 * seeds)
    random, honest = np.array(answers["random"]), np.array(answers["honest"])
    both = ~(np.isnan(random) | np.isnan(honest)).any(axis=0)
    if not both.any():
        return None
    random, honest, groups = random[:, both], honest[:, both], groups[both]
    return SplitComparison(
        images=int(both.sum()),
        sets=int((sizes > 1).sum()),
        in_sets=int(sizes[sizes > 1].sum()),
        seeds=seeds,
        random=grouped_share(random.mean(axis=0), groups),
        honest=grouped_share(honest.mean(axis=0), groups),
        gap=grouped_mean((random - honest).mean(axis=0), groups),
        random_by_seed=tuple(random.mean(axis=1).tolist()),
        honest_by_seed=tuple(honest.mean(axis=1).tolist()),
    )


def _correct(dataset: Dataset, groups: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """(n,) 1 where the prediction was correct, 0 where it was wrong, NaN where there was none."""
    assert dataset.features is not None, "checked by the caller"
    if groups is dataset.group_ids and seed == 0:
        probe = dataset.probe  # cached by the checks
    else:
        probe = out_of_fold(dataset.features, dataset.labels, groups, len(dataset.classes), seed=seed)
    return np.where(probe.predicted, probe.correct(dataset.labels).astype(np.float64), np.nan)

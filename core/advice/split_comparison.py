"""How much too good a random split looks: the same quick head, judged once with copies on both sides, once without.

What is compared is only the division of the images. Both times every image is predicted by a head that has not seen it
(cross-validation, several seeds); at random, the head has often seen its copy, its neighbour in a burst, or another
image of the same patient.
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
"""Difference of the two accuracies, surely above 0, from which it is worth a warning."""

Progress = Callable[[int, int], None]


class SplitComparison(BaseModel):
    """What a random and an honest division say of the same images.

    Attributes:
        images: Images that were predicted both times.
        sets: Sets of images that must stay together, with two images or more.
        in_sets: Images in these sets.
        seeds: How often each was divided.
        random: Accuracy where every image is divided by itself.
        honest: Accuracy where sets stay together.
        gap: The first less the second, image by image.
        random_by_seed: (seeds,) accuracy of each division.
        honest_by_seed: (seeds,) accuracy of each division.
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
        """Whether a random split would say clearly too much."""
        return self.gap.low > 0 and self.gap.value >= MATTERS

    def sentence(self) -> str:
        """Say what it means, in plain words."""
        said = f"A random split says {self.random.value:.0%}, an honest split says {self.honest.value:.0%}"
        if self.leaks:
            return (
                f"{said}. The difference of {100 * self.gap.value:.0f} points is no skill: it comes from images that "
                "are nearly in both splits. Graft's own splits are honest ones: expect the lower figure in real use."
            )
        return f"{said}: here it makes no difference that can be told from chance. Graft keeps the sets whole anyhow."


def compare_splits(
    dataset: Dataset,
    *,
    seeds: int = SEEDS,
    on_progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> SplitComparison | None:
    """Measure what a random split would say, and what an honest one says.

    Args:
        dataset: Images with features.
        seeds: How often both divide the images, each time with another seed.
        on_progress: Told the divisions that were measured, and all of them.
        should_stop: Whether a person wants it to end.

    Returns:
        None where every image stands alone, so that both are the same; where there are no features, or too few images
        or sets to hold some out; and where it was stopped.
    """
    groups, alone = dataset.together, np.arange(len(dataset), dtype=np.int64)
    sizes = np.bincount(groups, minlength=len(dataset))
    if dataset.features is None or not (sizes > 1).any():
        return None
    answers: dict[str, list[NDArray[np.float64]]] = {"random": [], "honest": []}
    for seed in range(seeds):
        for name, kept in (("random", alone), ("honest", groups)):
            if should_stop():
                return None
            answers[name].append(_right(dataset, kept, seed))
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


def _right(dataset: Dataset, groups: NDArray[np.int64], seed: int) -> NDArray[np.float64]:
    """(n,) 1 where the answer was right, 0 where it was wrong, NaN where there was none."""
    assert dataset.features is not None, "the caller looked"
    if groups is dataset.together and seed == 0:
        probe = dataset.probe  # the checks have asked the same
    else:
        probe = out_of_fold(dataset.features, dataset.labels, groups, len(dataset.classes), seed=seed)
    return np.where(probe.predicted, probe.right(dataset.labels).astype(np.float64), np.nan)

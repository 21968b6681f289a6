"""The shortlist: how well and how fast each network on this machine tells a person's classes apart.

Every network is judged by the same quick head (logistic regression on its pooled features), on the same folds of the
same images. With the features of the chosen network, heads are compared as well. The best of many looks better than it
is: with eight equally good networks and a standard error of 2 points, the best is on average 2.8 points above the
truth (the expected largest of eight normal values is 1.42 standard errors).
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.estimate import GroupedEstimate
from core.advice.outcomes import Outcomes, accuracy, accuracy_difference, best_of, common_images

HEADS: Final[Mapping[str, str]] = {
    "nearest-neighbours": "5 nearest neighbours",
    "logistic-regression": "logistic regression",
    "trained-head": "trained head",
}

Ints = NDArray[np.int64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class MeasuredBackbone(_Frozen):
    """A network on a person's images.

    Attributes:
        name: Of the network.
        accuracy: Of a logistic regression on its features.
        below_best: Accuracy of the best network minus that of this one.
        images_per_second: Measured on this machine, the network alone.
        megabytes: Size of its float32 weights without the top, in units of 2**20 bytes.
        on_front: Whether no other network is both more accurate and faster.
    """

    name: str
    accuracy: GroupedEstimate
    below_best: GroupedEstimate
    images_per_second: float
    megabytes: float
    on_front: bool


class MeasuredHead(_Frozen):
    """A kind of head on the features of one network.

    Attributes:
        head: A key of `HEADS`.
        accuracy: On held-out images.
        below_best: Accuracy of the best head minus that of this one.
    """

    head: str
    accuracy: GroupedEstimate
    below_best: GroupedEstimate


class BackboneComparison(_Frozen):
    """All networks that were measured.

    Attributes:
        images: Number of images, of the train and validation splits.
        folds: Folds of each repeat; whole split groups.
        repeats: How often the images were divided.
        backbones: The networks, the most accurate first.
        heads_of: Name of the network with whose features heads were compared.
        heads: The heads.
        not_measured: Names of networks whose weights are not on this machine.
    """

    images: int
    folds: int
    repeats: int
    backbones: tuple[MeasuredBackbone, ...]
    heads_of: str
    heads: tuple[MeasuredHead, ...]
    not_measured: tuple[str, ...]

    def sentence(self) -> str:
        """Say which network is recommended and how sure that is."""
        best = self.backbones[0]
        if len(self.backbones) == 1:
            return (
                f"**{best.name}** is the only network on this machine: {best.accuracy.value:.0%} correct by a quick "
                f"head ({best.accuracy.low:.0%} to {best.accuracy.high:.0%}). To compare it, get the weights of others."
            )
        text = (
            f"**{best.name}** tells your classes apart best: {best.accuracy.value:.0%} correct by a quick head "
            f"({best.accuracy.low:.0%} to {best.accuracy.high:.0%})."
        )
        even = [one for one in self.backbones[1:] if one.below_best.low <= 0]
        if not even:
            return text
        faster = [one for one in even if one.images_per_second > 1.2 * best.images_per_second]
        if not faster:
            return f"{text} {_names(even)} may be as good: {self.images} images cannot tell."
        quick = max(faster, key=lambda one: one.images_per_second)
        times = quick.images_per_second / best.images_per_second
        return f"{text} {quick.name} is {times:.1f} times as fast, and {self.images} images show no difference to it."

    def sentence_of_heads(self) -> str:
        """Say whether the kind of head matters."""
        best = max(self.heads, key=lambda one: one.accuracy.value)
        worse = [one for one in self.heads if one.below_best.low > 0]
        named = ", ".join(f"{HEADS[one.head]} {one.accuracy.value:.0%}" for one in self.heads)
        text = f"Heads on the features of {self.heads_of}: {named}"
        if not worse:
            return f"{text}: no difference that {self.images} images could show."
        return f"{text}. {HEADS[best.head].capitalize()} is the best of them."

    def caveat(self) -> str:
        """Say what the measurement does not say."""
        many = len(self.backbones)
        return (
            f"{f'The best of {many} looks a little better than it is. ' if many > 1 else ''}Nothing was fine-tuned, "
            "and the test split took no part. Of the trained head, the best epoch was chosen on the images that it is "
            "tested on, so it looks a little better than it is."
        )


def compare_outcomes(
    outcomes: Mapping[str, Outcomes],
    speeds: Mapping[str, float],
    megabytes: Mapping[str, float],
    groups: Ints,
    *,
    heads_of: str,
    heads: Mapping[str, Outcomes],
    not_measured: Sequence[str],
) -> BackboneComparison:
    """Summarise what was measured.

    Args:
        outcomes: What a logistic regression on the features of each network predicted, on the same folds.
        speeds: Images a second of each network.
        megabytes: Size of the weights of each network.
        groups: (n,) split group of each image.
        heads_of: Name of the network with whose features heads were compared.
        heads: What each head predicted, on the same folds.
        not_measured: Names of networks whose weights are not on this machine.
    """
    best = list(outcomes.values())[best_of(list(outcomes.values()))]
    shares = {name: float(np.nanmean(one.by_image())) for name, one in outcomes.items()}
    found = [
        MeasuredBackbone(
            name=name,
            accuracy=accuracy(one, groups),
            below_best=accuracy_difference(best, one, groups),
            images_per_second=speeds[name],
            megabytes=megabytes[name],
            on_front=not any(
                shares[other] >= shares[name]
                and speeds[other] >= speeds[name]
                and (shares[other] > shares[name] or speeds[other] > speeds[name])
                for other in outcomes
            ),
        )
        for name, one in outcomes.items()
    ]
    first = next(iter(outcomes.values()))
    heads = common_images(heads)
    best_head = list(heads.values())[best_of(list(heads.values()))]
    return BackboneComparison(
        images=first.images,
        folds=int(first.folds.max()) + 1,
        repeats=len(first.folds),
        backbones=tuple(sorted(found, key=lambda one: -one.accuracy.value)),
        heads_of=heads_of,
        heads=tuple(
            MeasuredHead(
                head=head, accuracy=accuracy(one, groups), below_best=accuracy_difference(best_head, one, groups)
            )
            for head, one in heads.items()
        ),
        not_measured=tuple(not_measured),
    )


def _names(backbones: Sequence[MeasuredBackbone]) -> str:
    names = [one.name for one in backbones]
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"

"""The freezing curve: how much a person's classes can be told apart by what each depth of a network knows.

For up to twelve cuts, a logistic regression on the pooled activations of the frozen layers is cross-validated: the
linear probe of Alain and Bengio ("Understanding intermediate layers using linear classifier probes", 2016). Where the
curve is still rising at the end, all layers transfer; where it falls, the last ones are specific to the images that the
network was pretrained on (Yosinski et al., "How transferable are features in deep neural networks?", NIPS 2014).

A probe says what frozen layers know, not what training the others would add. Trials say that: short trainings at a few
cuts, on the same folds. What is recommended comes from trials as soon as there are some.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.estimate import GroupedEstimate
from core.advice.outcomes import Outcomes, accuracy, accuracy_difference, best_of, common_images, standard_error
from core.backbones.zoo import BackboneSpec, Cut

MOST_CUTS: Final = 12
NOTHING_FROZEN: Final = ""
"""Stands for the place before the first layer, where no cut has a name."""

Ints = NDArray[np.int64]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Trial(_Frozen):
    """Short trainings with the layers up to a cut frozen.

    Attributes:
        accuracy: Of the images that were held out, at the epoch with the lowest validation loss.
        below_best: Accuracy of the best trial minus that of this one, on the same images.
        images: Number of images that were held out in one of the trainings.
        trainings: Number of trainings, each with another fold held out.
        seconds: Mean time of one training, in seconds.
    """

    accuracy: GroupedEstimate
    below_best: GroupedEstimate
    images: int
    trainings: int
    seconds: float


class FreezingPoint(_Frozen):
    """One cut.

    Attributes:
        cut: Name of the cut; `NOTHING_FROZEN` before the first layer.
        label: Its name for a person.
        layers: Number of frozen layers.
        probe: Accuracy of a logistic regression on the frozen layers' pooled activations; None if nothing is frozen.
        below_best: Accuracy of the best probe minus that of this one.
        trial: What short trainings measured; None if there were none.
    """

    cut: str
    label: str
    layers: int
    probe: GroupedEstimate | None = None
    below_best: GroupedEstimate | None = None
    trial: Trial | None = None


class FreezingCurve(_Frozen):
    """The curve of one network on a person's images.

    Attributes:
        network: Name of the network.
        layers: Number of its layers.
        images: Number of images that were tested, of the train and validation splits.
        folds: Folds of each repeat; whole split groups.
        repeats: How often the images were divided.
        points: From the input to the output.
        recommended: Cut of the recommended point.
        reason: Whether it was chosen by `probes` or by `trials`.
    """

    network: str
    layers: int
    images: int
    folds: int
    repeats: int
    points: tuple[FreezingPoint, ...]
    recommended: str
    reason: Literal["probes", "trials"]

    def point(self, cut: str) -> FreezingPoint:
        """Give the point of a cut."""
        return next(point for point in self.points if point.cut == cut)

    @property
    def last(self) -> FreezingPoint:
        """The point at which everything is frozen."""
        return self.points[-1]

    def sentence(self) -> str:
        """Say what is recommended and how sure that is."""
        return _sentence_of_trials(self) if self.reason == "trials" else _sentence_of_probes(self)

    def caveat(self) -> str:
        """Say what the measurement does not say."""
        if self.reason == "trials":
            tried = sum(point.trial is not None for point in self.points)
            return (
                f"The best of {tried} trials looks a little better than it is. The test split took no part, so the "
                "results of a run remain an honest test."
            )
        return (
            "The curve says what the frozen layers know about your classes, not what training the others would add: "
            "trials measure that. The test split took no part."
        )


def choose_cuts(spec: BackboneSpec, most: int = MOST_CUTS) -> list[Cut]:
    """Choose cuts that are spread over the blocks of a network, the first and the last included."""
    rows = np.unique(np.linspace(0, len(spec.cuts) - 1, min(most, len(spec.cuts))).round().astype(int))
    return [spec.cuts[row] for row in rows.tolist()]


def make_freezing_curve(
    spec: BackboneSpec,
    cuts: Sequence[Cut],
    probes: Sequence[Outcomes],
    groups: Ints,
    trials: Mapping[str, Outcomes] | None = None,
) -> FreezingCurve:
    """Summarise what was measured.

    Args:
        spec: The network.
        cuts: The probed cuts, from the input to the output.
        probes: What the probe of each cut predicted, on the same folds.
        groups: (n,) split group of each image.
        trials: What short trainings predicted, by cut, on the same folds; `seconds` is the sum of all trainings.
    """
    best = probes[best_of(probes)]
    tried = _summarise_trials(trials or {}, groups)
    points = [
        FreezingPoint(
            cut=cut.name,
            label=cut.label,
            layers=cut.layers,
            probe=accuracy(outcomes, groups),
            below_best=accuracy_difference(best, outcomes, groups),
            trial=tried.get(cut.name),
        )
        for cut, outcomes in zip(cuts, probes, strict=True)
    ]
    if NOTHING_FROZEN in tried:
        points.insert(0, FreezingPoint(cut=NOTHING_FROZEN, label="the input", layers=0, trial=tried[NOTHING_FROZEN]))
    return FreezingCurve(
        network=spec.name,
        layers=spec.layers,
        images=probes[-1].images,
        folds=int(probes[-1].folds.max()) + 1,
        repeats=len(probes[-1].folds),
        points=tuple(points),
        recommended=_recommend_by_trials(tried, points) if tried else cuts[recommend_by_probes(probes)].name,
        reason="trials" if tried else "probes",
    )


def recommend_by_probes(probes: Sequence[Outcomes]) -> int:
    """Index of the last cut within one standard error of the best: the simplest choice that is about as good.

    The one-standard-error rule of Breiman et al., "Classification and regression trees" (1984), section 3.4.3, with the
    standard error of the paired difference.
    """
    best = best_of(probes)
    value = np.nanmean(probes[best].by_image())
    within = [
        row
        for row, outcomes in enumerate(probes)
        if value - np.nanmean(outcomes.by_image()) <= standard_error(probes[best], outcomes)
    ]
    return max([best, *within])


def choose_trials(spec: BackboneSpec, cuts: Sequence[Cut], probes: Sequence[Outcomes]) -> list[str]:
    """Choose cuts to train at, the most telling first: both ends, where the curve bends, and half way to the end.

    The curve bends at the first cut that is within one standard error of the best: from there on, more layers add
    nothing that was measured.
    """
    best = best_of(probes)
    value = np.nanmean(probes[best].by_image())
    bend = next(
        row
        for row, outcomes in enumerate(probes)
        if value - np.nanmean(outcomes.by_image()) <= standard_error(probes[best], outcomes)
    )
    last = len(cuts) - 1
    if bend == last:
        bend = max(0, last - 2)
    chosen = [spec.cuts[-1].name, cuts[bend].name, NOTHING_FROZEN, cuts[(bend + last) // 2].name, cuts[best].name]
    return list(dict.fromkeys(chosen))


def _summarise_trials(trials: Mapping[str, Outcomes], groups: Ints) -> dict[str, Trial]:
    if not trials:
        return {}
    common = common_images(trials)
    best = list(common.values())[best_of(list(common.values()))]
    return {
        cut: Trial(
            accuracy=accuracy(outcomes, groups),
            below_best=accuracy_difference(best, outcomes, groups),
            images=outcomes.images,
            trainings=len(outcomes.by_fold()),
            seconds=trials[cut].seconds / max(1, len(trials[cut].by_fold())),
        )
        for cut, outcomes in common.items()
    }


def _recommend_by_trials(tried: Mapping[str, Trial], points: Sequence[FreezingPoint]) -> str:
    """The trial that freezes most of those within one standard error of the best.

    Half of a 95% interval's reach stands for the standard error: with one fold, nothing else is known of it.
    """
    order = [point.cut for point in points]
    within = [
        cut for cut, one in tried.items() if one.below_best.value <= (one.below_best.high - one.below_best.low) / 4
    ]
    return max(within, key=order.index)


def _freeze(curve: FreezingCurve, point: FreezingPoint) -> str:
    if point.cut == NOTHING_FROZEN:
        return "training all layers"
    return "freezing everything" if point.layers == curve.layers else f"freezing up to {point.label}"


def _points(estimate: GroupedEstimate) -> str:
    return f"{100 * estimate.value:.1f} points, {100 * estimate.low:.1f} to {100 * estimate.high:.1f}"


def _sentence_of_probes(curve: FreezingCurve) -> str:
    chosen, last = curve.point(curve.recommended), curve.last
    best = max(curve.points, key=lambda point: point.probe.value if point.probe else 0.0)
    if chosen.probe is None or chosen.below_best is None or last.below_best is None:
        raise ValueError("without trials, the recommended cut and the last one are probed")
    advice = (
        f"**{_freeze(curve, chosen).capitalize()}** is recommended: a quick head on what it freezes is "
        f"{chosen.probe.value:.0%} correct ({chosen.probe.low:.0%} to {chosen.probe.high:.0%})"
    )
    if chosen is last and best is last:
        return f"{advice}, and no earlier cut did better on {curve.images} images."
    if chosen is last or last.below_best.low <= 0:
        other, difference = (best, chosen.below_best) if chosen is last else (last, last.below_best)
        return (
            f"{advice}. {_freeze(curve, other).capitalize()} makes no difference that {curve.images} images could show "
            f"({_points(difference)})."
        )
    return f"{advice}. The layers after it know less about your classes ({_points(last.below_best)})."


def _sentence_of_trials(curve: FreezingCurve) -> str:
    chosen, last = curve.point(curve.recommended), curve.last
    tried = [point for point in curve.points if point.trial is not None]
    if chosen.trial is None:
        raise ValueError("after trials, one of them is recommended")
    trial, images = chosen.trial, f"{chosen.trial.images} images"
    best = max(tried, key=lambda point: (point.trial.accuracy.value if point.trial else 0.0, point is chosen))
    what, ways = f"**{_freeze(curve, chosen).capitalize()}**", f"{len(tried)} ways that were tried on {images}"
    figures = f"{trial.accuracy.value:.0%} correct ({trial.accuracy.low:.0%} to {trial.accuracy.high:.0%})"
    if best is not chosen and best.trial is not None:
        return (
            f"{what} is recommended of {ways}: {figures}. "
            f"{_freeze(curve, best).capitalize()} makes no difference that they could show "
            f"({_points(trial.below_best)}), and takes {best.trial.seconds:.1f} s instead of {trial.seconds:.1f} s."
        )
    begin = f"{what} was best of {ways}: {figures}"
    if chosen is last:
        even = [point for point in tried if point is not last and point.trial and point.trial.below_best.low <= 0]
        if not even:
            return f"{begin}, and it is the fastest."
        return (
            f"{begin}, and it is the fastest. For {len(even)} of the {len(tried) - 1} others the difference is one "
            f"that {images} cannot tell from chance."
        )
    if last.trial is None:
        return f"{begin}."
    times = f"takes {last.trial.seconds:.1f} s instead of {trial.seconds:.1f} s"
    if last.trial.below_best.low > 0:
        return f"{begin}. Freezing everything {times}, and is worse ({_points(last.trial.below_best)})."
    return (
        f"{begin}. Freezing everything makes no difference that {images} could show "
        f"({_points(last.trial.below_best)}), and {times}."
    )

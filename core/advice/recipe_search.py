"""Which recipe to try next, and which is best: the decisions of a search within a time budget.

The sequence is fixed, the cheap first:

1. the plain default (feature extraction), other ways to train a head, and the recipe as it was chosen;
2. fine-tuning at the cuts that `core.advice.freezing_curve` finds worth a training, the most telling first, each at
   the learning rate of its own range test, with batch normalisation trained;
3. the best of these with random variations of the training images, and with frozen batch normalisation;
4. more folds for the best: half of the recipes go on to the second fold, half of those to the third, and so on
   (successive halving: Jamieson and Talwalkar, "Non-stochastic best arm identification and hyperparameter
   optimization", AISTATS 2016).

A training whose expected time is longer than what is left is not begun. All recipes are compared with the default on
the images of the same folds, whose difficulty therefore cancels out. Chosen is the largest expected gain, in which a
gain counts less the fewer images it was seen on; below half a point, the default remains.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict

from core.advice.changes import with_freezing
from core.advice.estimate import GroupedEstimate
from core.advice.freezing_curve import NOTHING_FROZEN
from core.advice.outcomes import Outcomes, accuracy, accuracy_difference, expected_gain, join_folds
from core.backbones.zoo import find_backbone
from core.training.recipe import Augmentation, Backbone, Phase, Recipe, make_recipe

EXPLORED_SHARE: Final = 0.65
"""Share of the budget after which no recipe is added: the rest is for more folds of the best."""
FINALISTS: Final = 2
"""Fewest recipes beside the default that go on to the next fold."""
FINE_TUNING_EPOCHS: Final = 10
RATE_BELOW_DIVERGENCE: Final = 10.0
"""The learning rate of a range test is so many times smaller than the rate at which the loss begins to rise."""
LOWEST_RATE: Final = 1e-5
HIGHEST_RATE: Final = 3e-2
SMOOTHING: Final = 0.7
WORTH: Final = 0.005
"""An expected gain that is no larger is not worth another recipe than the default."""
_VARIED: Final = Augmentation(views=3)

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]


@dataclass(eq=False)
class Candidate:
    """A recipe that may be tried.

    Attributes:
        title: What is special about it, for a person.
        recipe: Every choice.
        expected: Time of one training in seconds, as far as it is known.
        folds: What was measured, by the number of the fold; None if the training diverged or was not done in time.
    """

    title: str
    recipe: Recipe
    expected: float = 0.0
    folds: dict[int, Outcomes | None] = field(default_factory=dict)

    @property
    def measured(self) -> list[Outcomes]:
        """What trainings predicted."""
        return [one for one in self.folds.values() if one is not None]

    @property
    def seconds(self) -> float:
        """Time of one training, the shortest that was measured, for the first computes features; or expected."""
        return min((one.seconds for one in self.measured), default=self.expected)

    def joined(self) -> Outcomes | None:
        """All predictions, one an image; None without any."""
        return join_folds(self.measured) if self.measured else None


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class TriedRecipe(_Frozen):
    """A recipe of which trainings were measured.

    Attributes:
        title: What is special about it.
        recipe: The recipe as JSON.
        accuracy: Of the images that were held out.
        gain: Accuracy minus that of the default, on the same images; None for the default.
        images: Number of images that were held out in one of the trainings.
        trainings: Number of trainings, each with another fold held out.
        seconds: Time of one training, in seconds.
    """

    title: str
    recipe: str
    accuracy: GroupedEstimate
    gain: GroupedEstimate | None
    images: int
    trainings: int
    seconds: float


class RecipeSearch(_Frozen):
    """The result of a search.

    Attributes:
        network: Name of the network.
        images: Number of images of the train and validation splits.
        budget: Time that the search had, in seconds.
        seconds: Time of all measurements, those of earlier searches that were read again included.
        tried: The recipes in the order in which they were tried; the first is the default.
        best: Index of the chosen one.
        left_out: Titles of recipes for which there was no time, whose training diverged, or that start from scratch.
    """

    network: str
    images: int
    budget: float
    seconds: float
    tried: tuple[TriedRecipe, ...]
    best: int
    left_out: tuple[str, ...]

    @property
    def chosen(self) -> TriedRecipe:
        """The chosen recipe."""
        return self.tried[self.best]

    def sentence(self) -> str:
        """Say which recipe is recommended and how sure that is."""
        chosen, many = self.chosen, len(self.tried)
        figures = (
            f"{chosen.accuracy.value:.0%} correct on held-out images "
            f"({chosen.accuracy.low:.0%} to {chosen.accuracy.high:.0%})"
        )
        if many == 1:
            return f"**{_capitalized(chosen.title)}** is the only recipe that there was time for: {figures}."
        if chosen.gain is None:
            others = "the other recipe is not" if many == 2 else f"none of the {many - 1} other recipes is"  # noqa: PLR2004
            return (
                f"**{_capitalized(chosen.title)}** remains the choice: {figures}, and {others} expected to be better "
                f"by more than {100 * WORTH:g} points on new images."
            )
        gain = chosen.gain
        sure = "" if gain.low > 0 else " Chance may explain that: more time or more images would tell."
        return (
            f"**{_capitalized(chosen.title)}** is the best of {many} recipes: {figures}, {100 * gain.value:.1f} points "
            f"more than the default ({100 * gain.low:.1f} to {100 * gain.high:.1f}).{sure}"
        )

    def caveat(self) -> str:
        """Say what the measurement does not say."""
        many = len(self.tried)
        begin = f"The best of {many} looks better than it is. " if many > 1 else ""
        return (
            f"{begin}The default is a new head on frozen layers. Of each training, the best epoch was chosen on the "
            "images that it was tested on. The test split took no part, so the test result of a run remains honest."
        )


def head_candidates(recipe: Recipe, backbone: Backbone) -> list[Candidate]:
    """The plain default, the recipe itself if it is another one, and other heads.

    Args:
        recipe: The recipe as it was chosen; its images' preparation and its seed stay.
        backbone: The chosen one, with pretrained weights.
    """
    plain = Recipe()
    default = _changed(
        with_freezing(recipe, _last_cut(recipe), backbone.weights),
        backbone=backbone,
        head=plain.head,
        augmentation=Augmentation(),
        head_phase=plain.head_phase,
        fine_tune_phase=plain.fine_tune_phase,
        optimizer=plain.optimizer,
        batch_size=plain.batch_size,
        batch_norm=plain.batch_norm,
    )
    hidden = default.head.model_copy(update={"hidden_units": 256, "dropout": 0.3})
    longer = _changed(default, head_phase=Phase(epochs=60, learning_rate=4e-3))
    found = [
        Candidate("the default", default),
        Candidate("your recipe", recipe),
        Candidate("a head with a hidden layer", _changed(default, head=hidden)),
        Candidate("a head that learns longer", longer),
        Candidate("a head that learns longer, with variations of the images", _changed(longer, augmentation=_VARIED)),
    ]
    unique = {candidate.recipe.model_dump_json(): candidate for candidate in reversed(found)}
    return [candidate for candidate in found if unique[candidate.recipe.model_dump_json()] is candidate]


def fine_tuning_candidate(default: Recipe, cut: str, rate: float) -> Candidate:
    """Fine-tuning of the layers above a cut and of their batch normalisation.

    Args:
        default: The plain default.
        cut: Name of the cut, `NOTHING_FROZEN` for all layers.
        rate: The learning rate of its range test.
    """
    recipe = with_freezing(default, cut, default.backbone.weights)
    phase = Phase(epochs=FINE_TUNING_EPOCHS, learning_rate=float(f"{rate:.1e}"))
    return Candidate(describe_cut(default, cut), _changed(recipe, fine_tune_phase=phase, batch_norm="trained"))


def describe_cut(recipe: Recipe, cut: str) -> str:
    """Say what fine-tuning at a cut trains."""
    if cut == NOTHING_FROZEN:
        return "fine-tuning of all layers"
    spec = find_backbone(recipe.backbone.name)
    label = next(one.label for one in spec.cuts if one.name == cut)
    return f"fine-tuning of the layers after {label}"


def best_on_fold(candidates: Sequence[Candidate], fold: int) -> Candidate:
    """The most accurate recipe on one fold, the first of equal ones.

    Unlike `best_candidate`, it does not change when other folds are measured, so a search that goes on takes the same.
    """
    measured = [one for one in candidates if one.folds.get(fold) is not None]
    return max(measured, key=lambda one: _mean_accuracy(one, [fold]))


def variations(best: Candidate) -> list[Candidate]:
    """What is tried of the best recipe: random variations of the training images, and frozen batch normalisation."""
    found, recipe = [], best.recipe
    if not recipe.augmentation.views:
        varied = _changed(recipe, augmentation=_VARIED)
        found.append(Candidate(f"{best.title}, with variations of the images", varied))
    if recipe.strategy in {"partial", "full"} and recipe.batch_norm == "trained":
        frozen = _changed(recipe, batch_norm="frozen")
        found.append(Candidate(f"{best.title}, with frozen batch normalisation", frozen))
    return found


def next_trial(
    candidates: Sequence[Candidate], folds: Sequence[int], seconds_left: float, most_folds: int | None = None
) -> tuple[Candidate, int] | None:
    """Choose the next training by successive halving over folds; None if nothing is left that fits into the time.

    Args:
        candidates: In the order in which they were added; the first is the default.
        folds: Numbers of the folds.
        seconds_left: Of the budget.
        most_folds: How many folds are used; None for all.
    """
    for rung, fold in enumerate(folds[:most_folds]):
        waiting = [one for one in _promoted(candidates, folds[:rung]) if fold not in one.folds]
        fitting = [one for one in waiting if one.seconds <= seconds_left]
        if fitting:
            return min(fitting, key=lambda one: (one is not candidates[0], one.seconds)), fold
    return None


def _promoted(candidates: Sequence[Candidate], before: Sequence[int]) -> list[Candidate]:
    """Those that go on to the next fold: of those that were measured on all folds before, the better half."""
    if not before:
        return list(candidates)
    began = sum(before[0] in one.folds for one in candidates)
    complete = [one for one in candidates if all(one.folds.get(fold) is not None for fold in before)]
    ranked = sorted(complete, key=lambda one: -_mean_accuracy(one, before))
    chosen = ranked[: max(FINALISTS, -(-began // 2 ** len(before)))]
    return [one for one in complete if one is candidates[0] or any(one is other for other in chosen)]


def _mean_accuracy(candidate: Candidate, folds: Sequence[int]) -> float:
    measured = [one for fold in folds if (one := candidate.folds.get(fold)) is not None]
    return float(np.nanmean(join_folds(measured).by_image()))


def best_candidate(candidates: Sequence[Candidate], groups: Ints) -> int:
    """Index of the best recipe: the one with the largest expected gain over the default.

    Args:
        candidates: The first is the default, of which at least one training was measured.
        groups: (n,) split group of each image.
    """
    default = candidates[0].joined()
    scores = [WORTH] * len(candidates)
    for row, candidate in enumerate(candidates[1:], start=1):
        scores[row] = -1.0
        outcomes = candidate.joined()
        if outcomes is not None and default is not None and _overlap(outcomes, default):
            scores[row] = expected_gain(outcomes, default, groups)
    return max(range(len(scores)), key=lambda row: (scores[row], -row))


def summarise_search(
    candidates: Sequence[Candidate], groups: Ints, *, budget: float, seconds: float, left_out: Sequence[str] = ()
) -> RecipeSearch:
    """Summarise what was measured.

    Args:
        candidates: In the order in which they were added; of the first, the default, a training was measured.
        groups: (n,) split group of each image.
        budget: Time that the search had, in seconds.
        seconds: Time of all measurements.
        left_out: Titles of recipes that were not begun.
    """
    default = candidates[0].joined()
    if default is None:
        raise ValueError("no training of the default was measured")
    tried = [(one, joined) for one in candidates if (joined := one.joined()) is not None and _overlap(joined, default)]
    return RecipeSearch(
        network=candidates[0].recipe.backbone.name,
        images=len(groups),
        budget=budget,
        seconds=seconds,
        tried=tuple(
            TriedRecipe(
                title=one.title,
                recipe=one.recipe.model_dump_json(),
                accuracy=accuracy(joined, groups),
                gain=None if one is candidates[0] else accuracy_difference(joined, default, groups),
                images=joined.images,
                trainings=len(one.measured),
                seconds=one.seconds,
            )
            for one, joined in tried
        ),
        best=best_candidate([one for one, _joined in tried], groups),
        left_out=(*(one.title for one in candidates if not one.measured), *left_out),
    )


def suggest_rate(rates: Floats, losses: Floats) -> float:
    """The learning rate that a range test suggests: a tenth of the rate at which the loss has doubled.

    After Smith, "Cyclical learning rates for training neural networks" (WACV 2017), section 3.3, who raises the rate
    from step to step until the loss rises.

    Args:
        rates: (steps,) learning rates, ascending.
        losses: (steps,) loss of the batch before each step; may end in infinite ones.
    """
    smooth, mean = np.full(len(losses), np.inf), 0.0
    for step, loss in enumerate(losses.tolist()):
        mean = SMOOTHING * mean + (1 - SMOOTHING) * loss
        if not np.isfinite(mean):
            break
        smooth[step] = mean / (1 - SMOOTHING ** (step + 1))
    # Batches differ a lot, so the loss is doubled where its mean is twice the median of the lower half of the rates.
    low = losses[: max(1, len(losses) // 2)]
    usual = float(np.median(low[np.isfinite(low)])) if np.isfinite(low).any() else 0.0
    risen = np.flatnonzero(smooth > 2 * usual + 0.1)
    limit = rates[risen[0]] if len(risen) else rates[-1]
    return float(np.clip(limit / RATE_BELOW_DIVERGENCE, LOWEST_RATE, HIGHEST_RATE / RATE_BELOW_DIVERGENCE))


def _overlap(first: Outcomes, second: Outcomes) -> bool:
    return bool((first.tested & second.tested).any())


def _last_cut(recipe: Recipe) -> str:
    return find_backbone(recipe.backbone.name).cuts[-1].name


def _changed(recipe: Recipe, **changes: object) -> Recipe:
    return make_recipe(recipe.model_copy(update=changes).model_dump())


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]

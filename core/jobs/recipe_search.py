"""Finds a good recipe within a time budget; jobs, the command line and the benchmarks share it.

What is tried next, and which recipe is best, is decided in `core.advice.recipe_search`. Here it is measured, on images
of the train and validation splits alone. Every training is kept as soon as it ends, so a search that was stopped or
killed goes on where it was; the time of what was measured before counts as used. Worker only: imports Keras.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.advice.changes import with_freezing
from core.advice.freezing_curve import NOTHING_FROZEN, choose_cuts, choose_trials
from core.advice.outcomes import FOLDS, Outcomes
from core.advice.probes import probe_outcomes
from core.advice.recipe_search import (
    EXPLORED_SHARE,
    HIGHEST_RATE,
    LOWEST_RATE,
    Candidate,
    RecipeSearch,
    best_on_fold,
    describe_cut,
    fine_tuning_candidate,
    head_candidates,
    next_trial,
    suggest_rate,
    summarise_search,
    variations,
)
from core.backbones.speed import read_speeds
from core.backbones.zoo import Cut, find_backbone
from core.checks.dataset import Dataset
from core.checks.probe import no_folds
from core.dataset.manifest import TRAIN, VALIDATION
from core.errors import RecipeError, RunStopped
from core.jobs.advise import PooledNetwork, pool_of, pooled_network, pretrained
from core.jobs.events import Event
from core.jobs.trials import FoldTrainings, MeasurementContext, RateRange, pool_key, range_test
from core.training.plan import default_cut
from core.training.recipe import Recipe

PROBED_CUTS: Final = 6
RANGE_STEPS: Final = 24
PROBES_SHARE: Final = 0.15
"""Share of the budget that the probes of cuts may be expected to take."""


def search_recipe(
    context: MeasurementContext, dataset: Dataset, recipe: Recipe, *, budget: float, seed: int = 0
) -> RecipeSearch:
    """Try recipes with one network for a time; give all that were tried, and the best of them.

    Args:
        context: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: As it was chosen; its backbone, its images' preparation and its seed stay.
        budget: Time in seconds; one training of the default is measured in any case.
        seed: Of the folds.

    Raises:
        DatasetError: The images cannot be divided into folds, or no training is possible with them.
        RunStopped: A person stopped it before a training was measured.
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    clock = _Clock(budget)
    pool = pool_of(dataset)
    candidates = head_candidates(recipe, pretrained(recipe.backbone))
    default = candidates[0].recipe
    cuts = choose_cuts(find_backbone(default.backbone.name), PROBED_CUTS)
    network = pooled_network(context, default, cuts)
    trainings = FoldTrainings(context, dataset.labelled, network.fingerprint, seed)
    if not trainings.folds:
        raise no_folds()
    search = _Search(context, clock, pool, network, cuts, trainings, default, seed)
    try:
        search.run(candidates)
    except RunStopped:
        if not candidates[0].measured:
            raise
        context.report("Stopped: the best of what was measured until then is given.")
    return summarise_search(
        search.candidates, pool.group_ids, budget=budget, seconds=clock.used, left_out=search.left_out
    )


class _Clock:
    """The time that a search has used: since it began, and for what was measured before."""

    def __init__(self, budget: float) -> None:
        self.budget = budget
        self._began, self._earlier = time.monotonic(), 0.0

    @property
    def used(self) -> float:
        return time.monotonic() - self._began + self._earlier

    @property
    def left(self) -> float:
        return self.budget - self.used

    @property
    def deadline(self) -> float:
        """Time of the monotonic clock at which the budget is used up."""
        return time.monotonic() + self.left

    def add_earlier(self, seconds: float) -> None:
        self._earlier += seconds


@dataclass
class _Search:
    context: MeasurementContext
    clock: _Clock
    pool: Dataset
    network: PooledNetwork
    cuts: list[Cut]
    trainings: FoldTrainings
    default: Recipe
    seed: int
    candidates: list[Candidate] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    # How much longer trainings took than expected, at worst.
    slowdown: float = 1.0

    def run(self, heads: list[Candidate]) -> None:
        self._add(heads[0])
        self._try(heads[0], self.trainings.folds[0], deadline=np.inf)
        if not heads[0].measured:
            raise RecipeError("The training of the default diverged, so nothing can be compared with it.")
        # The time of the first training says little about the others, because it computes features.
        for fold in self.trainings.folds[1:2] if self.clock.left > 0 else ():
            self._try(heads[0], fold, deadline=self.clock.deadline)
        fine_tuned = [head for head in heads[1:] if head.recipe.strategy != "feature-extraction"]
        for head in heads[1:]:
            if head not in fine_tuned:
                head.expected = heads[0].seconds + self._expected_views(head)
                self._add(head)
        self._try_all(most_folds=1)
        for own in fine_tuned:
            self._try_own(own)
        for cut in self._chosen_cuts():
            self._try_cut(cut)
        best = best_on_fold(self.candidates, self.trainings.folds[0])
        for changed in variations(best):
            changed.expected = best.seconds + self._expected_views(changed)
            self._add(changed)
        self._try_all()

    def _add(self, candidate: Candidate) -> None:
        """Add a candidate, with what was measured of it before, unless its recipe is there already."""
        if any(one.recipe == candidate.recipe for one in self.candidates):
            return
        self.candidates.append(candidate)
        for fold in self.trainings.folds:
            outcomes = self.trainings.find(candidate.recipe, fold)
            if outcomes is not None:
                candidate.folds[fold] = outcomes
                self.clock.add_earlier(outcomes.seconds)

    def _try_all(self, most_folds: int | None = None) -> None:
        while (chosen := next_trial(self.candidates, self.trainings.folds, self.clock.left, most_folds)) is not None:
            self._try(*chosen, deadline=self.clock.deadline)

    def _try(self, candidate: Candidate, fold: int, deadline: float) -> None:
        if fold in candidate.folds:
            return
        self.context.check_stop()
        number = 1 + next(row for row, one in enumerate(self.candidates) if one is candidate)
        on_event = self._progress(f"Recipe {number}: {candidate.title}")
        try:
            candidate.folds[fold] = self.trainings.train(candidate.recipe, fold, on_event, deadline)
        except RecipeError as error:
            candidate.folds[fold] = None
            self.context.report(f"{candidate.title[:1].upper()}{candidate.title[1:]}: {error}")

    def _try_own(self, own: Candidate) -> None:
        """Try a person's recipe that fine-tunes, once its time is known; from scratch would take too long."""
        tested = None if own.recipe.strategy == "scratch" else self._range_test(own.recipe, own.title)
        self._fine_tune(own, tested)

    def _try_cut(self, cut: str) -> None:
        """Find the learning rate at a cut, and try fine-tuning with it."""
        recipe = with_freezing(self.default, cut, self.default.backbone.weights)
        tested = self._range_test(recipe, describe_cut(self.default, cut))
        rate = suggest_rate(tested.rates, tested.losses) if tested else LOWEST_RATE
        self._fine_tune(fine_tuning_candidate(self.default, cut, rate), tested)

    def _fine_tune(self, candidate: Candidate, tested: RateRange | None) -> None:
        """Try fine-tuning on one fold if there is time for it; it is left out if its time could not be tested."""
        if tested is None:
            self.left_out.append(candidate.title)
            return
        manifest = self.trainings.manifest(self.trainings.folds[0])
        # An image that is not learned from costs about a third: no gradients.
        images = len(manifest.rows(TRAIN)) + len(manifest.rows(VALIDATION)) / 3
        # The test trains a head and builds the graph of the network, as a training does.
        steps = candidate.recipe.fine_tune_phase.epochs * images * tested.seconds_per_image
        expected = tested.seconds + steps + self._expected_views(candidate)
        candidate.expected = expected * self.slowdown
        self._add(candidate)
        self._try_all(most_folds=1)
        if candidate.measured:
            self.slowdown = max(self.slowdown, candidate.seconds / expected)

    def _range_test(self, recipe: Recipe, title: str) -> RateRange | None:
        """Test learning rates on the first fold, or read the test again; None if there is no time for it."""
        fold = self.trainings.folds[0]
        rates = np.geomspace(LOWEST_RATE, HIGHEST_RATE, RANGE_STEPS)
        key = ["range", *self.trainings.key, recipe.model_dump(mode="json"), fold, rates.tolist()]
        found = self.context.store.find_arrays(key)
        if found is not None:
            tested = RateRange(found["rates"], found["losses"], float(found["per_image"]), float(found["seconds"]))
            self.clock.add_earlier(tested.seconds)
            return tested
        if self.clock.used > EXPLORED_SHARE * self.clock.budget:
            return None
        on_event = self._progress(f"Learning rate of {title}")
        try:
            tested = range_test(self._timed(), recipe, self.trainings.manifest(fold), rates, on_event)
        except RunStopped:
            self.context.check_stop()
            return None
        except RecipeError as error:  # it diverged, or a batch is larger than the images of a fold
            self.context.report(f"{title[:1].upper()}{title[1:]}: {error}")
            return None
        self.context.store.keep_arrays(
            key,
            rates=tested.rates,
            losses=tested.losses,
            per_image=np.float64(tested.seconds_per_image),
            seconds=np.float64(tested.seconds),
        )
        return tested

    def _chosen_cuts(self) -> list[str]:
        """The cuts that are worth a training, the most telling first."""
        key = ["cuts", *self.trainings.key]
        if (found := self.context.store.find_arrays(key)) is not None:
            return [str(cut) for cut in found["cuts"]]
        spec, probes = find_backbone(self.default.backbone.name), self._probe_cuts()
        if probes is None:
            return [default_cut(spec).name, NOTHING_FROZEN]
        chosen = [cut for cut in choose_trials(spec, self.cuts, probes) if cut != spec.cuts[-1].name]
        # A search that goes on tries the same cuts, whatever time is left then.
        self.context.store.keep_arrays(key, cuts=np.array(chosen))
        return chosen

    def _probe_cuts(self) -> list[Outcomes] | None:
        """Measure what the layers up to each cut know; None if there is no time for it."""
        if self._expected_features() > PROBES_SHARE * self.clock.budget:
            return None
        stage = f"Activations of {self.network.plan.spec.name} at {len(self.cuts)} cuts"
        latest = self.clock.used + PROBES_SHARE * self.clock.budget
        probes: list[Outcomes] = []
        try:
            features = self.network.features(self._timed(), self.pool, stage)
        except RunStopped:
            self.context.check_stop()
            return None
        progress = self.context.progress("Probing the frozen layers", "cuts")
        for cut, values in zip(self.cuts, features, strict=True):
            self.context.check_stop()
            if self.clock.used > latest:
                return None
            probes.append(self._probe(cut, values))
            progress(len(probes), len(self.cuts))
        return probes

    def _probe(self, cut: Cut, features: NDArray[np.float32]) -> Outcomes:
        key = ["probe", self.network.fingerprint, cut.name, pool_key(self.pool), FOLDS, 1, self.seed]
        labels, groups = self.pool.labels, self.pool.group_ids
        return self.context.store.outcomes(
            key, lambda: probe_outcomes(features, labels, groups, repeats=1, seed=self.seed)
        )

    def _expected_views(self, candidate: Candidate) -> float:
        return candidate.recipe.augmentation.views * self._expected_features()

    def _expected_features(self) -> float:
        """Time to compute the network once for every image, as far as its speed was measured."""
        speed = read_speeds(self.context.settings).get(self.default.backbone.name)
        return len(self.pool) / speed if speed else 0.0

    def _timed(self) -> MeasurementContext:
        deadline, asked_to_stop = self.clock.deadline, self.context.should_stop
        return replace(self.context, should_stop=lambda: asked_to_stop() or time.monotonic() > deadline)

    def _progress(self, stage: str) -> Callable[[Event], None]:
        report, budget = self.context.progress(stage, "seconds"), self.clock.budget

        def on_event(_event: Event) -> None:
            report(round(min(self.clock.used, budget)), round(budget))

        return on_event

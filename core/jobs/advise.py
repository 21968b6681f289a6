"""Measures what to choose on a person's images; jobs, the command line and the benchmarks share it.

Only images of the train and validation splits are read. What was measured is kept, so a stopped measurement goes on
where it was. Worker only: imports Keras.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray

from core.advice.backbone_comparison import BackboneComparison, compare_outcomes
from core.advice.changes import with_strategy
from core.advice.freezing_curve import FreezingCurve, choose_cuts, choose_trials, make_freezing_curve
from core.advice.learning_curve import LearningCurve, fit_learning_curve, measure_subsets
from core.advice.outcomes import FOLDS, REPEATS, Outcomes
from core.advice.probes import ProbeHead, probe_outcomes
from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec, Cut, find_backbone
from core.checks.dataset import Dataset
from core.dataset.manifest import TEST
from core.errors import DatasetError, WeightsError
from core.features.activation_cache import compute_activations
from core.features.engine import choose_engine
from core.features.fingerprint import fingerprint
from core.jobs.trials import FoldTrainings, MeasurementContext, pool_key, prepare_networks, try_cuts
from core.training.plan import Plan, make_plan
from core.training.recipe import Backbone, Recipe

HEADS_SECONDS: Final = 120
"""Time for training heads."""
SPEED_IMAGES: Final = 32
SPEED_SECONDS: Final = 1.0

Ints = NDArray[np.int64]
Features = NDArray[np.float32]


def pool_of(dataset: Dataset) -> Dataset:
    """Give the labelled images of the train and validation splits.

    Raises:
        DatasetError: There are none.
    """
    labelled = dataset.labelled
    pool = labelled.select(np.flatnonzero(labelled.splits != TEST))
    if not len(pool):
        raise DatasetError("There are no images to measure on.", "Add images to at least two classes first.")
    return pool


@dataclass(frozen=True)
class PooledNetwork:
    """A network whose output is the pooled activations at cuts, side by side.

    Attributes:
        plan: Of feature extraction.
        model: (batch, size, size, 3) pixels -> (batch, sum of widths).
        recipe: Of feature extraction.
        fingerprint: Hash of everything that decides the activations.
        widths: Channels of each cut.
    """

    plan: Plan
    model: keras.Model
    recipe: Recipe
    fingerprint: str
    widths: tuple[int, ...]

    def features(self, context: MeasurementContext, dataset: Dataset, stage: str) -> list[Features]:
        """Compute one (n, channels) array of pooled activations for each cut."""
        activations = compute_activations(
            self.model,
            dataset.digests,
            originals=context.originals,
            settings=context.settings,
            size=self.plan.input_size,
            resize=self.recipe.resize,
            background=self.recipe.background,
            bit_depth=self.recipe.bit_depth,
            precision=self.recipe.precision,
            names=dataset.names,
            on_progress=context.progress(stage, "images"),
            on_message=context.report,
            should_stop=context.should_stop,
        )
        (joined,) = activations.gather(np.arange(len(dataset)))
        return np.split(joined, np.cumsum(self.widths)[:-1], axis=1)


def measure_freezing_curve(
    context: MeasurementContext, dataset: Dataset, recipe: Recipe, *, budget: float = 0.0, seed: int = 0
) -> FreezingCurve:
    """Measure what the layers up to each cut know about the classes, and try some cuts within a budget.

    Args:
        context: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: Its backbone, its images' preparation and its hyperparameters are used.
        budget: Time for new trials in seconds; earlier ones are read again.
        seed: Of the folds.

    Raises:
        DatasetError: The images cannot be divided into folds.
        RunStopped: A person stopped it before all probes were measured.
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    pool = pool_of(dataset)
    spec = make_plan(_plain(recipe), classes=2).spec
    cuts = choose_cuts(spec)
    network = pooled_network(context, recipe, cuts)
    activations = network.features(context, pool, f"Computing activations of {spec.name} at {len(cuts)} cuts")
    progress, probes = context.progress("Probing the frozen layers", "cuts"), []
    for cut, features in zip(cuts, activations, strict=True):
        probes.append(_probe(context, network, pool, cut.name, features, seed))
        progress(len(probes), len(cuts))
    chosen = choose_trials(spec, cuts, probes)
    trainings = FoldTrainings(context, dataset.labelled, network.fingerprint, seed)
    trials = try_cuts(trainings, context, recipe, chosen, budget)
    return make_freezing_curve(spec, cuts, probes, pool.group_ids, trials)


def compare_backbones(
    context: MeasurementContext, dataset: Dataset, recipe: Recipe, *, seed: int = 0
) -> BackboneComparison:
    """Measure every network whose weights are on this machine, and kinds of heads on the chosen one.

    Args:
        context: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: Its backbone is the chosen one; its images' preparation and its head are used.
        seed: Of the folds.

    Raises:
        DatasetError: The images cannot be divided into folds.
        RunStopped: A person stopped it.
        NetworkError: The weights of the chosen network are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    pool, chosen = pool_of(dataset), pretrained(recipe.backbone)
    specs = [spec for spec in BACKBONES.values() if spec.name == chosen.name or _is_here(context, spec)]
    outcomes: dict[str, Outcomes] = {}
    speeds: dict[str, float] = {}
    heads: dict[str, Outcomes] = {}
    for number, spec in enumerate(specs):
        context.check_stop()
        backbone = chosen if spec.name == chosen.name else Backbone(name=spec.name, weights=spec.weights_kinds[0])
        changed = with_strategy(recipe, "feature-extraction", chosen.weights).model_copy(update={"backbone": backbone})
        try:
            network = pooled_network(context, changed, spec.cuts[-1:])
        except WeightsError as error:
            if spec.name == chosen.name:
                raise
            context.report(f"{spec.name} is not measured. {error}")
            continue
        stage = f"Network {number + 1} of {len(specs)}: computing features with {spec.name}"
        (features,) = network.features(context, pool, stage)
        outcomes[spec.name] = _probe(context, network, pool, spec.cuts[-1].name, features, seed)
        speeds[spec.name] = _measure_speed(context, network)
        if spec.name == chosen.name:
            heads = _compare_heads(context, dataset.labelled, pool, changed, network, features, seed)
    return compare_outcomes(
        outcomes,
        speeds,
        {spec.name: spec.weights_megabytes for spec in specs},
        pool.group_ids,
        heads_of=chosen.name,
        heads=heads,
        not_measured=[name for name in BACKBONES if name not in outcomes],
    )


def pretrained(backbone: Backbone) -> Backbone:
    """The same network with its own weights instead of random ones, which know nothing."""
    if backbone.weights != "none":
        return backbone
    return backbone.model_copy(update={"weights": find_backbone(backbone.name).weights_kinds[0]})


def _is_here(context: MeasurementContext, spec: BackboneSpec) -> bool:
    return available(spec, context.settings.keras_home)


def _compare_heads(
    context: MeasurementContext,
    dataset: Dataset,
    pool: Dataset,
    recipe: Recipe,
    network: PooledNetwork,
    features: Features,
    seed: int,
) -> dict[str, Outcomes]:
    """Test every kind of head on the same folds, once each."""
    labels, groups = pool.labels, pool.group_ids
    kinds: tuple[ProbeHead, ...] = ("nearest-neighbours", "logistic-regression")
    found: dict[str, Outcomes] = {
        kind: probe_outcomes(features, labels, groups, head=kind, repeats=1, seed=seed) for kind in kinds
    }
    cut = network.plan.spec.cuts[-1].name
    trainings = FoldTrainings(context, dataset, network.fingerprint, seed)
    trials = try_cuts(trainings, context, recipe, [cut], HEADS_SECONDS, "Comparing heads")
    return found | ({"trained-head": trials[cut]} if cut in trials else {})


def _measure_speed(context: MeasurementContext, network: PooledNetwork) -> float:
    """Images a second of a network alone, without decoding."""
    size = network.plan.input_size
    squares = np.random.default_rng(0).integers(0, 256, (SPEED_IMAGES, size, size, 3), np.uint8)
    engine = choose_engine(
        network.model, network.fingerprint, context.settings, network.recipe.precision, lambda _sentence: None
    )
    next(iter(engine.run([squares])))
    began, done = time.monotonic(), 0
    while (seconds := time.monotonic() - began) < SPEED_SECONDS:
        done += sum(len(values[0]) for values in engine.run([squares]))
    return done / seconds


def measure_learning_curve(
    context: MeasurementContext, dataset: Dataset, recipe: Recipe, *, seed: int = 0
) -> LearningCurve:
    """Measure how the accuracy of a quick head grows with the number of images, and extrapolate to twice as many.

    Args:
        context: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: Its backbone and its images' preparation are used.
        seed: Of the folds and the subsets.

    Raises:
        DatasetError: There are too few images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    pool, name = pool_of(dataset), recipe.backbone.name
    features = pooled_features(context, pool, recipe)
    progress = context.progress("Learning from parts of the images", "subsets")

    def on_progress(done: int, total: int) -> None:
        context.check_stop()
        progress(done, total)

    measured = measure_subsets(features, pool.labels, pool.group_ids, seed=seed, on_progress=on_progress)
    return fit_learning_curve(measured, pool.labels, pool.group_ids, pool.classes, network=name, seed=seed)


def pooled_features(context: MeasurementContext, dataset: Dataset, recipe: Recipe) -> Features:
    """Compute the (n, channels) pooled features of a recipe's whole network.

    Raises:
        RunStopped: A person stopped it.
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    spec = make_plan(_plain(recipe), classes=2).spec
    network = pooled_network(context, recipe, spec.cuts[-1:])
    (features,) = network.features(context, dataset, f"Computing features with {spec.name}")
    return features


def _probe(
    context: MeasurementContext,
    network: PooledNetwork,
    pool: Dataset,
    cut: str,
    features: Features,
    seed: int,
) -> Outcomes:
    key = ["probe", network.fingerprint, cut, pool_key(pool), FOLDS, REPEATS, seed]
    labels, groups = pool.labels, pool.group_ids

    def measure() -> Outcomes:
        return probe_outcomes(features, labels, groups, seed=seed, check_stop=context.check_stop)

    return context.store.outcomes(key, measure)


def _plain(recipe: Recipe) -> Recipe:
    """The recipe that extracts features with the same backbone from the same squares."""
    return Recipe(
        backbone=recipe.backbone,
        resize=recipe.resize,
        background=recipe.background,
        bit_depth=recipe.bit_depth,
        precision=recipe.precision,
    )


def pooled_network(context: MeasurementContext, recipe: Recipe, cuts: Sequence[Cut]) -> PooledNetwork:
    """Build a network whose outputs are the pooled activations at cuts."""
    plain = _plain(recipe)
    plan = make_plan(plain, classes=2)
    backbone = prepare_networks(context, plain, plan, classes=2).backbone
    operations = {operation.name: operation for operation in backbone.operations}
    pooled = [
        keras.layers.GlobalAveragePooling2D(name=f"pooled_{number}")(operations[name].output)
        for number, name in enumerate(name for cut in cuts for name in cut.tensors)
    ]
    # One output instead of several: converters may change the order of outputs of one shape.
    output = pooled[0] if len(pooled) == 1 else keras.layers.Concatenate(name="all_cuts")(pooled)
    model = keras.Model(backbone.input, output, name=f"{backbone.name}_cuts")
    digest = fingerprint(
        model,
        size=plan.input_size,
        resize=plain.resize,
        precision=plain.precision,
        background=plain.background,
        bit_depth=plain.bit_depth,
    )
    return PooledNetwork(plan, model, plain, digest, tuple(sum(shape[-1] for shape in cut.shapes) for cut in cuts))

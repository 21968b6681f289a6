"""Measures what to choose on a person's images; jobs, the command line and the benchmarks share it.

Only images of the train and validation splits are read. What was measured is kept, so a stopped measurement goes on
where it was. Worker only: imports Keras.
"""

import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final, Protocol

import keras
import numpy as np
from numpy.typing import NDArray

from core.advice.backbone_comparison import BackboneComparison, compare_outcomes
from core.advice.changes import with_freezing, with_strategy
from core.advice.freezing_curve import FreezingCurve, choose_cuts, choose_trials, make_freezing_curve
from core.advice.learning_curve import LearningCurve, fit_learning_curve, measure_subsets
from core.advice.measurements import MeasurementStore
from core.advice.outcomes import FOLDS, REPEATS, Outcomes
from core.advice.probes import ProbeHead, probe_outcomes
from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec, Cut
from core.checks.dataset import Dataset
from core.checks.probe import assign_folds
from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.errors import DatasetError, RunStopped
from core.features.activation_cache import compute_activations
from core.features.engine import choose_engine
from core.features.fingerprint import fingerprint
from core.jobs.events import Event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.checkpoint import Checkpoint
from core.training.data_pipeline import DataPipeline
from core.training.history import History
from core.training.loop import TrainingLoop
from core.training.networks import Networks, prepare
from core.training.plan import Plan, make_plan
from core.training.progress import ProgressReporter
from core.training.recipe import Augmentation, Backbone, Recipe, resolve_weights_file

TRIAL_EPOCHS: Final = 5
"""Largest number of epochs of a trial's fine-tuning."""
HEADS_SECONDS: Final = 120
"""Time for training heads."""
SPEED_IMAGES: Final = 32
SPEED_SECONDS: Final = 1.0
STOPPED_HINT: Final = "What was measured is kept; measure again to go on."

Ints = NDArray[np.int64]
Features = NDArray[np.float32]


class ProgressSource(Protocol):
    """Begins a stage of the progress."""

    def __call__(self, name: str, unit: str = "") -> Callable[[int, int], None]:
        """Give the function that receives the units done and the total."""


@dataclass(frozen=True)
class Bench:
    """What a measurement uses.

    Attributes:
        settings: Where caches and weights are.
        originals: The image files.
        progress: Begins a stage of the progress.
        report: Receives sentences for the log.
        should_stop: Whether a person asked to stop.
    """

    settings: Settings
    originals: OriginalStore
    progress: ProgressSource
    report: Callable[[str], None] = lambda _sentence: None
    should_stop: Callable[[], bool] = lambda: False

    @property
    def store(self) -> MeasurementStore:
        """Where measurements are kept."""
        return MeasurementStore(self.settings.cache / "advice")

    def check_stop(self) -> None:
        """Stop if a person asked to.

        Raises:
            RunStopped: A person did.
        """
        if self.should_stop():
            raise RunStopped("Stopped while it was measured.", STOPPED_HINT)


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
class _Network:
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

    def features(self, bench: Bench, dataset: Dataset, stage: str) -> list[Features]:
        """Compute one (n, channels) array of pooled activations for each cut."""
        activations = compute_activations(
            self.model,
            dataset.digests,
            originals=bench.originals,
            settings=bench.settings,
            size=self.plan.input_size,
            resize=self.recipe.resize,
            background=self.recipe.background,
            precision=self.recipe.precision,
            names=dataset.names,
            on_progress=bench.progress(stage, "images"),
            on_message=bench.report,
            should_stop=bench.should_stop,
        )
        (joined,) = activations.gather(np.arange(len(dataset)))
        return np.split(joined, np.cumsum(self.widths)[:-1], axis=1)


def measure_freezing_curve(
    bench: Bench, dataset: Dataset, recipe: Recipe, *, budget: float = 0.0, seed: int = 0
) -> FreezingCurve:
    """Measure what the layers up to each cut know about the classes, and try some cuts within a budget.

    Args:
        bench: What a measurement uses.
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
    network = _network(bench, recipe, cuts)
    activations = network.features(bench, pool, f"Computing activations of {spec.name} at {len(cuts)} cuts")
    progress, probes = bench.progress("Probing the frozen layers", "cuts"), []
    for cut, features in zip(cuts, activations, strict=True):
        probes.append(_probe(bench, network, pool, cut.name, features, seed))
        progress(len(probes), len(cuts))
    chosen = choose_trials(spec, cuts, probes)
    trials = _Trials(bench, dataset.labelled, recipe, network.fingerprint, seed).run(chosen, budget)
    return make_freezing_curve(spec, cuts, probes, pool.group_ids, trials)


def compare_backbones(bench: Bench, dataset: Dataset, recipe: Recipe, *, seed: int = 0) -> BackboneComparison:
    """Measure every network whose weights are on this machine, and kinds of heads on the chosen one.

    Args:
        bench: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: Its backbone is the chosen one; its images' preparation and its head are used.
        seed: Of the folds.

    Raises:
        DatasetError: The images cannot be divided into folds.
        RunStopped: A person stopped it.
        NetworkError: The weights of the chosen network are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    pool, chosen = pool_of(dataset), recipe.backbone
    specs = [spec for spec in BACKBONES.values() if spec.name == chosen.name or _is_here(bench, spec)]
    outcomes: dict[str, Outcomes] = {}
    speeds: dict[str, float] = {}
    heads: dict[str, Outcomes] = {}
    for number, spec in enumerate(specs):
        bench.check_stop()
        backbone = chosen if spec.name == chosen.name else Backbone(name=spec.name, weights=spec.weights_kinds[0])
        changed = with_strategy(recipe, "feature-extraction", chosen.weights).model_copy(update={"backbone": backbone})
        network = _network(bench, changed, spec.cuts[-1:])
        stage = f"Network {number + 1} of {len(specs)}: computing features with {spec.name}"
        (features,) = network.features(bench, pool, stage)
        outcomes[spec.name] = _probe(bench, network, pool, spec.cuts[-1].name, features, seed)
        speeds[spec.name] = _measure_speed(bench, network)
        if spec.name == chosen.name:
            heads = _compare_heads(bench, dataset.labelled, pool, changed, network, features, seed)
    return compare_outcomes(
        outcomes,
        speeds,
        {spec.name: spec.weights_megabytes for spec in specs},
        pool.group_ids,
        heads_of=chosen.name,
        heads=heads,
        not_measured=[name for name in BACKBONES if name not in outcomes],
    )


def _is_here(bench: Bench, spec: BackboneSpec) -> bool:
    return available(spec, bench.settings.keras_home)


def _compare_heads(
    bench: Bench, dataset: Dataset, pool: Dataset, recipe: Recipe, network: "_Network", features: Features, seed: int
) -> dict[str, Outcomes]:
    """Test every kind of head on the same folds, once each."""
    labels, groups = pool.labels, pool.group_ids
    kinds: tuple[ProbeHead, ...] = ("nearest-neighbours", "logistic-regression")
    found: dict[str, Outcomes] = {
        kind: probe_outcomes(features, labels, groups, head=kind, repeats=1, seed=seed) for kind in kinds
    }
    cut = network.plan.spec.cuts[-1].name
    trials = _Trials(bench, dataset, recipe, network.fingerprint, seed, "Comparing heads").run([cut], HEADS_SECONDS)
    return found | ({"trained-head": trials[cut]} if cut in trials else {})


def _measure_speed(bench: Bench, network: "_Network") -> float:
    """Images a second of a network alone, without decoding."""
    size = network.plan.input_size
    squares = np.random.default_rng(0).integers(0, 256, (SPEED_IMAGES, size, size, 3), np.uint8)
    engine = choose_engine(
        network.model, network.fingerprint, bench.settings, network.recipe.precision, lambda _sentence: None
    )
    next(iter(engine.run([squares])))
    began, done = time.monotonic(), 0
    while (seconds := time.monotonic() - began) < SPEED_SECONDS:
        done += sum(len(values[0]) for values in engine.run([squares]))
    return done / seconds


def measure_learning_curve(bench: Bench, dataset: Dataset, recipe: Recipe, *, seed: int = 0) -> LearningCurve:
    """Measure how the accuracy of a quick head grows with the number of images, and extrapolate to twice as many.

    Args:
        bench: What a measurement uses.
        dataset: Images of all splits, without features.
        recipe: Its backbone and its images' preparation are used.
        seed: Of the folds and the subsets.

    Raises:
        DatasetError: There are too few images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """
    pool = pool_of(dataset)
    spec = make_plan(_plain(recipe), classes=2).spec
    network = _network(bench, recipe, spec.cuts[-1:])
    (features,) = network.features(bench, pool, f"Computing features with {spec.name}")
    progress = bench.progress("Learning from parts of the images", "subsets")

    def on_progress(done: int, total: int) -> None:
        bench.check_stop()
        progress(done, total)

    measured = measure_subsets(features, pool.labels, pool.group_ids, seed=seed, on_progress=on_progress)
    return fit_learning_curve(measured, pool.labels, pool.group_ids, pool.classes, network=spec.name, seed=seed)


def _probe(
    bench: Bench, network: _Network, pool: Dataset, cut: str, features: Features, seed: int, **options: object
) -> Outcomes:
    key = ["probe", network.fingerprint, cut, pool_key(pool), FOLDS, REPEATS, seed, options]
    labels, groups = pool.labels, pool.group_ids

    def measure() -> Outcomes:
        return probe_outcomes(features, labels, groups, seed=seed, check_stop=bench.check_stop)

    return bench.store.outcomes(key, measure)


def pool_key(pool: Dataset) -> list[object]:
    """Everything about the images that decides how they are divided into folds and what is learned from them."""
    return [list(pool.digests), pool.labels.tolist(), pool.group_ids.tolist()]


def _plain(recipe: Recipe) -> Recipe:
    """The recipe that extracts features with the same backbone from the same squares."""
    return Recipe(
        backbone=recipe.backbone, resize=recipe.resize, background=recipe.background, precision=recipe.precision
    )


def _network(bench: Bench, recipe: Recipe, cuts: Sequence[Cut]) -> _Network:
    """Build a network whose outputs are the pooled activations at cuts."""
    plain = _plain(recipe)
    plan = make_plan(plain, classes=2)
    backbone = _prepare(bench, plain, plan, classes=2).backbone
    operations = {operation.name: operation for operation in backbone.operations}
    pooled = [
        keras.layers.GlobalAveragePooling2D(name=f"pooled_{number}")(operations[name].output)
        for number, name in enumerate(name for cut in cuts for name in cut.tensors)
    ]
    # One output instead of several: converters may change the order of outputs of one shape.
    output = pooled[0] if len(pooled) == 1 else keras.layers.Concatenate(name="all_cuts")(pooled)
    model = keras.Model(backbone.input, output, name=f"{backbone.name}_cuts")
    digest = fingerprint(
        model, size=plan.input_size, resize=plain.resize, precision=plain.precision, background=plain.background
    )
    return _Network(plan, model, plain, digest, tuple(sum(shape[-1] for shape in cut.shapes) for cut in cuts))


def _prepare(bench: Bench, recipe: Recipe, plan: Plan, classes: int) -> Networks:
    return prepare(
        resolve_weights_file(recipe, bench.settings.workspace),
        plan,
        classes=classes,
        keras_home=bench.settings.keras_home,
        on_download=bench.progress(f"Preparing {plan.spec.name}", "bytes"),
    )


class _Trials:
    """Short trainings, each with one fold of the train and validation images held out.

    Args:
        bench: What a measurement uses.
        dataset: Labelled images of all splits.
        recipe: Of the trainings, except for what is frozen.
        fingerprint: Of the network.
        seed: Of the folds.
        stage: Name of the stage of the progress.
    """

    def __init__(
        self,
        bench: Bench,
        dataset: Dataset,
        recipe: Recipe,
        fingerprint: str,
        seed: int,
        stage: str = "Trying cuts on your images",
    ) -> None:
        self._bench = bench
        self._stage = stage
        self._dataset = dataset
        self._recipe = _shorten(recipe)
        self._pool = np.flatnonzero(dataset.splits != TEST)
        pool = dataset.select(self._pool)
        self._key = [fingerprint, pool_key(pool), seed]
        self._folds = assign_folds(pool.labels, pool.group_ids, FOLDS, seed)

    def run(self, cuts: Sequence[str], budget: float) -> dict[str, Outcomes]:
        """Train at all cuts with the first fold held out, then with the second, until the time is up.

        Args:
            cuts: Names of cuts.
            budget: Time for new trainings, in seconds.

        Returns:
            Outcomes by cut; what was measured before is included.
        """
        began = time.monotonic()
        found: dict[str, list[Outcomes]] = {cut: [] for cut in cuts}
        progress = self._bench.progress(self._stage, "seconds") if budget else None

        def on_event(_event: Event | None = None) -> None:
            if progress is not None:
                progress(round(min(time.monotonic() - began, budget)), round(budget))

        durations: dict[str, float] = {}
        for fold in range(int(self._folds.max(initial=-1)) + 1):
            for cut in cuts:
                key = ["trial", *self._key, self._recipe_of(cut).model_dump(mode="json"), fold]
                outcome = self._bench.store.find(key)
                if outcome is None:
                    expected = durations.get(cut, max(durations.values(), default=0.0))
                    if time.monotonic() - began + expected > budget:
                        continue
                    try:
                        outcome = self._train(cut, fold, on_event)
                    except RunStopped:
                        return _joined(found)
                    self._bench.store.keep(key, outcome)
                    durations[cut] = outcome.seconds
                found[cut].append(outcome)
                on_event()
        return _joined(found)

    def _recipe_of(self, cut: str) -> Recipe:
        return with_freezing(self._recipe, cut, self._recipe.backbone.weights)

    def _train(self, cut: str, fold: int, emit: Callable[[Event], None]) -> Outcomes:
        began = time.monotonic()
        recipe, manifest = self._recipe_of(cut), self._manifest(fold)
        manifest.check()
        held_out = np.flatnonzero(self._folds == fold)
        predicted = train_and_predict(self._bench, recipe, manifest, emit)
        correct = np.full((1, len(self._pool)), np.nan)
        correct[0, held_out] = predicted == self._dataset.labels[self._pool[held_out]]
        folds = np.where(self._folds == fold, fold, -1)[np.newaxis]
        return Outcomes(correct, folds, time.monotonic() - began)

    def _manifest(self, fold: int) -> Manifest:
        """The images with one fold as the validation split; those of the test split are never read."""
        dataset, splits = self._dataset, np.full(len(self._dataset), TEST, np.int8)
        splits[self._pool] = np.where(self._folds == fold, VALIDATION, TRAIN)
        return Manifest(dataset.classes, dataset.digests, dataset.labels, splits, dataset.names)


def train_and_predict(
    bench: Bench, recipe: Recipe, manifest: Manifest, emit: Callable[[Event], None], other: Manifest | None = None
) -> Ints:
    """Train a recipe and give the predicted class of each validation image, at the epoch with the lowest loss.

    Args:
        bench: What a measurement uses.
        recipe: Every choice.
        manifest: The images; those of its test split are not read.
        emit: Receives the events of the training.
        other: A manifest whose validation images are predicted instead, after the training.

    Raises:
        RunStopped: A person asked to stop.
        RecipeError: The training diverged in its first epoch.
    """
    classes = len(manifest.classes)
    plan = make_plan(recipe, classes=classes, training_images=len(manifest.rows(TRAIN)))
    networks = _prepare(bench, recipe, plan, classes)
    reporter = ProgressReporter(emit)
    pipeline = DataPipeline(recipe, plan, manifest, bench.originals, bench.settings, reporter, bench.should_stop)
    history = History(plan.phases, recipe.early_stopping)
    bench.settings.cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="trial-", dir=bench.settings.cache) as folder:
        checkpoint = Checkpoint(Path(folder), recipe, manifest)
        TrainingLoop(recipe, networks, pipeline, history, checkpoint, reporter, bench.should_stop).run(None)
    phase = plan.phases[-1]
    network = networks.trained(phase)
    if other is not None:
        pipeline = replace(pipeline, manifest=other)
    _train, validation = pipeline.load(networks.prefix(phase))
    rows = np.arange(len(validation))
    chunks = validation.loader.chunks(rows, epoch=0, batch_size=plan.batch_size, batches=lambda: 1)
    logits = []
    for inputs in chunks:
        tensors = [keras.ops.cast(values, "float32") for values in inputs]
        logits.append(keras.ops.convert_to_numpy(network(tensors if len(tensors) > 1 else tensors[0], training=False)))
    return np.asarray(np.concatenate(logits).argmax(axis=1), np.int64)


def _shorten(recipe: Recipe) -> Recipe:
    """The recipe without variations of the images, and with few epochs of fine-tuning."""
    epochs = min(recipe.fine_tune_phase.epochs, TRIAL_EPOCHS)
    phase = recipe.fine_tune_phase.model_copy(update={"epochs": epochs})
    return recipe.model_copy(update={"augmentation": Augmentation(), "fine_tune_phase": phase})


def _joined(found: dict[str, list[Outcomes]]) -> dict[str, Outcomes]:
    """Join the outcomes of several folds, cut by cut; cuts without any are left out."""
    joined = {}
    for cut, parts in found.items():
        if parts:
            correct = np.stack([part.correct[0] for part in parts])
            folds = np.stack([part.folds[0] for part in parts])
            once = np.where(np.isnan(correct).all(axis=0), np.nan, np.nansum(correct, axis=0))
            joined[cut] = Outcomes(once[np.newaxis], folds.max(axis=0)[np.newaxis], sum(part.seconds for part in parts))
    return joined

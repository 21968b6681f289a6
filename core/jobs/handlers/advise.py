"""What to choose, measured on the images of a project. Worker only: imports Keras."""

from dataclasses import dataclass

import numpy as np

from core.checks.dataset import Dataset
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.project import fingerprint_images, project_bit_depth
from core.jobs import advise
from core.jobs.handlers.project_features import read_images
from core.jobs.recipe_search import search_recipe
from core.jobs.specs import (
    CompareBackbonesResult,
    CompareBackbonesSpec,
    FindRecipeResult,
    FindRecipeSpec,
    FreezingCurveResult,
    FreezingCurveSpec,
    LearningCurveResult,
    LearningCurveSpec,
    MeasurementSpec,
)
from core.jobs.trials import MeasurementContext
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore
from core.training.recipe import Recipe, load_recipe


def freezing_curve(context: JobContext, spec: FreezingCurveSpec) -> FreezingCurveResult:
    """Measure the freezing curve.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it before the curve was complete.
    """
    images = _read(context)
    curve = advise.measure_freezing_curve(
        measurements(context), images.dataset, _recipe(context, spec), budget=spec.budget_seconds, seed=spec.seed
    )
    return FreezingCurveResult(
        curve=curve.model_dump(mode="json"), images=images.counts, fingerprint=images.fingerprint
    )


def compare_backbones(context: JobContext, spec: CompareBackbonesSpec) -> CompareBackbonesResult:
    """Measure every network whose weights are on this machine.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
    """
    images = _read(context)
    comparison = advise.compare_backbones(measurements(context), images.dataset, _recipe(context, spec), seed=spec.seed)
    return CompareBackbonesResult(
        comparison=comparison.model_dump(mode="json"), images=images.counts, fingerprint=images.fingerprint
    )


def learning_curve(context: JobContext, spec: LearningCurveSpec) -> LearningCurveResult:
    """Measure whether more images would help.

    Raises:
        DatasetError: There are too few images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
    """
    images = _read(context)
    curve = advise.measure_learning_curve(measurements(context), images.dataset, _recipe(context, spec), seed=spec.seed)
    return LearningCurveResult(
        curve=curve.model_dump(mode="json"), images=images.counts, fingerprint=images.fingerprint
    )


def find_recipe(context: JobContext, spec: FindRecipeSpec) -> FindRecipeResult:
    """Try recipes for a time; a search that a person stops gives the best until then.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it before a training was measured.
    """
    images = _read(context)
    found = search_recipe(
        measurements(context), images.dataset, _recipe(context, spec), budget=spec.budget_seconds, seed=spec.seed
    )
    return FindRecipeResult(search=found.model_dump(mode="json"), images=images.counts, fingerprint=images.fingerprint)


@dataclass(frozen=True)
class _Images:
    """The images of a project, and what a later reader compares them with."""

    dataset: Dataset
    counts: dict[str, tuple[int, int, int]]
    fingerprint: str


def _read(context: JobContext) -> _Images:
    # First the hash: if the images change before they are read, the result is out of date rather than wrong.
    fingerprint = fingerprint_images(context.database, context.job.project_id)
    dataset = read_images(context)
    return _Images(dataset, _count(dataset), fingerprint)


def _recipe(context: JobContext, spec: MeasurementSpec) -> Recipe:
    """The recipe with the bit depth that a run of the project would have."""
    depth = project_bit_depth(context.database, context.job.project_id)
    return load_recipe(spec.recipe).model_copy(update={"bit_depth": depth})


def measurements(context: JobContext) -> MeasurementContext:
    """What a measurement of a job uses."""
    originals = OriginalStore(context.settings.originals, context.settings.thumbnails)
    return MeasurementContext(context.settings, originals, context.progress, context.report, context.should_stop)


def _count(dataset: Dataset) -> dict[str, tuple[int, int, int]]:
    """Number of images in each split, by class."""
    counts = np.zeros((len(dataset.classes), len(SPLIT_NAMES)), np.int64)
    placed = dataset.splits >= 0
    np.add.at(counts, (dataset.labels[placed], dataset.splits[placed].astype(np.int64)), 1)
    return {name: (row[0], row[1], row[2]) for name, row in zip(dataset.classes, counts.tolist(), strict=True)}

"""What to choose, measured on the images of a project. Worker only: imports Keras."""

import numpy as np

from core.checks.dataset import Dataset
from core.dataset.manifest import SPLIT_NAMES
from core.jobs import advise
from core.jobs.handlers.project_features import read_images
from core.jobs.specs import (
    CompareBackbonesResult,
    CompareBackbonesSpec,
    FreezingCurveResult,
    FreezingCurveSpec,
    LearningCurveResult,
    LearningCurveSpec,
)
from core.jobs.trials import MeasurementContext
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore
from core.training.recipe import load_recipe


def freezing_curve(context: JobContext, spec: FreezingCurveSpec) -> FreezingCurveResult:
    """Measure the freezing curve.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it before the curve was complete.
    """
    dataset = read_images(context)
    curve = advise.measure_freezing_curve(
        _measurements(context), dataset, load_recipe(spec.recipe), budget=spec.budget_seconds, seed=spec.seed
    )
    return FreezingCurveResult(curve=curve.model_dump(mode="json"), images=_count(dataset))


def compare_backbones(context: JobContext, spec: CompareBackbonesSpec) -> CompareBackbonesResult:
    """Measure every network whose weights are on this machine.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
    """
    dataset = read_images(context)
    comparison = advise.compare_backbones(_measurements(context), dataset, load_recipe(spec.recipe), seed=spec.seed)
    return CompareBackbonesResult(comparison=comparison.model_dump(mode="json"), images=_count(dataset))


def learning_curve(context: JobContext, spec: LearningCurveSpec) -> LearningCurveResult:
    """Measure whether more images would help.

    Raises:
        DatasetError: There are too few images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
    """
    dataset = read_images(context)
    curve = advise.measure_learning_curve(_measurements(context), dataset, load_recipe(spec.recipe), seed=spec.seed)
    return LearningCurveResult(curve=curve.model_dump(mode="json"), images=_count(dataset))


def _measurements(context: JobContext) -> MeasurementContext:
    originals = OriginalStore(context.settings.originals, context.settings.thumbnails)
    return MeasurementContext(context.settings, originals, context.progress, context.report, context.should_stop)


def _count(dataset: Dataset) -> dict[str, tuple[int, int, int]]:
    """Number of images in each split, by class."""
    counts = np.zeros((len(dataset.classes), len(SPLIT_NAMES)), np.int64)
    placed = dataset.splits >= 0
    np.add.at(counts, (dataset.labels[placed], dataset.splits[placed].astype(np.int64)), 1)
    return {name: (row[0], row[1], row[2]) for name, row in zip(dataset.classes, counts.tolist(), strict=True)}

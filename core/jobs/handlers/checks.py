"""Checking the images of a project, and measuring how well they can be told apart. Worker only: imports Keras."""

from typing import Any

import numpy as np

from core.advice.cross_validation import CrossValidation, cross_validate
from core.advice.split_comparison import SplitComparison, compare_splits
from core.checks.dataset import Dataset
from core.checks.findings import dump_findings
from core.checks.registry import run_checks
from core.dataset.manifest import TEST
from core.errors import DatasetError, NetworkError, RunStopped, WeightsError
from core.intake.decode_rgb import WHITE
from core.jobs.events import Message
from core.jobs.handlers.project_features import FeatureExtractor, read_images
from core.jobs.worker import JobContext


def check(context: JobContext) -> dict[str, Any]:
    """Run every check on the images of a project, transparent ones on white as in their thumbnails.

    Argument of the job: `recipe` as JSON, whose backbone extracts features; default: an available backbone.
    """
    dataset, network = read_images(context, unlabelled=True), ""
    if len(dataset):
        try:
            extractor = FeatureExtractor(context, WHITE)
        except (NetworkError, WeightsError) as error:
            context.emit(Message(level="warning", text=f"Checks that need a network were left out. {error}"))
        else:
            dataset, network = extractor.extract_borders(extractor.extract(dataset)), extractor.name
    results = run_checks(
        dataset,
        on_progress=context.progress("Checking the images", unit="checks"),
        should_stop=context.should_stop,
    )
    comparison = _compare(context, dataset.labelled)
    if context.should_stop():
        raise RunStopped("The check was stopped.", "Features that were computed are kept for the next one.")
    return {
        "images": len(dataset),
        "network": network,
        "findings": dump_findings(dataset, results),
        "splits": comparison.model_dump() if comparison else None,
    }


def _compare(context: JobContext, dataset: Dataset) -> SplitComparison | None:
    return compare_splits(
        dataset,
        on_progress=context.progress("Comparing a random split with an honest one", unit="divisions"),
        should_stop=context.should_stop,
    )


def cross_validation(context: JobContext) -> dict[str, Any]:
    """Cross-validate a quick head on the images of a project.

    Arguments of the job: `folds`, `seed`, `test_too` to include the test split, and `recipe` as in `check`.
    """
    arguments = context.job.arguments
    dataset = read_images(context)
    if not arguments.get("test_too", False):
        dataset = dataset.select(np.flatnonzero(dataset.splits != TEST))
    if not len(dataset):
        raise DatasetError("There are no images to divide into folds.", "Add images with a class first.")
    extractor = FeatureExtractor(context)
    measured: CrossValidation = cross_validate(
        extractor.extract(dataset),
        folds=arguments["folds"],
        seed=arguments.get("seed", 0),
        on_progress=context.progress("Testing fold by fold", unit="folds"),
    )
    return {"network": extractor.name, "measured": measured.model_dump()}

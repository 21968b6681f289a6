"""Checks of the images of a project, and cross-validation of a quick head. Worker only: imports Keras."""

import numpy as np

from core.advice.cross_validation import CrossValidation
from core.advice.cross_validation import cross_validate as cross_validate_dataset
from core.advice.split_comparison import SplitComparison, compare_splits
from core.checks.dataset import Dataset
from core.checks.findings import dump_findings
from core.checks.registry import run_checks
from core.dataset.manifest import TEST
from core.errors import DatasetError, NetworkError, RunStopped, WeightsError
from core.intake.decode_rgb import WHITE
from core.jobs.events import Message
from core.jobs.handlers.project_features import FeatureExtractor, read_images
from core.jobs.specs import CheckResult, CheckSpec, CrossValidateResult, CrossValidateSpec
from core.jobs.worker import JobContext


def check(context: JobContext, spec: CheckSpec) -> CheckResult:
    """Run every check on the images of a project, transparent ones on white as in their thumbnails.

    Raises:
        RunStopped: A person stopped it.
    """
    dataset, network = read_images(context, unlabelled=True), ""
    if len(dataset):
        try:
            extractor = FeatureExtractor(context, spec.recipe, background=WHITE)
        except (NetworkError, WeightsError) as error:
            context.emit(Message(level="warning", text=f"Checks that need a network were left out. {error}"))
        else:
            dataset, network = extractor.extract_borders(extractor.extract(dataset)), extractor.name
    results = run_checks(
        dataset,
        on_progress=context.stoppable_progress("Checking the images", unit="checks"),
        should_stop=context.should_stop,
    )
    comparison = _compare(context, dataset.labelled)
    if context.should_stop():
        raise RunStopped("The check was stopped.", "The next one uses the features that were computed.")
    return CheckResult(
        images=len(dataset),
        network=network,
        findings=tuple(dump_findings(dataset, results)),
        split_comparison=comparison.model_dump(mode="json") if comparison else None,
    )


def _compare(context: JobContext, dataset: Dataset) -> SplitComparison | None:
    return compare_splits(
        dataset,
        on_progress=context.stoppable_progress("Comparing a random split with an honest one", unit="divisions"),
        should_stop=context.should_stop,
    )


def cross_validate(context: JobContext, spec: CrossValidateSpec) -> CrossValidateResult:
    """Test every image of a project once, each by a head that has not seen it.

    Raises:
        DatasetError: There are no images, or they cannot be divided into folds.
        RunStopped: A person stopped it.
    """
    dataset = read_images(context)
    if not spec.include_test:
        dataset = dataset.select(np.flatnonzero(dataset.splits != TEST))
    if not len(dataset):
        raise DatasetError("There are no images to divide into folds.", "Add images with a class first.")
    extractor = FeatureExtractor(context, spec.recipe)
    measured: CrossValidation = cross_validate_dataset(
        extractor.extract(dataset),
        folds=spec.folds,
        seed=spec.seed,
        on_progress=context.stoppable_progress("Testing fold by fold", unit="folds"),
    )
    return CrossValidateResult(network=extractor.name, measured=measured.model_dump(mode="json"))

"""The measured results of runs, read once a web process and shared by all tabs."""

from dataclasses import dataclass
from pathlib import Path

import streamlit as st

from core.catalog.projects import get_project
from core.catalog.runs import Run
from core.dataset.manifest import TEST, Manifest
from core.dataset.manifest_file import load_manifest
from core.dataset.project import project_manifest
from core.evaluation.inference.predictions import PREDICTIONS_FILE, Predictions, read_predictions
from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.report import REPORT_FILE, Report, read_report
from core.evaluation.rescoring import Rescore, labels_of_manifest, rescore
from core.training.recipe import MODEL_FILE
from pages.shared.workspace import database, settings

# A large run (5,000 test images, 50 classes) holds about 20 MB.
RUNS_KEPT = 8


@dataclass(frozen=True)
class Results:
    """Everything that the pages show about a finished run.

    Attributes:
        run_id: The run.
        report: What was measured.
        seen: What the model said about every image that was measured, of all splits.
        test: The test images among them.
        manifest: The images that it was trained on, as they were then.
    """

    run_id: str
    report: Report
    seen: Predictions
    test: Predictions
    manifest: Manifest


@dataclass(frozen=True)
class Figures:
    """How good a run is, in short.

    Attributes:
        validation: Accuracy on the validation split.
        validation_interval: Its 95% interval; None of a run that was measured before it was kept.
        test: Accuracy on the test split.
        test_interval: Its 95% interval.
        epochs: How many it took.
        seconds: All stages together.
    """

    validation: float
    validation_interval: Interval | None
    test: float
    test_interval: Interval
    epochs: int
    seconds: float


def figures_of(run: Run) -> Figures | None:
    """Give the figures of a run; None if it was not measured."""
    kept = run.summary
    if kept is None:
        return None
    return Figures(
        validation=kept.validation_accuracy,
        validation_interval=Interval(*kept.validation_interval) if kept.validation_interval is not None else None,
        test=kept.test_accuracy,
        test_interval=Interval(*kept.test_interval),
        epochs=kept.epochs,
        seconds=kept.seconds,
    )


def has_results(run_id: str) -> bool:
    """Whether a run was evaluated."""
    return (settings().runs / run_id / REPORT_FILE).is_file()


def has_model(run_id: str) -> bool:
    """Whether a run left a model that can be asked and taken home."""
    return (settings().runs / run_id / MODEL_FILE).is_file()


def model_megabytes(run_id: str) -> float | None:
    """Size of a run's model; None where it has none."""
    return (settings().runs / run_id / MODEL_FILE).stat().st_size / 1e6 if has_model(run_id) else None


def read_results(run_id: str) -> Results:
    """Give the results of a run.

    Raises:
        NotFoundError: It has none, or no more.
        InputError: They cannot be read.
    """
    folder = settings().runs / run_id
    return _results(run_id, folder, (_changed(folder / REPORT_FILE), _changed(folder / PREDICTIONS_FILE)))


def rescore_run(run: Run) -> Rescore | None:
    """Score a run on the labels of its project as they are now; None without results, or if no test label changed."""
    folder = settings().runs / run.id
    if not has_results(run.id):
        return None
    updated_at = get_project(database(), run.project_id).updated_at
    return _rescore(run.id, run.project_id, updated_at, _changed(folder / PREDICTIONS_FILE))


@st.cache_data(max_entries=500, show_spinner=False)
def _rescore(run_id: str, project_id: str, updated_at: float, changed_at: int) -> Rescore | None:  # noqa: ARG001 - part of the key
    predictions = read_predictions(settings().runs / run_id / PREDICTIONS_FILE)
    rescored = rescore(predictions, labels_of_manifest(current_manifest(project_id, updated_at)))
    return rescored if rescored is not None and rescored.relabelled else None


def current_manifest(project_id: str, updated_at: float) -> Manifest:
    """Give the images of a project as they are now.

    Args:
        project_id: The project.
        updated_at: When it was changed last, as the catalog says.
    """
    return _manifest(project_id, updated_at)


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner="Reading the results")
def _results(run_id: str, folder: Path, changed_at: tuple[int, ...]) -> Results:  # noqa: ARG001 - part of the key
    report = read_report(folder)
    seen = read_predictions(folder / PREDICTIONS_FILE)
    return Results(run_id, report, seen, seen.of_split(TEST), load_manifest(folder))


@st.cache_resource(max_entries=RUNS_KEPT, show_spinner=False)
def _manifest(project_id: str, updated_at: float) -> Manifest:  # noqa: ARG001 - part of the key
    return project_manifest(database(), project_id)


def _changed(path: Path) -> int:
    return path.stat().st_mtime_ns if path.is_file() else 0

"""A measurement on a project's images: its progress, how it ended, and whether it still belongs to them."""

from typing import TypeVar

from core.catalog.jobs import Job, list_jobs
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.project import fingerprint_images
from core.jobs.queue import submit
from core.jobs.specs import MeasurementResult, MeasurementSpec
from core.training.recipe import Recipe, dump_recipe, load_recipe
from pages.components import job_progress
from pages.shared import frame, recipe_editor
from pages.shared.workspace import database, settings

R = TypeVar("R", bound=MeasurementResult)


def show_running(project_id: str, kind: type[MeasurementSpec], title: str) -> bool:
    """Show the progress of a measurement that waits or runs; give whether there is one."""
    running = job_progress.running_job(project_id, kind)
    if running is not None:
        job_progress.show_progress(running.id, title)
    return running is not None


def start(project_id: str, kind: type[MeasurementSpec], **arguments: object) -> None:
    """Queue a measurement with the recipe as it is."""
    recipe = recipe_editor.recipe(project_id)
    spec = kind.model_validate({"recipe": dump_recipe(recipe), "seed": recipe.seed, **arguments})
    frame.run_action(lambda: submit(database(), settings(), project_id, spec))


def last_result(project_id: str, kind: type[MeasurementSpec], result: type[R]) -> tuple[Job, Recipe, R] | None:
    """Show how the last measurement of a kind ended; give the last finished one with its recipe, if any."""
    last = job_progress.last_job(project_id, kind)
    if last is not None:
        job_progress.show_outcome(last, "The measurement")
    finished = list_jobs(database(), project_id=project_id, kinds=(kind,), status=("finished",))
    measured = finished[-1].result_as(result) if finished else None
    if measured is None:
        return None
    return finished[-1], load_recipe(finished[-1].spec_as(kind).recipe), measured


def describe_changes(project_id: str, measured: Recipe, result: MeasurementResult) -> str:
    """Say what changed since a measurement; empty if nothing did.

    Args:
        project_id: The project.
        measured: The recipe of the measurement.
        result: What was measured.
    """
    if measured.backbone != recipe_editor.recipe(project_id).backbone:
        return f"This was measured with {measured.backbone.name} as it was chosen then. Measure again for your choice."
    return describe_changed_images(project_id, measured, result)


def describe_changed_images(project_id: str, measured: Recipe, result: MeasurementResult) -> str:
    """Say if the images, or how they are prepared, changed since a measurement; arguments as of `describe_changes`."""
    recipe, how = recipe_editor.recipe(project_id), ("resize", "background", "precision")
    if any(getattr(measured, name) != getattr(recipe, name) for name in how) or _images_changed(project_id, result):
        return "Your images, or how they are prepared, changed since. Measure again: only what changed is computed."
    return ""


def _images_changed(project_id: str, result: MeasurementResult) -> bool:
    if result.fingerprint:
        return result.fingerprint != fingerprint_images(database(), project_id)
    return _count(project_id) != result.images


def _count(project_id: str) -> dict[str, tuple[int, int, int]]:
    counted: dict[str, tuple[int, int, int]] = {}
    for label in list_labels(database(), project_id):
        train, validation, test = (label.splits.get(split, 0) for split in SPLIT_NAMES)
        if train or validation or test:
            counted[label.name] = (train, validation, test)
    return counted

"""Whether a measurement still belongs to the images and the choices as they are now."""

from collections.abc import Mapping

from core.catalog.jobs import Job, list_jobs
from core.catalog.labels import list_labels
from core.dataset.manifest import SPLIT_NAMES
from core.jobs.specs import Spec
from core.training.recipe import Recipe
from pages.shared.workspace import database


def last_finished(project_id: str, kind: type[Spec]) -> Job | None:
    """The latest finished job of a kind, if any."""
    return next(reversed(list_jobs(database(), project_id=project_id, kinds=(kind,), status=("finished",))), None)


def describe_changes(
    project_id: str, measured: Recipe, recipe: Recipe, images: Mapping[str, tuple[int, int, int]]
) -> str:
    """Say what changed since a measurement; empty if nothing did.

    Args:
        project_id: The project.
        measured: The recipe of the measurement.
        recipe: The recipe as it is now.
        images: Number of images in each split, by class, that were measured.
    """
    if measured.backbone != recipe.backbone:
        return f"This was measured with {measured.backbone.name} as it was chosen then. Measure again for your choice."
    return describe_changed_images(project_id, measured, recipe, images)


def describe_changed_images(
    project_id: str, measured: Recipe, recipe: Recipe, images: Mapping[str, tuple[int, int, int]]
) -> str:
    """Say if the images, or how they are prepared, changed since a measurement; arguments as of `describe_changes`."""
    how = ("resize", "background", "precision")
    if any(getattr(measured, name) != getattr(recipe, name) for name in how) or _count(project_id) != dict(images):
        return "Your images, or how they are prepared, changed since. Measure again: only what changed is computed."
    return ""


def _count(project_id: str) -> dict[str, tuple[int, int, int]]:
    counted: dict[str, tuple[int, int, int]] = {}
    for label in list_labels(database(), project_id):
        train, validation, test = (label.splits.get(split, 0) for split in SPLIT_NAMES)
        if train or validation or test:
            counted[label.name] = (train, validation, test)
    return counted

"""Drawing splits without leaks: copies of one picture, and frames of one burst, stay in one split."""

from collections.abc import Sequence
from typing import Any

from core.catalog.jobs import list_jobs
from core.catalog.originals import OriginalStore
from core.checks.gather import project_material
from core.dataset import project
from core.dataset.splits import DEFAULT_SHARES
from core.jobs.worker import JobContext


def draw(context: JobContext) -> dict[str, Any]:
    """Draw the splits of a project again. Arguments of the job: `shares` of train, validation and test, and `seed`."""
    arguments = context.job.arguments
    draw_leak_safe(context, shares=arguments.get("shares", DEFAULT_SHARES), seed=arguments.get("seed", 0))
    return {}


def draw_missing(context: JobContext) -> None:
    """Draw splits for images that have none yet, by the shares and the seed that the person chose last."""
    drawn = list_jobs(context.database, project_id=context.job.project_id, kind="draw-splits", status=("finished",))
    chosen = drawn[-1].arguments if drawn else {}
    draw_leak_safe(context, shares=chosen.get("shares", DEFAULT_SHARES), seed=chosen.get("seed", 0), missing_only=True)


def draw_leak_safe(
    context: JobContext, *, shares: Sequence[float] = DEFAULT_SHARES, seed: int = 0, missing_only: bool = False
) -> None:
    """Draw splits that keep together what shows the same picture.

    Raises:
        DatasetError: The shares are impossible.
    """
    material = project_material(
        context.database,
        context.job.project_id,
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        on_progress=context.progress("Looking for copies", unit="images"),
    )
    project.draw_splits(
        context.database,
        context.job.project_id,
        shares=shares,
        seed=seed,
        missing_only=missing_only,
        together=dict(zip(material.ids, material.together.tolist(), strict=True)),
    )

"""Drawing splits without leaks: duplicates, frames of a burst and named groups stay in one split."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from core.catalog.jobs import list_jobs
from core.checks.dataset import load_dataset
from core.checks.split_groups import split_groups_of
from core.dataset import project
from core.dataset.splits import DEFAULT_SHARES
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore

LISTED_GROUPS = 200


def draw(context: JobContext) -> dict[str, Any]:
    """Draw the splits of a project again. Arguments of the job: `shares` of train, validation and test, and `seed`."""
    arguments = context.job.arguments
    return draw_leak_safe(context, shares=arguments.get("shares", DEFAULT_SHARES), seed=arguments.get("seed", 0))


def draw_missing(context: JobContext) -> dict[str, Any]:
    """Draw splits for images that have none yet, with the shares and seed that the person chose last.

    Returns:
        As `draw_leak_safe`.
    """
    drawn = list_jobs(context.database, project_id=context.job.project_id, kind="draw-splits", status=("finished",))
    chosen = drawn[-1].arguments if drawn else {}
    shares, seed = chosen.get("shares", DEFAULT_SHARES), chosen.get("seed", 0)
    return draw_leak_safe(context, shares=shares, seed=seed, missing_only=True)


def draw_leak_safe(
    context: JobContext, *, shares: Sequence[float] = DEFAULT_SHARES, seed: int = 0, missing_only: bool = False
) -> dict[str, Any]:
    """Draw splits in which every split group stays whole.

    Returns:
        `kept`: the number of `sets` (split groups), of their `images`, and the `largest` of them, each as
        `core.checks.split_groups.SplitGroup`. Empty where no image is in a group.

    Raises:
        DatasetError: The shares are impossible.
    """
    dataset = load_dataset(
        context.database,
        context.job.project_id,
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        on_progress=context.progress("Looking for duplicates", unit="images"),
    )
    splits = project.draw_splits(
        context.database,
        context.job.project_id,
        shares=shares,
        seed=seed,
        missing_only=missing_only,
        groups=dict(zip(dataset.ids, dataset.group_ids.tolist(), strict=True)),
    )
    sets = split_groups_of(dataset, [splits.get(item, "") for item in dataset.ids])
    if not sets:
        return {}
    largest = [asdict(one) for one in sets[:LISTED_GROUPS]]
    return {"kept": {"sets": len(sets), "images": sum(one.images for one in sets), "largest": largest}}

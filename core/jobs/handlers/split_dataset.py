"""Drawing splits without leaks: copies of one picture, and frames of one burst, stay in one split."""

from collections.abc import Sequence
from dataclasses import asdict

from core.catalog.jobs import list_jobs
from core.checks.dataset import load_dataset
from core.checks.split_groups import SplitGroup as FoundGroup
from core.checks.split_groups import split_groups_of
from core.dataset import project
from core.dataset.splits import DEFAULT_SHARES
from core.errors import RunStopped
from core.jobs.specs import SplitDatasetResult, SplitDatasetSpec, SplitGroup, SplitGroups
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore

MOST_LISTED = 200


def split_dataset(context: JobContext, spec: SplitDatasetSpec) -> SplitDatasetResult:
    """Draw the splits of the project again.

    Raises:
        DatasetError: The shares are impossible.
    """
    return SplitDatasetResult(split_groups=_draw(context, spec, missing_only=False))


def split_new_images(context: JobContext) -> SplitGroups | None:
    """Draw splits for images that have none yet, by the shares and the seed that the person chose last."""
    drawn = list_jobs(
        context.database, project_id=context.job.project_id, kinds=(SplitDatasetSpec,), status=("finished",)
    )
    spec = drawn[-1].spec_as(SplitDatasetSpec) if drawn else SplitDatasetSpec()
    return _draw(context, spec, missing_only=True)


def _draw(context: JobContext, spec: SplitDatasetSpec, *, missing_only: bool) -> SplitGroups | None:
    """Draw splits, and give the groups that stay in one split; None without any."""
    dataset = load_dataset(
        context.database,
        context.job.project_id,
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        settings=context.settings,
        on_progress=context.progress("Looking for duplicates", unit="images and pairs"),
        should_stop=context.should_stop,
    )
    if context.should_stop():
        raise RunStopped("It was stopped while duplicates were searched.", "Split the images again.")
    splits = project.draw_splits(
        context.database,
        context.job.project_id,
        shares=spec.shares or DEFAULT_SHARES,
        seed=spec.seed,
        missing_only=missing_only,
        groups=dict(zip(dataset.ids, dataset.group_ids.tolist(), strict=True)),
    )
    return _split_groups(split_groups_of(dataset, [splits.get(item, "") for item in dataset.ids]))


def _split_groups(groups: Sequence[FoundGroup]) -> SplitGroups | None:
    if not groups:
        return None
    return SplitGroups(
        groups=len(groups),
        images=sum(one.images for one in groups),
        largest=tuple(SplitGroup(**asdict(one)) for one in groups[:MOST_LISTED]),
    )

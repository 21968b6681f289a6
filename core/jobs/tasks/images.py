"""Taking in images."""

import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalog.items import NewItem, add_items, add_refusals, known_digests
from core.catalog.originals import OriginalStore
from core.errors import RunStopped
from core.intake.results import Refused, Taken
from core.intake.samples import write_sample
from core.intake.taking import take_in as take_in_files
from core.jobs.tasks.splits import draw_leak_safe
from core.jobs.worker import JobContext

BATCH = 64


def take_in(context: JobContext) -> dict[str, Any]:
    """Take in uploaded files or a sample set; what was reported as taken in stays, also when this is stopped.

    Arguments of the job: `paths` of uploaded files or folders, `label` for files without a class of their own, `remove`
    the uploaded files at the end, or the name of a `sample`.
    """
    arguments = context.job.arguments
    store = OriginalStore(context.settings.originals, context.settings.thumbnails)
    counts = {"taken": 0, "refused": 0}
    with tempfile.TemporaryDirectory(dir=_folder(context), prefix="sample-") as scratch:
        paths = [Path(path) for path in arguments.get("paths", [])]
        if arguments.get("sample"):
            context.say("Drawing the sample images.")
            paths = [write_sample(arguments["sample"], Path(scratch))]
        for taken, refused in _batches(context, paths, store):
            counts["taken"] += add_items(context.database, context.job.project_id, [_new_item(one) for one in taken])
            add_refusals(context.database, context.job.project_id, [(one.name, one.reason) for one in refused])
            counts["refused"] += len(refused)
    draw_leak_safe(context, missing_only=True)
    stopped = context.should_stop()
    if arguments.get("remove"):
        _remove(context, paths)
    if stopped:
        raise RunStopped(f"Stopped after {counts['taken']} images were taken in; they are kept.")
    return dict(counts)


def _batches(
    context: JobContext, paths: list[Path], store: OriginalStore
) -> Iterator[tuple[list[Taken], list[Refused]]]:
    taken: list[Taken] = []
    refused: list[Refused] = []
    results = take_in_files(
        paths,
        store,
        label=context.job.arguments.get("label"),
        known=known_digests(context.database, context.job.project_id),
        on_progress=context.progress("Taking in images", unit="images"),
        should_stop=context.should_stop,
    )
    for result in results:
        if isinstance(result, Taken):
            taken.append(result)
        else:
            refused.append(result)
        if len(taken) + len(refused) >= BATCH:
            yield taken, refused
            taken, refused = [], []
    yield taken, refused


def _new_item(taken: Taken) -> NewItem:
    return NewItem(
        digest=taken.digest,
        name=taken.name,
        label=taken.label,
        split=taken.split,
        group=taken.group,
        width=taken.width,
        height=taken.height,
        format=taken.format,
        size_bytes=taken.size_bytes,
        **asdict(taken.facts),
    )


def _folder(context: JobContext) -> Path:
    context.settings.uploads.mkdir(parents=True, exist_ok=True)
    return context.settings.uploads


def _remove(context: JobContext, paths: list[Path]) -> None:
    """Remove uploaded files; nothing outside the folder of uploads is ever removed."""
    for path in paths:
        if not path.resolve().is_relative_to(context.settings.uploads.resolve()):
            continue
        if path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)

"""Taking in images."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalog.cleanup import remove_uploads
from core.catalog.copying import copy_items
from core.catalog.items import NewItem, add_items, add_rejected_files, known_digests
from core.errors import RunStopped
from core.intake.guess import Guess
from core.intake.ingestion import ingest as ingest_files
from core.intake.links import Link, Links
from core.intake.plan import NameClasses
from core.intake.public import PUBLIC_SAMPLES, fetch_sample
from core.intake.results import Accepted, Limits, Rejected
from core.intake.samples import write_sample
from core.intake.sources import Files, Source
from core.jobs.handlers.splits import draw_missing
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore

BATCH = 64


class _UnsureError(Exception):
    """Only the file names tell classes apart; a person should look at the guess first."""

    def __init__(self, guess: Guess) -> None:
        super().__init__(guess)
        self.guess = guess


def take_in(context: JobContext) -> dict[str, Any]:
    """Take in images; what was reported as taken in stays, also when this is stopped.

    Arguments of the job: `paths` of uploaded files or folders, `links` of the web with their classes, the name of a
    `sample`, or ids of `classes` of another `project`; `label` for files without a class of their own, `group` for what
    must stay together; `remove` the uploaded files at the end. Where only the file names tell classes apart, nothing is
    taken in, and the result has a `guess`; the next job says by `names` which class each guessed one is, with the empty
    name for files that say none.
    """
    arguments = context.job.arguments
    with tempfile.TemporaryDirectory(dir=_folder(context), prefix="intake-") as scratch:
        try:
            counts = _copy(context) if arguments.get("project") else _add(context, _sources(context, Path(scratch)))
        except _UnsureError as unsure:
            return {"taken": 0, "refused": 0, "guess": asdict(unsure.guess) | {"rows": None}}
    kept = draw_missing(context)
    stopped = context.should_stop()
    if arguments.get("remove"):
        remove_uploads(context.settings, map(Path, arguments["paths"]))
    if stopped:
        raise RunStopped(f"Stopped after {counts['taken']} images were taken in; they are kept.")
    return counts | kept


def _sources(context: JobContext, scratch: Path) -> list[Path | Source]:
    """What the job's arguments name.

    Raises:
        NetworkError: A sample set cannot be downloaded.
    """
    arguments = context.job.arguments
    if arguments.get("links"):
        return [Links([Link(*link) for link in arguments["links"]], Limits(), scratch)]
    sample = arguments.get("sample") or ""
    if sample in PUBLIC_SAMPLES:
        progress = context.progress("Downloading the sample set", unit="bytes")
        kept = context.settings.cache / "samples"
        return [fetch_sample(PUBLIC_SAMPLES[sample], kept, scratch, on_progress=progress)]
    if sample:
        context.say("Drawing the sample images.")
        return [write_sample(sample, scratch)]
    paths = [Path(path) for path in arguments.get("paths", [])]
    return [Files(paths, Limits())] if arguments.get("pictures") else [*paths]


def _copy(context: JobContext) -> dict[str, int]:
    """Copy images of another project."""
    arguments = context.job.arguments
    copied, there = copy_items(context.database, arguments["project"], context.job.project_id, arguments["classes"])
    return {"taken": copied, "refused": 0, "there": there}


def _add(context: JobContext, sources: list[Path | Source]) -> dict[str, int]:
    """Take files in, and count those that were taken and refused."""
    counts = {"taken": 0, "refused": 0}
    for taken, refused in _batches(context, sources):
        counts["taken"] += add_items(context.database, context.job.project_id, [_new_item(one) for one in taken])
        add_rejected_files(context.database, context.job.project_id, [(one.name, one.reason) for one in refused])
        counts["refused"] += len(refused)
    return counts


def _batches(context: JobContext, sources: list[Path | Source]) -> Iterator[tuple[list[Accepted], list[Rejected]]]:
    taken: list[Accepted] = []
    refused: list[Rejected] = []
    arguments = context.job.arguments
    results = ingest_files(
        sources,
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        label=arguments.get("label"),
        group=arguments.get("group"),
        name_classes=_name_classes(arguments.get("names")),
        known=known_digests(context.database, context.job.project_id),
        on_progress=context.progress("Taking in images", unit="images"),
        should_stop=context.should_stop,
    )
    for result in results:
        if isinstance(result, Accepted):
            taken.append(result)
        else:
            refused.append(result)
        if len(taken) + len(refused) >= BATCH:
            yield taken, refused
            taken, refused = [], []
    yield taken, refused


def _name_classes(names: Mapping[str, str | None] | None) -> NameClasses:
    """What a person said of the guess; where nobody did, the guess is for looking at."""

    def answer(guess: Guess) -> Mapping[str, str | None]:
        if names is None:
            raise _UnsureError(guess)
        return names

    return answer


def _new_item(taken: Accepted) -> NewItem:
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
        drawn=taken.drawn,
        excluded=taken.excluded,
        **asdict(taken.statistics),
    )


def _folder(context: JobContext) -> Path:
    context.settings.uploads.mkdir(parents=True, exist_ok=True)
    return context.settings.uploads

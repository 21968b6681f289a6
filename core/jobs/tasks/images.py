"""Taking in images."""

import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from core.catalog.items import NewItem, add_items, add_refusals, known_digests
from core.catalog.originals import OriginalStore
from core.errors import RunStopped
from core.intake.guess import Guess
from core.intake.plan import NameClasses
from core.intake.results import Refused, Taken
from core.intake.samples import write_sample
from core.intake.taking import take_in as take_in_files
from core.intake.uploads import remove_uploads
from core.jobs.tasks.splits import draw_missing
from core.jobs.worker import JobContext

BATCH = 64


class _UnsureError(Exception):
    """Only the file names tell classes apart; a person should look at the guess first."""

    def __init__(self, guess: Guess) -> None:
        super().__init__(guess)
        self.guess = guess


def take_in(context: JobContext) -> dict[str, Any]:
    """Take in images; what was reported as taken in stays, also when this is stopped.

    Arguments of the job: `paths` of uploaded files or folders, or the name of a `sample`; `label` for files without a
    class of their own, `group` for what must stay together; `remove` the uploaded files at the end. Where only the file
    names tell classes apart, nothing is taken in, and the result has a `guess`; the next job says by `names` which
    class each guessed one is, with the empty name for files that say none.
    """
    arguments = context.job.arguments
    store = OriginalStore(context.settings.originals, context.settings.thumbnails)
    with tempfile.TemporaryDirectory(dir=_folder(context), prefix="sample-") as scratch:
        paths = [Path(path) for path in arguments.get("paths", [])]
        if arguments.get("sample"):
            context.say("Drawing the sample images.")
            paths = [write_sample(arguments["sample"], Path(scratch))]
        try:
            counts = _add(context, paths, store)
        except _UnsureError as unsure:
            return {"taken": 0, "refused": 0, "guess": asdict(unsure.guess) | {"rows": None}}
    draw_missing(context)
    stopped = context.should_stop()
    if arguments.get("remove"):
        remove_uploads(context.settings, paths)
    if stopped:
        raise RunStopped(f"Stopped after {counts['taken']} images were taken in; they are kept.")
    return dict(counts)


def _add(context: JobContext, paths: list[Path], store: OriginalStore) -> dict[str, int]:
    """Take files in, and count those that were taken and refused."""
    counts = {"taken": 0, "refused": 0}
    for taken, refused in _batches(context, paths, store):
        counts["taken"] += add_items(context.database, context.job.project_id, [_new_item(one) for one in taken])
        add_refusals(context.database, context.job.project_id, [(one.name, one.reason) for one in refused])
        counts["refused"] += len(refused)
    return counts


def _batches(
    context: JobContext, paths: list[Path], store: OriginalStore
) -> Iterator[tuple[list[Taken], list[Refused]]]:
    taken: list[Taken] = []
    refused: list[Refused] = []
    arguments = context.job.arguments
    results = take_in_files(
        paths,
        store,
        label=arguments.get("label"),
        group=arguments.get("group"),
        name_classes=_name_classes(arguments.get("names")),
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


def _name_classes(names: Mapping[str, str | None] | None) -> NameClasses:
    """What a person said of the guess; where nobody did, the guess is for looking at."""

    def answer(guess: Guess) -> Mapping[str, str | None]:
        if names is None:
            raise _UnsureError(guess)
        return names

    return answer


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
        drawn=taken.drawn,
        excluded=taken.excluded,
        **asdict(taken.facts),
    )


def _folder(context: JobContext) -> Path:
    context.settings.uploads.mkdir(parents=True, exist_ok=True)
    return context.settings.uploads

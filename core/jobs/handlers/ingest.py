"""Adding images to a project."""

import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict
from pathlib import Path

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
from core.jobs.handlers.split_dataset import split_new_images
from core.jobs.specs import ClassGuess, GuessedClass, IngestResult, IngestSpec
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore

BATCH_SIZE = 64
NAMED_FILES = 3


class _UnconfirmedError(Exception):
    """Only the file names suggest classes, and no person has confirmed them."""

    def __init__(self, guess: Guess) -> None:
        super().__init__(guess)
        self.guess = guess


def ingest(context: JobContext, spec: IngestSpec) -> IngestResult:
    """Add images to the project; those that were reported stay there when the job is stopped.

    Where only the file names suggest classes, nothing is added: the result has the guess, and the next job has a
    person's answer in `class_names`.

    Raises:
        RunStopped: A person stopped it.
    """
    with tempfile.TemporaryDirectory(dir=_uploads_folder(context), prefix="intake-") as scratch:
        try:
            result = _copy(context, spec) if spec.from_project else _add(context, spec, Path(scratch))
        except _UnconfirmedError as unconfirmed:
            return IngestResult(accepted=0, rejected=0, guess=_class_guess(unconfirmed.guess))
    split_groups = split_new_images(context)
    stopped = context.should_stop()
    if spec.remove_uploads:
        remove_uploads(context.settings, map(context.settings.resolve, spec.paths))
    if stopped:
        raise RunStopped(f"Stopped after {result.accepted} images were added; they stay in the project.")
    return result.model_copy(update={"split_groups": split_groups})


def _sources(context: JobContext, spec: IngestSpec, scratch: Path) -> list[Path | Source]:
    """Open what the spec names.

    Raises:
        NetworkError: A sample set cannot be downloaded.
    """
    if spec.links:
        return [Links([Link(link.url, link.label) for link in spec.links], Limits(), scratch)]
    if spec.sample and spec.sample in PUBLIC_SAMPLES:
        progress = context.progress("Downloading the sample set", unit="bytes")
        downloads = context.settings.cache / "samples"
        return [fetch_sample(PUBLIC_SAMPLES[spec.sample], downloads, scratch, on_progress=progress)]
    if spec.sample:
        context.report("Drawing the sample images.")
        return [write_sample(spec.sample, scratch)]
    paths = [context.settings.resolve(path) for path in spec.paths]
    return [Files(paths, Limits())] if spec.images_only else [*paths]


def _copy(context: JobContext, spec: IngestSpec) -> IngestResult:
    """Copy images of another project."""
    copied, present = copy_items(context.database, spec.from_project or "", context.job.project_id, spec.from_classes)
    return IngestResult(accepted=copied, rejected=0, already_present=present)


def _add(context: JobContext, spec: IngestSpec, scratch: Path) -> IngestResult:
    """Add files, and count those that were accepted and rejected."""
    total_accepted = total_rejected = 0
    notes: dict[str, list[str]] = defaultdict(list)
    for accepted, rejected in _batches(context, spec, scratch):
        total_accepted += add_items(context.database, context.job.project_id, [_new_item(one) for one in accepted])
        add_rejected_files(context.database, context.job.project_id, [(one.name, one.reason) for one in rejected])
        total_rejected += len(rejected)
        for one in accepted:
            if one.note:
                notes[one.note].append(one.name)
    for note, names in notes.items():
        more = f" and {len(names) - NAMED_FILES:,} more" if len(names) > NAMED_FILES else ""
        context.report(f"{', '.join(names[:NAMED_FILES])}{more}: {note}")
    return IngestResult(accepted=total_accepted, rejected=total_rejected)


def _batches(context: JobContext, spec: IngestSpec, scratch: Path) -> Iterator[tuple[list[Accepted], list[Rejected]]]:
    accepted: list[Accepted] = []
    rejected: list[Rejected] = []
    results = ingest_files(
        _sources(context, spec, scratch),
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        label=spec.label,
        group=spec.group,
        name_classes=_name_classes(spec.class_names),
        known=known_digests(context.database, context.job.project_id),
        on_progress=context.progress("Adding images", unit="images"),
        should_stop=context.should_stop,
    )
    for result in results:
        if isinstance(result, Accepted):
            accepted.append(result)
        else:
            rejected.append(result)
        if len(accepted) + len(rejected) >= BATCH_SIZE:
            yield accepted, rejected
            accepted, rejected = [], []
    yield accepted, rejected


def _name_classes(names: Mapping[str, str | None] | None) -> NameClasses:
    """Answer a guess with the person's names, or stop at it where there are none."""

    def answer(guess: Guess) -> Mapping[str, str | None]:
        if names is None:
            raise _UnconfirmedError(guess)
        return names

    return answer


def _class_guess(guess: Guess) -> ClassGuess:
    classes = tuple(GuessedClass(name=one.name, images=one.images, examples=one.examples) for one in guess.classes)
    return ClassGuess(classes=classes, unnamed=guess.unnamed)


def _new_item(accepted: Accepted) -> NewItem:
    return NewItem(
        digest=accepted.digest,
        name=accepted.name,
        label=accepted.label,
        split=accepted.split,
        group=accepted.group,
        width=accepted.width,
        height=accepted.height,
        format=accepted.format,
        size_bytes=accepted.size_bytes,
        drawn=accepted.drawn,
        excluded=accepted.excluded,
        **asdict(accepted.statistics),
    )


def _uploads_folder(context: JobContext) -> Path:
    context.settings.uploads.mkdir(parents=True, exist_ok=True)
    return context.settings.uploads

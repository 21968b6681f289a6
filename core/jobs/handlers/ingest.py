"""Adding images to a project."""

import functools
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path

from core.catalog.cleanup import remove_uploads
from core.catalog.copying import copy_items
from core.catalog.edits import UNSET, Correction, Unset, correct_items
from core.catalog.items import Item, NewItem, add_items, add_rejected_files, known_digests, list_items
from core.errors import RunStopped
from core.intake.guess import Guess
from core.intake.ingestion import ingest as ingest_files
from core.intake.links import Link, Links
from core.intake.plan import IngestionPlan, NameClasses
from core.intake.public import PUBLIC_SAMPLES, fetch_sample
from core.intake.results import Accepted, Limits, Rejected
from core.intake.samples import write_sample
from core.intake.sources import Files, Source
from core.intake.table_rows import ColumnChoice
from core.intake.table_rows import TableQuestion as OpenQuestion
from core.jobs.handlers.split_dataset import split_new_images
from core.jobs.specs import (
    ClassGuess,
    GuessedClass,
    IngestResult,
    IngestSpec,
    NameQuestion,
    NameReading,
    TableColumn,
    TableQuestion,
)
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore

BATCH_SIZE = 64
NAMED_FILES = 3


class _UnconfirmedError(Exception):
    """Only the file names suggest classes, and no person has confirmed them."""

    def __init__(self, guess: Guess) -> None:
        super().__init__(guess)
        self.guess = guess


class _UndecidedError(Exception):
    """A person should choose the columns of a table first."""

    def __init__(self, question: OpenQuestion) -> None:
        super().__init__(question)
        self.question = question


class _UnknownEncodingError(Exception):
    """A person should look at the file names of a zip first."""

    def __init__(self, source: Source) -> None:
        super().__init__(source.title)
        self.source = source


def ingest(context: JobContext, spec: IngestSpec) -> IngestResult:
    """Add images to the project; those that were reported stay there when the job is stopped.

    Where only the file names suggest classes, nothing is added: the result has the guess, and the next job has a
    person's answer in `class_names`. Likewise where the class column of a table is unknown: the result has the
    question, and the next job has the answer in `columns`; and where the file names of a zip do not say their encoding,
    and the next job has it in `name_encoding`.

    Raises:
        RunStopped: A person stopped it.
    """
    with tempfile.TemporaryDirectory(dir=_uploads_folder(context), prefix="intake-") as scratch:
        try:
            result = _copy(context, spec) if spec.from_project else _add(context, spec, Path(scratch))
        except _UnconfirmedError as unconfirmed:
            return IngestResult(accepted=0, rejected=0, guess=_class_guess(unconfirmed.guess))
        except _UndecidedError as undecided:
            return IngestResult(accepted=0, rejected=0, question=_table_question(undecided.question))
        except _UnknownEncodingError as unknown:
            return IngestResult(accepted=0, rejected=0, names=_name_question(unknown.source))
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
    corrections = _Corrections(context)
    for accepted, rejected in _batches(context, spec, scratch):
        new = [_new_item(one) for one in accepted if not corrections.take(one)]
        total_accepted += add_items(context.database, context.job.project_id, new)
        add_rejected_files(context.database, context.job.project_id, [(one.name, one.reason) for one in rejected])
        total_rejected += len(rejected)
        for one in accepted:
            if one.note:
                notes[one.note].append(one.name)
    corrected = corrections.apply()
    for note, names in notes.items():
        more = f" and {len(names) - NAMED_FILES:,} more" if len(names) > NAMED_FILES else ""
        context.report(f"{', '.join(names[:NAMED_FILES])}{more}: {note}")
    counts = {"accepted": total_accepted + corrected.accepted, "rejected": total_rejected}
    return corrected.model_copy(update=counts)


class _Corrections:
    """Images that are in the project, for which a table gives another class, split or group now: the table wins.

    An image to which this upload gives several values, or which the project has more than once, is no correction: it is
    added like any other, and the checks find the conflict.
    """

    def __init__(self, context: JobContext) -> None:
        self._context = context
        self._waiting: dict[str, list[Accepted]] = defaultdict(list)

    def take(self, accepted: Accepted) -> bool:
        """Keep an image for `apply`, if it may be a correction."""
        from_table = accepted.label_from_table or accepted.split_from_table or accepted.group_from_table
        if not from_table or accepted.digest not in self._known:
            return False
        self._waiting[accepted.digest].append(accepted)
        return True

    @functools.cached_property
    def _known(self) -> dict[str, list[Item]]:
        """The project's images by digest, as they are before the first image of a table is added."""
        known: dict[str, list[Item]] = defaultdict(list)
        for item in list_items(self._context.database, self._context.job.project_id):
            known[item.digest].append(item)
        return dict(known)

    def apply(self) -> IngestResult:
        """Change all images as one edit; gives the numbers of images that were changed, unchanged, or added instead."""
        database, project_id = self._context.database, self._context.job.project_id
        corrections: dict[str, Correction] = {}
        others: list[Accepted] = []
        for digest, images in self._waiting.items():
            known = self._known[digest]
            if len(known) == len({(one.label, one.split, one.group) for one in images}) == 1 and (
                images[0].label_from_table or images[0].label in (None, known[0].label)
            ):
                corrections[known[0].id] = _correction(images[0], known[0])
            else:
                others += images
        changes = {item: one for item, one in corrections.items() if one != Correction()}
        if changes:
            self._apply(changes)
        return IngestResult(
            accepted=add_items(database, project_id, [_new_item(one) for one in others]),
            rejected=0,
            already_present=len(corrections) - len(changes),
            relabelled=sum(not isinstance(one.label, Unset) for one in changes.values()),
            corrected=len(changes),
        )

    def _apply(self, changes: Mapping[str, Correction]) -> None:
        images = f"{len(changes):,} image{'s' if len(changes) > 1 else ''}"
        only_classes = all(one.split == one.group == UNSET for one in changes.values())
        title = f"{images} {'relabelled' if only_classes else 'changed'} by a table"
        correct_items(self._context.database, self._context.job.project_id, changes, title)
        counts = {
            "class": sum(not isinstance(one.label, Unset) for one in changes.values()),
            "split": sum(not isinstance(one.split, Unset) for one in changes.values()),
            "group": sum(not isinstance(one.group, Unset) for one in changes.values()),
        }
        fields = [name if only_classes else f"{name} ({count:,})" for name, count in counts.items() if count]
        self._context.report(f"{images} got the {', '.join(fields)} that the table gives now. This can be undone.")


def _correction(image: Accepted, known: Item) -> Correction:
    """Give what a table says of an image and the project does not."""
    new_split = image.split_from_table and not image.drawn and (image.split != known.split or not known.split_fixed)
    return Correction(
        label=image.label if image.label_from_table and image.label and image.label != known.label else UNSET,
        split=image.split if new_split and image.split else UNSET,
        group=image.group if image.group_from_table and image.group and image.group != known.group else UNSET,
    )


def _batches(context: JobContext, spec: IngestSpec, scratch: Path) -> Iterator[tuple[list[Accepted], list[Rejected]]]:
    accepted: list[Accepted] = []
    rejected: list[Rejected] = []
    results = ingest_files(
        _sources(context, spec, scratch),
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        label=spec.label,
        group=spec.group,
        name_classes=_name_classes(spec.class_names),
        columns={table: ColumnChoice(one.file, one.label) for table, one in spec.columns.items()},
        choose_columns=_ask,
        on_sources=_check_names,
        on_plan=lambda plan: _show_notes(context, plan),
        coding=spec.name_encoding,
        known=known_digests(context.database, context.job.project_id),
        corrects_known=True,
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


def _ask(question: OpenQuestion) -> None:
    """Stop at a table whose class column is unknown."""
    raise _UndecidedError(question)


def _table_question(question: OpenQuestion) -> TableQuestion:
    columns = tuple(TableColumn(name=one.name, examples=one.examples) for one in question.columns)
    return TableQuestion(table=question.table, columns=columns, file=question.file, images=question.images)


def _check_names(sources: Sequence[Source]) -> None:
    """Stop at a zip whose file names may be read wrongly."""
    for source in sources:
        if len(source.readings) > 1:
            raise _UnknownEncodingError(source)


def _name_question(source: Source) -> NameQuestion:
    readings = tuple(NameReading(encoding=one.coding, names=one.names) for one in source.readings)
    return NameQuestion(archive=source.title, readings=readings)


def _show_notes(context: JobContext, plan: IngestionPlan) -> None:
    """List what a person should know beside the files that were rejected."""
    notes = [(note.name, note.sentence) for note in plan.notes]
    if notes:
        add_rejected_files(context.database, context.job.project_id, notes)


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
        captured_at=accepted.captured_at,
        camera=accepted.camera,
        drawn=accepted.drawn,
        excluded=accepted.excluded,
        **asdict(accepted.statistics),
    )


def _uploads_folder(context: JobContext) -> Path:
    context.settings.uploads.mkdir(parents=True, exist_ok=True)
    return context.settings.uploads

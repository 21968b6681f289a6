"""Read the files of sources as verified images in the store, with one result per file.

All files are listed first, and folders and tables give each its annotation (`core.intake.plan`). Then each file is
unpacked to a scratch file while its digest is computed, decoded in a decoder process, moved to the store and reported.
A reported image is on the disk. A killed process leaves a scratch file behind, which a later ingestion removes.
"""

import contextlib
import functools
import hashlib
import tempfile
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Final

from core.errors import ImageError
from core.intake import rejection_messages
from core.intake.archives import DAMAGED_DATA
from core.intake.decoder_pool import DecoderPool
from core.intake.layout import Annotation
from core.intake.opening import open_sources
from core.intake.plan import ChooseColumns, IngestionPlan, NameClasses, make_plan
from core.intake.results import MEGABYTE, Accepted, Limits, Rejected
from core.intake.sources import Entry, Opener, Source
from core.intake.table_rows import ColumnChoice
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors

CHUNK_BYTES: Final = 1024**2
# Unpacked files per decoder, so that no decoder waits.
AHEAD: Final = 4
DEFAULT_LIMITS: Final = Limits()

DigestAndLabel = tuple[str, str | None]
KnownImages = Collection[str] | Mapping[DigestAndLabel, str]


def ingest(
    source: Path | Source | Sequence[Path | Source],
    store: OriginalStore,
    *,
    label: str | None = None,
    group: str | None = None,
    name_classes: NameClasses | None = None,
    columns: Mapping[str, ColumnChoice] | None = None,
    choose_columns: ChooseColumns = lambda question: None,  # noqa: ARG005 - nobody answers
    on_sources: Callable[[Sequence[Source]], None] = lambda sources: None,  # noqa: ARG005 - nobody listens
    on_plan: Callable[[IngestionPlan], None] = lambda plan: None,  # noqa: ARG005 - nobody listens
    coding: str | None = None,
    known: KnownImages = (),
    corrects_known: bool = False,
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - nobody listens
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Accepted | Rejected]:
    """Ingest images.

    Args:
        source: A zip, a tar (also compressed), a folder, an image, an opened source, or several of these. A table among
            single files is read for all sources.
        store: The store for verified images.
        label: Class of the images to which neither folders nor tables give one.
        group: Group of the images to which no table gives one.
        name_classes: Asked about classes guessed from file names if neither folders nor tables give classes and there
            is no `label`; returns the class of each guessed one, or None to decline. None to guess nothing.
        columns: A person's choice of columns by name of the table; the one under "" is for every table.
        choose_columns: Asked about tables whose class column is unknown; returns the columns, or None.
        on_sources: Called with the listed sources before anything else.
        on_plan: Called with the plan before any image is read.
        coding: Encoding of names in zips that do not declare theirs; None to guess it.
        known: Images to skip: digests, or names by (digest, label), so that one file can be in two classes.
        corrects_known: Whether images of `known` are read again where a table gives their class, split or group.
        limits: Limits of the sources and of decoding.
        on_progress: Called with the number of files done and the total.
        should_stop: Asked before each file; files that were started are finished and reported.

    Yields:
        One result per file, in the order of the source; files that are rejected unread come first.

    Raises:
        ArchiveError: The only source cannot be used as a whole. One of several sources becomes a `Rejected` instead.
        WorkspaceError: The disk is full or not writable. Reported images stay.
    """
    with contextlib.ExitStack() as stack:
        given = [source] if isinstance(source, Path | Source) else source
        sources, rejected = open_sources(given, limits, should_stop, coding)
        for opened in sources:
            stack.enter_context(opened)
        on_sources(sources)
        plan = make_plan(
            sources,
            label=label,
            group=group,
            name_classes=name_classes,
            columns=columns,
            choose_columns=choose_columns,
        )
        plan.rejected[:0] = rejected
        on_plan(plan)
        total = len(plan.rejected) + sum(len(one.annotations) for one in plan.sources)
        pipeline = stack.enter_context(_Pipeline(store, known, limits, corrects_known))
        for done, result in enumerate(_results(plan, pipeline, should_stop), 1):
            on_progress(done, total)
            yield result


def _results(
    plan: IngestionPlan, pipeline: "_Pipeline", should_stop: Callable[[], bool]
) -> Iterator[Accepted | Rejected]:
    yield from plan.rejected
    for one in plan.sources:
        for index, (entry, opener) in enumerate(one.source.read()):
            if should_stop():
                yield from pipeline.finish()
                return
            if index in one.annotations:
                yield from pipeline.submit(entry, opener, one.annotations[index])
    yield from pipeline.finish()


class _Pipeline:
    """Unpacks files one by one, decodes them in parallel, and reports them in order."""

    def __init__(self, store: OriginalStore, known: KnownImages, limits: Limits, corrects_known: bool) -> None:
        self._store = store
        self._corrects_known = corrects_known
        self._known = known
        self._limits = limits
        self._seen: dict[DigestAndLabel, str] = {}
        self._rejected: dict[str, str] = {}
        self._waiting: deque[tuple[str, Callable[[], Accepted | Rejected]]] = deque()
        self._number = 0
        self._stack = contextlib.ExitStack()

    def __enter__(self) -> "_Pipeline":
        with describe_disk_errors(str(self._store.originals)):
            scratch = tempfile.TemporaryDirectory(dir=self._store.scratch(), prefix="intake-")
        self._scratch = Path(self._stack.enter_context(scratch))
        self._decoders = self._stack.enter_context(DecoderPool(self._limits))
        self._pool = ThreadPoolExecutor(self._limits.decoders, thread_name_prefix="intake")
        self._stack.callback(self._pool.shutdown, cancel_futures=True)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def submit(self, entry: Entry, opener: Opener, annotation: Annotation) -> Iterator[Accepted | Rejected]:
        """Start a file; yields the results of earlier files once enough are under way."""
        digest, start = self._unpack(entry, opener, annotation)
        self._waiting.append((digest, start))
        if len(self._waiting) > AHEAD * self._limits.decoders:
            yield self._next()

    def finish(self) -> Iterator[Accepted | Rejected]:
        """Yield the results of all files under way."""
        while self._waiting:
            yield self._next()

    def _next(self) -> Accepted | Rejected:
        digest, result_of = self._waiting.popleft()
        result = result_of()
        if isinstance(result, Rejected):
            self._rejected.setdefault(digest, result.reason)
        return result

    def _unpack(
        self, entry: Entry, opener: Opener, annotation: Annotation
    ) -> tuple[str, Callable[[], Accepted | Rejected]]:
        """Unpack a file; gives its digest, and a function that waits for its result."""
        scratch = self._scratch / str(self._number)
        self._number += 1
        try:
            digest, size = unpack_file(opener, scratch, self._limits)
            pair = (digest, annotation.label)
            if not (self._corrects_known and annotation.is_from_table):
                self._check_known(pair)
        except ImageError as error:
            scratch.unlink(missing_ok=True)
            return "", functools.partial(Rejected, entry.name, error.sentence)
        if pair in self._seen:
            scratch.unlink()
            return digest, functools.partial(self._reject_duplicate, entry.name, pair)
        self._seen[pair] = entry.name
        return digest, self._pool.submit(self._decode, entry, annotation, scratch, digest, size).result

    def _check_known(self, pair: DigestAndLabel) -> None:
        if isinstance(self._known, Mapping):
            if pair in self._known:
                raise ImageError(rejection_messages.SAME_FILE.format(name=self._known[pair]))
        elif pair[0] in self._known:
            raise ImageError(rejection_messages.ALREADY_THERE)

    def _reject_duplicate(self, name: str, pair: DigestAndLabel) -> Rejected:
        """Reject the second of two equal files: for the same reason as the first, or as a duplicate."""
        return Rejected(name, self._rejected.get(pair[0]) or rejection_messages.SAME_FILE.format(name=self._seen[pair]))

    def _decode(
        self, entry: Entry, annotation: Annotation, scratch: Path, digest: str, size: int
    ) -> Accepted | Rejected:
        try:
            found = self._decoders.inspect(scratch, entry.suffix)
            self._store.put_thumbnail(digest, found.thumbnail)
            self._store.put_file(scratch, digest, move=True)
        except ImageError as error:
            return Rejected(entry.name, error.sentence)
        finally:
            scratch.unlink(missing_ok=True)
        return Accepted(
            name=entry.name,
            label=annotation.label,
            split=annotation.split,
            group=annotation.group,
            drawn=annotation.drawn,
            excluded=annotation.excluded,
            label_from_table=annotation.label_from_table,
            split_from_table=annotation.split_from_table,
            group_from_table=annotation.group_from_table,
            digest=digest,
            width=found.width,
            height=found.height,
            format=found.format,
            size_bytes=size,
            statistics=found.statistics,
            captured_at=found.metadata.time,
            camera=found.metadata.camera,
            note=found.note,
        )


def unpack_file(opener: Opener, target: Path, limits: Limits) -> tuple[str, int]:
    """Unpack a file; gives its digest and size.

    Raises:
        ImageError: It cannot be unpacked, or exceeds the limit, whatever size it declares.
        WorkspaceError: The disk is full or not writable.
    """
    digest, size = hashlib.sha256(), 0
    with describe_disk_errors(str(target.parent)), target.open("wb") as file:
        for chunk in _chunks(opener):
            digest.update(chunk)
            size += len(chunk)
            if size > limits.file_bytes:
                raise ImageError(rejection_messages.TOO_LARGE.format(megabytes=limits.file_bytes / MEGABYTE))
            file.write(chunk)
    return digest.hexdigest(), size


def _chunks(opener: Opener) -> Iterator[bytes]:
    try:
        with opener() as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except NotImplementedError as error:
        raise ImageError(rejection_messages.UNKNOWN_COMPRESSION) from error
    except (FileNotFoundError, PermissionError) as error:
        raise ImageError(rejection_messages.MAY_NOT_BE_READ) from error
    except DAMAGED_DATA as error:
        raise ImageError(rejection_messages.DAMAGED_IN_ARCHIVE) from error

"""Taking in: files of a source -> verified images in the store, one result a file.

The order is: list everything, read the tables and the layout, then for each file in turn unpack it to a scratch file
while its digest is computed, decode it in a child process, move it to its place, and report it. What was reported as
taken is on the disk; what a kill leaves behind is a scratch file that goes with the next upload.
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
from core.intake.plan import NameClasses, Plan, make_plans
from core.intake.results import MEGABYTE, Accepted, Limits, Rejected
from core.intake.sources import Entry, Opener, Source
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors

CHUNK_BYTES: Final = 1024**2
# Files on their way for each decoder: enough that none waits for another's end.
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
    known: KnownImages = (),
    limits: Limits = DEFAULT_LIMITS,
    on_progress: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005 - nobody listens
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Accepted | Rejected]:
    """Take in images.

    Args:
        source: A zip, a tar (also compressed), a folder, an image, an opened source, or several of these; a table among
            single files speaks for all sources.
        store: Where verified images go.
        label: Class of the images that have none by their folder or a table.
        group: What must stay together in one split, for the images for which a table says none.
        name_classes: Asked with the classes that file names say, where neither folders nor a table tell classes apart
            and no `label` was given; gives the class for each, or None to leave them. Without it nothing is guessed.
        known: What is there already and is not taken again: digests, or names by (digest, label), so that the same
            file can be in two classes.
        limits: How far this goes.
        on_progress: Called with files done and files altogether.
        should_stop: Asked before each file; what is under way is finished and reported.

    Yields:
        One result a file, in the order of the source; the files that must not even be read come first.

    Raises:
        ArchiveError: A source cannot be used as a whole. Of several sources, such a one is a `Rejected`.
        WorkspaceError: The disk is full or not writable. What was reported stays.
    """
    with contextlib.ExitStack() as stack:
        sources, refused = open_sources([source] if isinstance(source, Path | Source) else source, limits, should_stop)
        for opened in sources:
            stack.enter_context(opened)
        plans = make_plans(sources, label, group, name_classes)
        refused += [one for plan in plans for one in plan.refused]
        total = len(refused) + sum(len(plan.places) for plan in plans)
        pipeline = stack.enter_context(_Pipeline(store, known, limits))
        for done, result in enumerate(_results(plans, refused, pipeline, should_stop), 1):
            on_progress(done, total)
            yield result


def _results(
    plans: list[Plan], refused: list[Rejected], pipeline: "_Pipeline", should_stop: Callable[[], bool]
) -> Iterator[Accepted | Rejected]:
    yield from refused
    for plan in plans:
        for index, (entry, opener) in enumerate(plan.source.read()):
            if should_stop():
                yield from pipeline.finish()
                return
            if index in plan.places:
                yield from pipeline.submit(entry, opener, plan.places[index])
    yield from pipeline.finish()


class _Pipeline:
    """Files on their way: unpacked one by one, decoded side by side, reported in order."""

    def __init__(self, store: OriginalStore, known: KnownImages, limits: Limits) -> None:
        self._store = store
        self._known = known
        self._limits = limits
        self._seen: dict[DigestAndLabel, str] = {}
        self._refused: dict[str, str] = {}
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

    def submit(self, entry: Entry, opener: Opener, place: Annotation) -> Iterator[Accepted | Rejected]:
        """Start a file; gives results of earlier ones when there are enough on their way."""
        digest, start = self._unpack(entry, opener, place)
        self._waiting.append((digest, start))
        if len(self._waiting) > AHEAD * self._limits.decoders:
            yield self._next()

    def finish(self) -> Iterator[Accepted | Rejected]:
        """The results of all that are on their way."""
        while self._waiting:
            yield self._next()

    def _next(self) -> Accepted | Rejected:
        digest, result_of = self._waiting.popleft()
        result = result_of()
        if isinstance(result, Rejected):
            self._refused.setdefault(digest, result.reason)
        return result

    def _unpack(self, entry: Entry, opener: Opener, place: Annotation) -> tuple[str, Callable[[], Accepted | Rejected]]:
        """Digest of the file, and what waits for its result."""
        scratch = self._scratch / str(self._number)
        self._number += 1
        try:
            digest, size = _copy(opener, scratch, self._limits)
            pair = (digest, place.label)
            self._check_known(pair)
        except ImageError as error:
            scratch.unlink(missing_ok=True)
            return "", functools.partial(Rejected, entry.name, error.sentence)
        if pair in self._seen:
            scratch.unlink()
            return digest, functools.partial(self._again, entry.name, pair)
        self._seen[pair] = entry.name
        return digest, self._pool.submit(self._decode, entry, place, scratch, digest, size).result

    def _check_known(self, pair: DigestAndLabel) -> None:
        if isinstance(self._known, Mapping):
            if pair in self._known:
                raise ImageError(rejection_messages.SAME_FILE.format(name=self._known[pair]))
        elif pair[0] in self._known:
            raise ImageError(rejection_messages.ALREADY_THERE)

    def _again(self, name: str, pair: DigestAndLabel) -> Rejected:
        """The same file a second time: refused like the first one, or because of it."""
        return Rejected(name, self._refused.get(pair[0]) or rejection_messages.SAME_FILE.format(name=self._seen[pair]))

    def _decode(self, entry: Entry, place: Annotation, scratch: Path, digest: str, size: int) -> Accepted | Rejected:
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
            label=place.label,
            split=place.split,
            group=place.group,
            drawn=place.drawn,
            excluded=place.excluded,
            digest=digest,
            width=found.width,
            height=found.height,
            format=found.format,
            size_bytes=size,
            statistics=found.statistics,
            note=found.note,
        )


def _copy(opener: Opener, target: Path, limits: Limits) -> tuple[str, int]:
    """Unpack a file; gives its digest and size.

    Raises:
        ImageError: It cannot be unpacked, or is larger than it said and than a file may be.
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

"""Classifies many files: decoding, resizing and the network run at the same time. Worker only: imports Keras.

Decoder processes decode one file each; threads hand them the files and resize the full-size pixels as the exported
model does; the fastest engine of the machine computes the squares. So memory holds as many full-size images as there
are threads, whatever the number of files.
"""

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import asdict, dataclass, field, replace
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from core.errors import ImageError, RunStopped
from core.evaluation.inference.extraction import backbone_engine
from core.evaluation.inference.served_model import BATCH
from core.export.predictor import Predictor
from core.features.engine import Engine
from core.intake.decoder_pool import DecodedImage, DecoderPool
from core.intake.photo_metadata import PhotoMetadata
from core.intake.results import Limits
from core.settings import Settings
from core.use.input_files import InputFile, InputFiles
from core.use.prediction_store import PredictionStore, StoredPrediction

# Threads beside those that wait for a decoder: they resize meanwhile.
RESIZING_THREADS: Final = 1
# How many classes a row names, and decimal places of their probabilities.
RANKED: Final = 3
DIGITS: Final = 6
# Batches of squares that are decoded ahead.
AHEAD: Final = 3
# Rows that are stored together; the last ones are computed again after a kill.
ROWS_STORED_TOGETHER: Final = 64

# Called in a thread with a file that was decoded and with its pixels; gives the digest of the file.
Keep = Callable[[InputFile, DecodedImage], str]


@dataclass(frozen=True)
class FilePrediction:
    """The prediction of one file, or why there is none.

    Attributes:
        name: Of the file, as in `InputFile`.
        probabilities: (n_classes,) float64; None if the file cannot be read.
        is_ood: Whether the image is out of distribution ("none of these"); None if unknown.
        error: Why the file cannot be read; empty if it can.
        width: Upright width in pixels; None if the file cannot be read.
        height: Upright height in pixels; likewise.
        metadata: Time, camera and place.
        digest: SHA-256 of the file, if it was kept; empty otherwise.
    """

    name: str
    probabilities: NDArray[np.float64] | None = None
    is_ood: bool | None = None
    error: str = ""
    width: int | None = None
    height: int | None = None
    metadata: PhotoMetadata = field(default_factory=PhotoMetadata)
    digest: str = ""

    def to_row(self, classes: tuple[str, ...]) -> StoredPrediction:
        """Give the row that is stored: the most probable classes of all, by name."""
        if self.probabilities is None:
            return StoredPrediction(self.name, error=self.error)
        ranked = np.argsort(-self.probabilities, kind="stable")[:RANKED].tolist()
        named = [(classes[one], round(float(self.probabilities[one]), DIGITS)) for one in ranked]
        (first, second, third) = (*named, *[(None, None)] * RANKED)[:RANKED]
        return StoredPrediction(
            self.name,
            *first,
            *second,
            *third,
            none_of_these=self.is_ood,
            width=self.width,
            height=self.height,
            digest=self.digest,
            **asdict(self.metadata),
        )


class _Prepared(NamedTuple):
    """A file that was decoded or could not be, and the input of the network."""

    file: FilePrediction
    square: NDArray[np.uint8] | None = None


def fill_store(
    store: PredictionStore,
    predictor: Predictor,
    files: InputFiles,
    on_progress: Callable[[int, int], None],
    *,
    settings: Settings,
    on_message: Callable[[str], None],
    keep: Keep | None = None,
    thumbnail_side: int = 0,
    should_stop: Callable[[], bool] = lambda: False,
) -> None:
    """Classify the files that have no prediction yet, and store what was classified, whatever happens.

    Args:
        store: Where to.
        predictor: The model.
        files: The files.
        on_progress: Called with the files done and their total.
        settings: As in `predict_files`.
        on_message: Likewise.
        keep: Likewise.
        thumbnail_side: Likewise.
        should_stop: Likewise.

    Raises:
        RunStopped: `should_stop` returned True and files are left.
        WorkerDiedError: No decoder can be started.
        WorkspaceError: The disk is full or not writable.
    """
    rows: list[StoredPrediction] = []
    done, total = store.count(), len(files)
    on_progress(done, total)
    try:
        for one in predict_files(
            predictor,
            files.read(store.has),
            total,
            settings=settings,
            on_message=on_message,
            keep=keep,
            thumbnail_side=thumbnail_side,
            should_stop=should_stop,
        ):
            rows.append(one.to_row(predictor.classes))
            done += 1
            on_progress(done, total)
            if len(rows) == ROWS_STORED_TOGETHER:
                store.add(rows)
                rows.clear()
    finally:
        store.add(rows)


def predict_files(
    predictor: Predictor,
    files: Iterable[InputFile],
    n_files: int,
    *,
    settings: Settings | None = None,
    on_message: Callable[[str], None] = lambda _sentence: None,
    keep: Keep | None = None,
    thumbnail_side: int = 0,
    should_stop: Callable[[], bool] = lambda: False,
    limits: Limits | None = None,
) -> Iterator[FilePrediction]:
    """Classify files, each with a prediction or the reason why there is none.

    Args:
        predictor: The model.
        files: From `InputFiles.read`; scratch files are removed once they are read.
        n_files: How many they are, which decides whether a conversion of the network pays.
        settings: Where converted networks are cached; None computes with TensorFlow.
        on_message: Called with sentences about the engine.
        keep: Keeps a file that was decoded; may move it away.
        thumbnail_side: Longest side of the thumbnail for `keep`; 0 for none.
        should_stop: Called before each file.
        limits: Of decoding.

    Yields:
        One prediction a file, in the order of `files`.

    Raises:
        RunStopped: `should_stop` returned True and files are left; raised after those that were begun are yielded.
        WorkerDiedError: No decoder can be started.
    """
    limits = limits or Limits()
    stopped = threading.Event()
    engine = backbone_engine(predictor.served, n_files, settings, on_message)
    with DecoderPool(limits) as decoders:

        def prepare(file: InputFile) -> _Prepared:
            return _prepare(file, predictor, decoders, keep, thumbnail_side)

        threads = ThreadPoolExecutor(limits.decoders + RESIZING_THREADS, thread_name_prefix="predict")
        try:
            yield from _classify(predictor, engine, _in_parallel(threads, prepare, files, should_stop, stopped))
        finally:
            threads.shutdown(cancel_futures=True)
    if stopped.is_set():
        raise RunStopped("The prediction was stopped.", "Resume continues with the files that are left.")


def _in_parallel(
    threads: ThreadPoolExecutor,
    prepare: Callable[[InputFile], _Prepared],
    files: Iterable[InputFile],
    should_stop: Callable[[], bool],
    stopped: threading.Event,
) -> Iterator[_Prepared]:
    """Prepare files in threads, some ahead, and give them in order.

    A stop ends with those that were begun; `stopped` is set if others are left.
    """
    waiting: deque[Future[_Prepared]] = deque()
    for file in files:
        if should_stop():
            stopped.set()
            break
        waiting.append(threads.submit(prepare, file))
        if len(waiting) > AHEAD * BATCH:
            yield waiting.popleft().result()
    if should_stop():
        begun = deque(one for one in reversed(waiting) if not one.cancel())
        if len(begun) < len(waiting):
            stopped.set()
        begun.reverse()
        waiting = begun
    while waiting:
        yield waiting.popleft().result()


def _prepare(
    file: InputFile, predictor: Predictor, decoders: DecoderPool, keep: Keep | None, thumbnail_side: int
) -> _Prepared:
    if file.path is None:
        return _Prepared(FilePrediction(file.name, error=file.rejection))
    try:
        decoded = decoders.decode(
            file.path,
            file.suffix,
            side=thumbnail_side,
            background=predictor.served.background,
            bit_depth=predictor.served.bit_depth,
        )
        square = predictor.served.preprocess(decoded.pixels)
        digest = keep(file, decoded) if keep is not None else ""
    except ImageError as error:
        return _Prepared(FilePrediction(file.name, error=error.sentence))
    finally:
        if file.is_scratch:
            file.path.unlink(missing_ok=True)
    height, width = decoded.pixels.shape[:2]
    found = FilePrediction(file.name, width=width, height=height, metadata=decoded.metadata, digest=digest)
    return _Prepared(found, square)


def _classify(predictor: Predictor, engine: Engine, prepared: Iterator[_Prepared]) -> Iterator[FilePrediction]:
    """Classify in batches; files without pixels go along with the batch in which they stand."""
    computing: deque[list[_Prepared]] = deque()
    group: list[_Prepared] = []

    def squares() -> Iterator[NDArray[np.uint8]]:
        nonlocal group
        for one in prepared:
            group.append(one)
            if one.square is not None and sum(each.square is not None for each in group) == BATCH:
                computing.append(group)
                yield _stack(group)
                group = []
        if any(one.square is not None for one in group):
            computing.append(group)
            yield _stack(group)
            group = []

    for (pooled,) in engine.run(squares()):
        yield from _answers(predictor, computing.popleft(), pooled)
    yield from (one.file for one in group)


def _stack(group: list[_Prepared]) -> NDArray[np.uint8]:
    return np.stack([one.square for one in group if one.square is not None])


def _answers(predictor: Predictor, group: list[_Prepared], pooled: NDArray[np.float32]) -> Iterator[FilePrediction]:
    batch = predictor.classify(predictor.served.features_of_pooled(pooled))
    rows = iter(range(len(pooled)))
    for one in group:
        if one.square is None:
            yield one.file
        else:
            row = next(rows)
            yield replace(one.file, probabilities=batch.probabilities[row], is_ood=batch.is_ood(row))

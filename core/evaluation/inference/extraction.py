"""Runs many photographs through an exported model. Worker only: imports Keras.

Full-size upright pixels go through the model's own resizing in threads, while the engine of this machine computes the
squares before: OpenVINO on a processor (5 ms an image of MobileNetV2 instead of 20, once its conversion was checked
against TensorFlow), TensorFlow on a GPU, and for few photographs where nobody has converted the network yet. What
stands behind the pooling is computed by Keras again.

Squares and pooled maps are kept, as a class trains the same frozen network on the same images again and again, and
decoding a photograph of 12 megapixels in full and resizing it takes longer than any network here.
"""

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import keras
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.dataset.pixels import PixelSource
from core.errors import RunStopped
from core.evaluation.inference.served_model import BATCH, ServedModel
from core.evaluation.metrics.baselines import SIDE
from core.features.activation_cache import open_cache
from core.features.engine import Engine, choose_engine
from core.features.fingerprint import fingerprint
from core.features.openvino_cache import is_converted
from core.features.tensorflow_engine import TensorFlowEngine
from core.settings import Settings
from core.storage.arrays import ArrayRows
from core.storage.blobs import OriginalStore

# So many photographs pay for the conversion of a network: it takes seconds, and OpenVINO saves 15 ms a photograph with
# MobileNetV2. A frozen network was converted for its training already.
WORTH_CONVERTING: Final = 500
# Pooled maps that go through the layers behind them at once.
AT_ONCE: Final = 4096

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Extracted:
    """What was seen in photographs.

    Attributes:
        features: (n, n_features) float32, what the last layer before the classes is fed.
        thumbnails: (n, SIDE, SIDE, 3) uint8 of the squares, for the nearest neighbour on raw pixels.
    """

    features: NDArray[np.float32]
    thumbnails: NDArray[np.uint8]


def look(
    served: ServedModel,
    digests: Sequence[str],
    *,
    originals: OriginalStore,
    names: Sequence[str],
    settings: Settings | None,
    say: Callable[[str], None],
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> Extracted:
    """Compute the features of photographs.

    Args:
        served: The exported model.
        digests: (n,) digest of each photograph; at least one.
        originals: Where their files lie.
        names: (n,) names a person knows them by.
        settings: Where converted networks and what was seen before are kept; None keeps nothing and computes with
            TensorFlow.
        say: Takes sentences for the run's story.
        on_progress: Told the photographs read and altogether.
        should_stop: Asked between batches.

    Raises:
        ImageError: A photograph is gone; names it.
        RunStopped: `should_stop` said so.
        WorkspaceError: The disk is full or not writable.
    """
    cache = open_cache(settings) if settings is not None else None
    source = PixelSource(digests, originals, served, arrays=cache, names=names)
    network = _Trunk(served, settings, say)
    thumbnails: list[NDArray[np.uint8]] = []

    def squares() -> Iterator[NDArray[np.uint8]]:
        for batch in source.batches(BATCH):
            if should_stop():
                raise RunStopped("The evaluation was stopped.", "The model is kept; it can be evaluated again.")
            thumbnails.append(np.stack([_thumbnail(square) for square in batch]))
            yield batch
            on_progress(sum(map(len, thumbnails)), len(digests))

    kept = cache.open(f"seen-{keras.__version__}-{network.address}") if cache is not None else None
    pooled = network.pooled(digests, squares(), kept)
    features = [served.behind_trunk(pooled[at : at + AT_ONCE]) for at in range(0, len(pooled), AT_ONCE)]
    return Extracted(np.concatenate(features), np.concatenate(thumbnails))


class _Trunk:
    """The network of an exported model up to its pooled maps, the part that takes the time.

    Args:
        served: The exported model.
        settings: Where converted networks are kept; None computes with TensorFlow.
        say: Takes sentences for the run's story.
    """

    def __init__(self, served: ServedModel, settings: Settings | None, say: Callable[[str], None]) -> None:
        self._network = served.trunk
        self._settings = settings
        self._say = say
        self.address = fingerprint(
            self._network, size=served.size, resize=served.resize, precision="float32", background=served.background
        )

    def pooled(
        self, digests: Sequence[str], batches: Iterator[NDArray[np.uint8]], kept: ArrayRows | None
    ) -> NDArray[np.float32]:
        """(n, channels) pooled maps: those that are kept, and of the other photographs computed ones.

        Args:
            digests: (n,) digest of each photograph.
            batches: Their squares; all are read, also where nothing is computed.
            kept: Where pooled maps are kept.
        """
        pooled = np.empty((len(digests), self._network.output.shape[-1]), np.float32)
        unknown = np.ones(len(digests), bool)
        if kept is not None:
            there, rows = kept.get(digests)
            unknown = ~there
            if there.any():
                pooled[there] = rows
        computing: deque[NDArray[np.int64]] = deque()

        def to_compute() -> Generator[NDArray[np.uint8]]:
            start = 0
            for squares in batches:
                wanted = np.flatnonzero(unknown[start : start + len(squares)])
                if len(wanted):
                    computing.append(start + wanted)
                    yield squares[wanted]
                start += len(squares)

        with contextlib.closing(to_compute()) as squares, kept or contextlib.nullcontext():
            for (values,) in self._run(squares, int(unknown.sum())):
                rows = computing.popleft()
                pooled[rows] = values
                if kept is not None:
                    kept.append([digests[row] for row in rows], values)
        return pooled

    def _run(self, squares: Iterator[NDArray[np.uint8]], photographs: int) -> Iterator[tuple[NDArray[np.float32], ...]]:
        if photographs:
            yield from self._engine(photographs).run(squares)
        else:
            deque(squares, maxlen=0)  # they are read all the same, and none is given

    def _engine(self, photographs: int) -> Engine:
        settings = self._settings
        if settings is None or (photographs < WORTH_CONVERTING and not is_converted(self.address, settings)):
            return TensorFlowEngine(self._network, "this machine")
        return choose_engine(self._network, self.address, settings, "float32", self._say)


def _thumbnail(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BOX))

"""Extracts features of many photographs with an exported model. Worker only: imports Keras.

Full-size upright pixels go through the model's own resizing in threads, while the fastest engine of the machine
computes the squares that are ready: OpenVINO on a CPU (MobileNetV2: 5 ms an image instead of 20), after its conversion
was checked against TensorFlow, and TensorFlow on a GPU. Keras computes the layers behind the pooling. A network that
was not converted yet is not converted for a few photographs.

Squares and pooled features are cached: a class trains the same frozen network on the same images many times, and
decoding and resizing a photograph of 12 megapixels takes longer than any network here.
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

# Fewest photographs for which a conversion, which takes seconds, pays: OpenVINO saves 15 ms a photograph with
# MobileNetV2. A frozen network was converted for its training already.
MIN_IMAGES_TO_CONVERT: Final = 500
# Rows of pooled features that go through the layers behind the pooling together.
CHUNK: Final = 4096

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Extracted:
    """Features of photographs.

    Attributes:
        features: (n, n_features) float32, the input of the last layer.
        thumbnails: (n, SIDE, SIDE, 3) uint8, for the nearest-neighbour baseline on raw pixels.
    """

    features: NDArray[np.float32]
    thumbnails: NDArray[np.uint8]


def extract_features(
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
        originals: The store of their files.
        names: (n,) file names.
        settings: Where converted networks and features are cached; None caches nothing and computes with TensorFlow.
        say: Called with sentences for the run's log.
        on_progress: Called with the photographs read and their total.
        should_stop: Called between batches.

    Raises:
        ImageError: A photograph is missing.
        RunStopped: `should_stop` returned True.
        WorkspaceError: The disk is full or not writable.
    """
    cache = open_cache(settings) if settings is not None else None
    source = PixelSource(digests, originals, served, arrays=cache, names=names)
    backbone = _PooledBackbone(served, settings, say)
    thumbnails: list[NDArray[np.uint8]] = []

    def squares() -> Iterator[NDArray[np.uint8]]:
        for batch in source.batches(BATCH):
            if should_stop():
                raise RunStopped("The evaluation was stopped.", "The model is kept; it can be evaluated again.")
            thumbnails.append(np.stack([_thumbnail(square) for square in batch]))
            yield batch
            on_progress(sum(map(len, thumbnails)), len(digests))

    # The prefix is that of caches on disk.
    rows = cache.open(f"seen-{keras.__version__}-{backbone.address}") if cache is not None else None
    pooled = backbone.pooled(digests, squares(), rows)
    features = [served.features_of_pooled(pooled[at : at + CHUNK]) for at in range(0, len(pooled), CHUNK)]
    return Extracted(np.concatenate(features), np.concatenate(thumbnails))


class _PooledBackbone:
    """The backbone of an exported model with its pooling, the expensive part, with a cache.

    Args:
        served: The exported model.
        settings: Where converted networks are cached; None computes with TensorFlow.
        say: Called with sentences for the run's log.
    """

    def __init__(self, served: ServedModel, settings: Settings | None, say: Callable[[str], None]) -> None:
        self._network = served.backbone
        self._settings = settings
        self._say = say
        self.address = fingerprint(
            self._network,
            size=served.size,
            resize=served.resize,
            precision="float32",
            background=served.background,
            bit_depth=served.bit_depth,
        )

    def pooled(
        self, digests: Sequence[str], batches: Iterator[NDArray[np.uint8]], cached: ArrayRows | None
    ) -> NDArray[np.float32]:
        """Give the (n, channels) pooled features, from the cache or computed.

        Args:
            digests: (n,) digest of each photograph.
            batches: Their squares; all are read, even if nothing has to be computed.
            cached: The cache; None for none.
        """
        pooled = np.empty((len(digests), self._network.output.shape[-1]), np.float32)
        missing = np.ones(len(digests), bool)
        if cached is not None:
            found, rows = cached.get(digests)
            missing = ~found
            if found.any():
                pooled[found] = rows
        computing: deque[NDArray[np.int64]] = deque()

        def to_compute() -> Generator[NDArray[np.uint8]]:
            start = 0
            for squares in batches:
                wanted = np.flatnonzero(missing[start : start + len(squares)])
                if len(wanted):
                    computing.append(start + wanted)
                    yield squares[wanted]
                start += len(squares)

        with contextlib.closing(to_compute()) as squares, cached or contextlib.nullcontext():
            for (values,) in self._run(squares, int(missing.sum())):
                rows = computing.popleft()
                pooled[rows] = values
                if cached is not None:
                    cached.append([digests[row] for row in rows], values)
        return pooled

    def _run(self, squares: Iterator[NDArray[np.uint8]], photographs: int) -> Iterator[tuple[NDArray[np.float32], ...]]:
        if photographs:
            yield from self.engine(photographs).run(squares)
        else:
            deque(squares, maxlen=0)  # reads them for the thumbnails

    def engine(self, photographs: int) -> Engine:
        """Choose the engine for so many photographs."""
        settings = self._settings
        if settings is None or (photographs < MIN_IMAGES_TO_CONVERT and not is_converted(self.address, settings)):
            return TensorFlowEngine(self._network, "this machine")
        return choose_engine(self._network, self.address, settings, "float32", self._say)


def backbone_engine(
    served: ServedModel, photographs: int, settings: Settings | None, say: Callable[[str], None]
) -> Engine:
    """Choose the engine for the backbone of an exported model: TensorFlow where a conversion does not pay.

    Args:
        served: The exported model; the engine computes its `backbone`.
        photographs: How many will be computed.
        settings: Where converted networks are cached; None computes with TensorFlow.
        say: Called with sentences for a log.
    """
    return _PooledBackbone(served, settings, say).engine(photographs)


def _thumbnail(square: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(square).resize((SIDE, SIDE), Image.Resampling.BOX))

"""Runs many photographs through an exported model. Worker only: imports Keras.

Full-size upright pixels go through the model's own resizing in threads, while the engine of this machine computes the
squares before: OpenVINO on a processor (5 ms an image of MobileNetV2 instead of 20, once its conversion was checked
against TensorFlow), TensorFlow on a GPU, and for few photographs where nobody has converted the network yet. What
stands behind the pooling is computed by Keras again.
"""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.dataset.pixels import load_upright
from core.errors import RunStopped
from core.evaluation.baselines import SIDE
from core.evaluation.served import BATCH, Served
from core.features.converted import is_converted
from core.features.engine import Engine, choose_engine
from core.features.fingerprint import fingerprint
from core.features.tensorflow_engine import TensorFlowEngine
from core.settings import Settings

# So many photographs pay for the conversion of a network: it takes seconds, and OpenVINO saves 15 ms a photograph with
# MobileNetV2. A frozen network was converted for its training already.
WORTH_CONVERTING: Final = 500

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Looked:
    """What was seen in photographs.

    Attributes:
        features: (n, n_features) float32, what the last layer before the classes is fed.
        thumbnails: (n, SIDE, SIDE, 3) uint8, for the nearest neighbour on raw pixels.
    """

    features: NDArray[np.float32]
    thumbnails: NDArray[np.uint8]


def look(
    served: Served,
    photographs: Sequence[tuple[Path, str]],
    *,
    settings: Settings | None,
    say: Callable[[str], None],
    on_progress: Progress,
    should_stop: Callable[[], bool],
) -> Looked:
    """Compute the features of photographs.

    Args:
        served: The exported model.
        photographs: Path of each, and the name a person knows it by; at least one.
        settings: Where converted networks are kept; None computes with TensorFlow.
        say: Takes sentences for the run's story.
        on_progress: Told the photographs done and altogether.
        should_stop: Asked between batches.

    Raises:
        ImageError: A photograph is gone; names it.
        RunStopped: `should_stop` said so.
    """
    thumbnails: list[NDArray[np.uint8]] = []

    def squares() -> Iterator[NDArray[np.uint8]]:
        for batch, small in _prepared(served, photographs):
            if should_stop():
                raise RunStopped("The evaluation was stopped.", "The model is kept; it can be evaluated again.")
            thumbnails.append(small)
            yield batch

    features: list[NDArray[np.float32]] = []
    for (pooled,) in _engine(served, len(photographs), settings, say).run(squares()):
        features.append(served.behind_trunk(pooled))
        on_progress(sum(map(len, features)), len(photographs))
    return Looked(np.concatenate(features), np.concatenate(thumbnails))


def _engine(served: Served, photographs: int, settings: Settings | None, say: Callable[[str], None]) -> Engine:
    trunk = served.trunk
    if settings is None:
        return TensorFlowEngine(trunk, "this machine")
    address = fingerprint(
        trunk, size=served.size, resize=served.resize, precision="float32", background=served.background
    )
    if photographs < WORTH_CONVERTING and not is_converted(address, settings):
        return TensorFlowEngine(trunk, "this machine")
    return choose_engine(trunk, address, settings, "float32", say)


def _prepared(
    served: Served, photographs: Sequence[tuple[Path, str]]
) -> Iterator[tuple[NDArray[np.uint8], NDArray[np.uint8]]]:
    """Squares and thumbnails in batches, two batches ahead of the network."""

    def prepare(photograph: tuple[Path, str]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
        pixels = load_upright(*photograph, background=served.background)
        thumbnail = Image.fromarray(pixels).resize((SIDE, SIDE), Image.Resampling.BOX)
        return served.shrink(pixels), np.asarray(thumbnail)

    pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="evaluate")
    try:
        upcoming = iter(photographs)
        waiting = deque(pool.submit(prepare, photograph) for photograph in islice(upcoming, 2 * BATCH))
        while waiting:
            ready = [waiting.popleft().result() for _ in range(min(BATCH, len(waiting)))]
            waiting.extend(pool.submit(prepare, photograph) for photograph in islice(upcoming, BATCH))
            yield np.stack([square for square, _ in ready]), np.stack([small for _, small in ready])
    finally:
        pool.shutdown(cancel_futures=True)

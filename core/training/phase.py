"""One phase of a training: epochs over the training images, each with its look at the validation images.

Decides the order of the images and how often progress is told. Leaves to others: what a step does (`steps`), which
epoch is kept and when it is enough (`course`), what is written (`session`).
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.training.feed import Feed
from core.training.train_step import NOTHING, TrainStep

# A call of steps should take about this long: long enough to hide its own cost, short enough to stop soon.
CALL_SECONDS: Final = 0.1
MOST_BATCHES: Final = 1024
# Validation images at once: pooled features are small; of activations and pixels, what follows them is large.
FEATURES_AT_ONCE: Final = 4096
MAPS_AT_ONCE: Final = 32
FEATURES_RANK: Final = 2


@dataclass(frozen=True)
class Images:
    """The images of one split, as the network of a phase is fed them.

    Attributes:
        feed: Their activations or pixels.
        labels: (n,) class indices.
        weights: (n,) weight of each image in the training loss.
    """

    feed: Feed
    labels: NDArray[np.int64]
    weights: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.labels)


@dataclass(frozen=True)
class Scores:
    """How good a network is on the validation images.

    Attributes:
        loss: Mean cross-entropy in nats.
        accuracy: Share of them called what they are labelled as.
        confusion: (n_classes, n_classes) counts, rows true, columns predicted.
    """

    loss: float
    accuracy: float
    confusion: NDArray[np.int64]


# Told after some batches: batches done, batches of the epoch, mean loss and accuracy so far.
BatchProgress = Callable[[int, int, float, float], None]


class ChunkSize:
    """How many batches to hand over at once, so that a call takes about `CALL_SECONDS`."""

    def __init__(self) -> None:
        self.batches = 1

    def took(self, seconds: float) -> None:
        """Learn from how long the last call took."""
        if seconds < CALL_SECONDS / 2:
            self.batches = min(self.batches * 2, MOST_BATCHES)
        elif seconds > CALL_SECONDS * 2:
            self.batches = max(self.batches // 2, 1)


def train_epoch(
    steps: TrainStep,
    images: Images,
    *,
    number: int,
    seed: int,
    batch_size: int,
    pace: ChunkSize,
    on_batches: BatchProgress,
) -> tuple[float, float]:
    """Pass over the training images once, in an order that the seed and the epoch's number decide.

    Args:
        steps: Of the network.
        images: The train split.
        number: Of the epoch over all phases, from 0; also which variation of each image is taken.
        seed: Of the order.
        batch_size: Images a step.
        pace: Learns how many batches to hand over at once.
        on_batches: Told about the progress; may raise to stop.

    Returns:
        Mean loss and accuracy over the epoch, of the network as it was at each step.
    """
    order = np.random.default_rng((seed, number)).permutation(len(images))
    done, sums = 0, NOTHING
    batches = -(-len(order) // batch_size)
    for inputs in images.feed.chunks(order, epoch=number, batch_size=batch_size, batches=lambda: pace.batches):
        rows = order[done : done + len(inputs[0])]
        began = time.perf_counter()
        sums = steps.train(inputs, images.labels[rows], images.weights[rows], sums)
        pace.took(time.perf_counter() - began)
        done += len(rows)
        on_batches(-(-done // batch_size), batches, sums.loss / done, sums.hits / done)
    return sums.loss / done, sums.hits / done


def validate(steps: TrainStep, images: Images, *, classes: int, on_batch: Callable[[], None]) -> Scores:
    """Look at the validation images, in inference mode.

    Args:
        steps: Of the network.
        images: The validation split.
        classes: Number of classes.
        on_batch: Called after each batch; may raise to stop.
    """
    loss, done = 0.0, 0
    confusion = np.zeros((classes, classes), np.int64)
    rows = np.arange(len(images))
    at_once = FEATURES_AT_ONCE if len(steps.network.inputs[0].shape) == FEATURES_RANK else MAPS_AT_ONCE
    for inputs in images.feed.chunks(rows, epoch=0, batch_size=at_once, batches=lambda: 1):
        logits = steps.logits(inputs).astype(np.float64)
        true = images.labels[done : done + len(logits)]
        np.add.at(confusion, (true, logits.argmax(axis=1)), 1)
        loss += float(np.sum(_cross_entropy(logits, true)))
        done += len(logits)
        on_batch()
    return Scores(loss / done, float(np.trace(confusion)) / done, confusion)


def class_weights(labels: NDArray[np.int64], classes: int) -> NDArray[np.float32]:
    """(n,) weights with which each class counts the same; their mean is 1."""
    counts = np.bincount(labels, minlength=classes)
    weights: NDArray[np.float32] = (len(labels) / np.count_nonzero(counts) / counts[labels]).astype(np.float32)
    return weights


def _cross_entropy(logits: NDArray[np.float64], true: NDArray[np.int64]) -> NDArray[np.float64]:
    with np.errstate(invalid="ignore"):  # where a network diverged; its loss is then no number, which ends the phase
        highest = logits.max(axis=1, keepdims=True)
        spread = highest[:, 0] + np.log(np.exp(logits - highest).sum(axis=1))
        losses: NDArray[np.float64] = spread - logits[np.arange(len(true)), true]
    return losses

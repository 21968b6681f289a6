"""Graft's training loop beside `Model.fit(steps_per_execution=...)`, on a head and on a convolutional suffix."""

import statistics
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

import keras
import numpy as np

from benchmarks.clock import table
from benchmarks.sections import Bench
from core.training.data_pipeline import ActivationLoader, SplitData
from core.training.loop import train_epoch, validate
from core.training.recipe import Optimizer
from core.training.train_step import ChunkSize, TrainStep

BATCH = 32
CLASSES = 5
OPTIMIZER: Optimizer = "adam"
LEARNING_RATE = 1e-3


class InMemory:
    """Activations in memory, as `core.features` gives them for small projects."""

    def __init__(self, values: np.ndarray) -> None:
        self.shapes = [values.shape[1:]]
        self._values = values

    def gather(self, rows: np.ndarray, _view: int = 0) -> list[np.ndarray]:
        return [self._values[rows]]


@dataclass(frozen=True)
class Problem:
    """What is trained.

    Attributes:
        name: For the table.
        build: Makes the network, (n, *shape) -> logits.
        train: (n, *shape) float32 and (n,) labels.
        validation: The same.
        epochs: How many are trained.
    """

    name: str
    build: Callable[[], keras.Model]
    train: tuple[np.ndarray, np.ndarray]
    validation: tuple[np.ndarray, np.ndarray]
    epochs: int


class Measured(NamedTuple):
    """One training.

    Attributes:
        seconds: Of all epochs, with the building of the graphs.
        epoch: Median seconds of an epoch after the first.
        reports: Progress reports per epoch.
        longest: Longest time between two reports after the first epoch, in seconds: a stop takes up to that long.
    """

    seconds: float
    epoch: float
    reports: float
    longest: float


def training_loop(bench: Bench) -> Iterator[str]:
    """Measure both problems; one table each."""
    for problem in _problems(bench.short):
        ways: dict[str, Callable[[Problem], Measured]] = {
            "Graft": _ours,
            "fit": lambda problem: _fit(problem, 1),
            "fit, steps_per_execution=8": lambda problem: _fit(problem, 8),
            "fit, steps_per_execution=epoch": lambda problem: _fit(problem, -(-len(problem.train[0]) // BATCH)),
        }
        found: dict[str, list[Measured]] = {name: [] for name in ways}
        for _ in range(bench.rounds):
            for name, train in ways.items():
                found[name].append(train(problem))
        rows = []
        for name, trainings in found.items():
            middle = [statistics.median(values) for values in zip(*trainings, strict=True)]
            rows.append((name, f"{middle[0]:.2f}", f"{1000 * middle[1]:.1f}", f"{middle[2]:.1f}", f"{middle[3]:.3f}"))
        yield table(
            f"Training loop: {problem.name}, {problem.epochs} epochs",
            ("way", "seconds", "ms per epoch", "reports per epoch", "seconds until a stop, at most"),
            rows,
        )


def _problems(short: bool) -> list[Problem]:
    rng = np.random.default_rng(0)
    n_train, n_validation = (64, 32) if short else (750, 160)

    def data(shape: tuple[int, ...], count: int) -> tuple[np.ndarray, np.ndarray]:
        return rng.normal(size=(count, *shape)).astype(np.float32), rng.integers(0, CLASSES, count)

    features, maps = (1280,), (7, 7, 64)
    return [
        Problem(
            "a head on 1,280 features",
            lambda: _head(features),
            data(features, n_train),
            data(features, n_validation),
            2 if short else 20,
        ),
        Problem(
            "three convolutions on activations",
            lambda: _suffix(maps),
            data(maps, n_train // 2),
            data(maps, n_validation),
            2 if short else 4,
        ),
    ]


def _head(shape: tuple[int, ...]) -> keras.Model:
    inputs = keras.Input(shape)
    return keras.Model(inputs, keras.layers.Dense(CLASSES)(keras.layers.Dropout(0.2)(inputs)))


def _suffix(shape: tuple[int, ...]) -> keras.Model:
    inputs = x = keras.Input(shape)
    for width in (32, 32, 64):
        x = keras.layers.Conv2D(width, 3, padding="same", activation="relu")(x)
    return keras.Model(inputs, keras.layers.Dense(CLASSES)(keras.layers.GlobalAveragePooling2D()(x)))


def _ours(problem: Problem) -> Measured:
    keras.utils.set_random_seed(0)
    network = problem.build()
    data, validation = (
        SplitData(ActivationLoader(InMemory(values), 0), labels, np.ones(len(labels), np.float32))
        for values, labels in (problem.train, problem.validation)
    )
    reports: list[list[float]] = []
    ends = [time.perf_counter()]
    step, chunk_size = TrainStep(network, OPTIMIZER, LEARNING_RATE, BATCH), ChunkSize()
    for number in range(problem.epochs):
        reports.append([])

        def report(*_: object, times: list[float] = reports[-1]) -> None:
            times.append(time.perf_counter())

        train_epoch(step, data, number=number, seed=0, batch_size=BATCH, chunk_size=chunk_size, on_batches=report)
        validate(step, validation, classes=CLASSES, on_batch=report)
        ends.append(time.perf_counter())
    return _measured(ends, reports)


class _Clock(keras.callbacks.Callback):
    """Records when a callback could report progress or stop the training."""

    def __init__(self) -> None:
        super().__init__()
        self.reports: list[list[float]] = []
        self.ends: list[float] = []

    def on_epoch_begin(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - named by Keras
        self.reports.append([])

    def on_train_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 - named by Keras
        self.reports[-1].append(time.perf_counter())

    def on_test_batch_end(self, batch: int, logs: object = None) -> None:  # noqa: ARG002 - named by Keras
        self.reports[-1].append(time.perf_counter())

    def on_epoch_end(self, epoch: int, logs: object = None) -> None:  # noqa: ARG002 - named by Keras
        self.ends.append(time.perf_counter())


def _fit(problem: Problem, steps: int) -> Measured:
    keras.utils.set_random_seed(0)
    network, clock = problem.build(), _Clock()
    began = time.perf_counter()
    network.compile(
        keras.optimizers.Adam(LEARNING_RATE),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
        steps_per_execution=steps,
        jit_compile=False,
    )
    network.fit(
        *problem.train,
        batch_size=BATCH,
        epochs=problem.epochs,
        validation_data=problem.validation,
        callbacks=[clock],
        verbose=0,
    )
    return _measured([began, *clock.ends], clock.reports)


def _measured(ends: list[float], reports: list[list[float]]) -> Measured:
    epochs = np.diff(ends)
    later = [time for times in reports[1:] for time in times]
    gaps = np.diff([ends[1], *later])
    return Measured(
        ends[-1] - ends[0],
        float(np.median(epochs[1:])),
        sum(map(len, reports)) / len(reports),
        float(gaps.max()),
    )

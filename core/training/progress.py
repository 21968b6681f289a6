"""Reports a run's events: progress at most five times a second with the time left, and the seconds of each stage."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Final, Literal

from core.jobs.events import Batch, Event, Message, Stage

INTERVAL_SECONDS: Final = 0.2

# Receives the units done and the total.
StageProgress = Callable[[int, int], None]


class PhaseEstimate:
    """Estimates the time left of a phase from its measured epochs, before them from its measured batches.

    There is no estimate over several phases, because an epoch of the head may take a thousandth of one of fine-tuning.
    The first epoch of a process builds the graph of the network, so it counts only until another one was measured.

    Args:
        epochs_left: Epochs of the phase that are planned and not trained yet.
        seconds: Durations of epochs of this phase that an earlier process trained.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self, epochs_left: int, seconds: Sequence[float] = (), clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._epochs_left = epochs_left
        self._earlier = list(seconds)
        self._measured: list[float] = []
        self._clock = clock
        self._first: tuple[float, float] | None = None

    def after_batches(self, share: float) -> float | None:
        """Seconds left when a share of the current epoch is trained; None before the second report."""
        now = self._clock()
        if (seconds := self._epoch_seconds()) is not None:
            return seconds * (self._epochs_left - share)
        if self._first is None:
            self._first = (now, share)
        began, before = self._first
        return (now - began) / (share - before) * (self._epochs_left - share) if share > before else None

    def after_epoch(self, seconds: float) -> float:
        """Seconds left after an epoch that took so long."""
        self._measured.append(seconds)
        self._epochs_left -= 1
        mean = self._epoch_seconds()
        return (seconds if mean is None else mean) * self._epochs_left

    def _epoch_seconds(self) -> float | None:
        """Mean duration of an epoch; None before one was measured."""
        epochs = self._measured[1:] or self._earlier or self._measured
        return sum(epochs) / len(epochs) if epochs else None


class ProgressReporter:
    """Emits events and adds up the seconds of each stage.

    Args:
        emit: Receives the events.
        seconds: Seconds per stage from an earlier process of the same run.
        clock: A monotonic clock in seconds.
    """

    def __init__(
        self,
        emit: Callable[[Event], None],
        seconds: Mapping[str, float] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.emit = emit
        self.seconds: dict[str, float] = dict(seconds or {})
        self._clock = clock
        self._last_report = -INTERVAL_SECONDS

    def message(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        """Emit one sentence."""
        self.emit(Message(level=level, text=text))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside the context to the seconds of a stage."""
        began = self._clock()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self._clock() - began

    def stage(self, name: str, unit: str = "") -> StageProgress:
        """Begin a stage and return the function that reports its progress.

        The time left is estimated from the units done since the first report: units before it were cached.
        """
        self.emit(Stage(name=name, unit=unit))
        first: list[tuple[float, int]] = []

        def report(done: int, total: int) -> None:
            now = self._clock()
            first.append((now, done)) if not first else None
            if done < total and not self._is_due(now):
                return
            began, before = first[0]
            left = (now - began) / (done - before) * (total - done) if done > before and total else None
            self.emit(Stage(name=name, done=done, total=total, seconds_left=left, unit=unit))

        return report

    def batch(self, event: Batch) -> None:
        """Emit the progress of a batch, unless another report was emitted within the interval."""
        if self._is_due(self._clock()):
            self.emit(event)

    def _is_due(self, now: float) -> bool:
        if now - self._last_report < INTERVAL_SECONDS:
            return False
        self._last_report = now
        return True

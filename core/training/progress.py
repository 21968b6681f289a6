"""Tells a run's events: progress at most five times a second, with the time left, and how long each stage took."""

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Final, Literal

from core.jobs.events import Batch, Event, Message, Stage

INTERVAL_SECONDS: Final = 0.2

Progress = Callable[[int, int], None]


class ProgressReporter:
    """Tells events and keeps the time.

    Args:
        emit: Takes the events.
        seconds: By stage, of an earlier process that began the run.
        clock: Seconds that never go back.
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
        self._told = -INTERVAL_SECONDS

    def say(self, text: str, level: Literal["info", "warning"] = "info") -> None:
        """Tell a sentence."""
        self.emit(Message(level=level, text=text))

    @contextmanager
    def timed(self, stage: str) -> Iterator[None]:
        """Add the time spent inside to a stage's seconds."""
        began = self._clock()
        try:
            yield
        finally:
            self.seconds[stage] = self.seconds.get(stage, 0.0) + self._clock() - began

    def progress(self, name: str, unit: str = "") -> Progress:
        """Begin a stage of the story, and give the function that tells how far it is.

        The time left follows from the units done since the first report: what was done before it (cached) took none.
        """
        self.emit(Stage(name=name, unit=unit))
        first: list[tuple[float, int]] = []

        def tell(done: int, total: int) -> None:
            now = self._clock()
            first.append((now, done)) if not first else None
            if done < total and not self._is_time(now):
                return
            began, before = first[0]
            left = (now - began) / (done - before) * (total - done) if done > before and total else None
            self.emit(Stage(name=name, done=done, total=total, seconds_left=left, unit=unit))

        return tell

    def batch(self, event: Batch) -> None:
        """Tell a batch's progress, unless one was told a moment ago."""
        if self._is_time(self._clock()):
            self.emit(event)

    def _is_time(self, now: float) -> bool:
        if now - self._told < INTERVAL_SECONDS:
            return False
        self._told = now
        return True

"""Measures times and writes tables."""

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version

from core.training.device import processor_name


@dataclass
class Trial:
    """One measured run.

    Attributes:
        seconds: Elapsed time.
        processor: Processor time, including child processes; a busy machine hardly changes it.
        accuracy: On the test split; NaN if not measured.
    """

    seconds: float = 0.0
    processor: float = 0.0
    accuracy: float = float("nan")


class Stopwatch:
    """A context that adds up the time spent inside."""

    def __init__(self) -> None:
        self.trial = Trial()

    def __enter__(self) -> "Stopwatch":
        self._began = time.perf_counter(), _processor_seconds()
        return self

    def __exit__(self, *_: object) -> None:
        self.trial.seconds += time.perf_counter() - self._began[0]
        self.trial.processor += _processor_seconds() - self._began[1]


def _processor_seconds() -> float:
    return sum(os.times()[:4])


def median(trials: Iterable[Trial]) -> Trial:
    """The medians of several runs."""
    trials = list(trials)
    return Trial(
        statistics.median(trial.seconds for trial in trials),
        statistics.median(trial.processor for trial in trials),
        statistics.fmean(trial.accuracy for trial in trials),
    )


def table(title: str, head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table with its title."""
    lines = [f"### {title}", "", _line(head), _line("---" for _ in head), *map(_line, rows), ""]
    return "\n".join(lines)


def _line(cells: Iterable[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def machine() -> str:
    """The machine and the versions, in one line."""
    names = ("tensorflow", "keras", "openvino", "scikit-learn", "pillow")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{processor_name()}, {os.cpu_count()} cores, {system}, {versions}"

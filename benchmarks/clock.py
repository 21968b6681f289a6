"""Times of a piece of work, and the tables that they become."""

import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path


@dataclass
class Trial:
    """One run of something.

    Attributes:
        seconds: Wall time.
        processor: Processor time, of child processes too: what a busy machine does not change.
        accuracy: On the test split; NaN where there is none.
    """

    seconds: float = 0.0
    processor: float = 0.0
    accuracy: float = float("nan")


class Stopwatch:
    """Measures what happens inside, as often as it is entered."""

    def __init__(self) -> None:
        self.trial = Trial()

    def __enter__(self) -> "Stopwatch":
        self._began = time.perf_counter(), _processor()
        return self

    def __exit__(self, *_: object) -> None:
        self.trial.seconds += time.perf_counter() - self._began[0]
        self.trial.processor += _processor() - self._began[1]


def _processor() -> float:
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
    """One sentence on the machine and the versions."""
    names = ("tensorflow", "keras", "openvino", "scikit-learn", "pillow")
    versions = ", ".join(f"{name} {version(name)}" for name in names)
    system = f"{platform.system()}, Python {platform.python_version()}"
    return f"{_processor_name()}, {os.cpu_count()} cores, {system}, {versions}"


def _processor_name() -> str:
    info = Path("/proc/cpuinfo")
    if info.is_file():
        for line in info.read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()

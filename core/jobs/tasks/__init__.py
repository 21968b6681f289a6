"""What can be asked for. A task is named by a dotted string and imported by the worker that executes it.

To add one: a function `(context: JobContext) -> dict` in a module here, and a line in `TASKS`.
"""

from dataclasses import dataclass
from typing import Literal

Resource = Literal["train", "quick", "data"]


@dataclass(frozen=True)
class Task:
    """A kind of job.

    Attributes:
        function: Dotted name of `module:function`.
        resource: Which workers take it: `train` (one at a time, for minutes), `quick` (keeps models warm for answers in
            under a second) or `data` (no framework).
    """

    function: str
    resource: Resource


TASKS: dict[str, Task] = {
    "train": Task("core.jobs.tasks.training:train", "train"),
    "take-in": Task("core.jobs.tasks.images:take_in", "data"),
    "take-out": Task("core.jobs.tasks.datasets:take_out", "data"),
    "draw-splits": Task("core.jobs.tasks.splits:draw", "data"),
    "check": Task("core.jobs.tasks.checks:check", "train"),
    "cross-validate": Task("core.jobs.tasks.checks:cross_validation", "train"),
    "download-weights": Task("core.jobs.tasks.weights:download", "data"),
    "predict": Task("core.jobs.tasks.models:predict", "quick"),
    "explain": Task("core.jobs.tasks.models:explain", "quick"),
    "map": Task("core.jobs.tasks.maps:neighbours", "data"),
    "export": Task("core.jobs.tasks.models:export", "quick"),
}

"""What can be asked for. A task is named by a dotted string and imported by the worker that executes it.

To add one: a function `(context: JobContext) -> dict` in a module here, and a line in `HANDLERS`.
"""

from dataclasses import dataclass
from typing import Literal

Resource = Literal["train", "quick", "data"]


@dataclass(frozen=True)
class Handler:
    """A kind of job.

    Attributes:
        function: Dotted name of `module:function`.
        resource: Which workers take it: `train` (one at a time, for minutes), `quick` (keeps models warm for answers in
            under a second) or `data` (no framework).
    """

    function: str
    resource: Resource


HANDLERS: dict[str, Handler] = {
    "train": Handler("core.jobs.handlers.training:train", "train"),
    "take-in": Handler("core.jobs.handlers.images:take_in", "data"),
    "take-out": Handler("core.jobs.handlers.datasets:take_out", "data"),
    "draw-splits": Handler("core.jobs.handlers.splits:draw", "data"),
    "check": Handler("core.jobs.handlers.checks:check", "train"),
    "cross-validate": Handler("core.jobs.handlers.checks:cross_validation", "train"),
    "download-weights": Handler("core.jobs.handlers.weights:download", "data"),
    "predict": Handler("core.jobs.handlers.models:predict", "quick"),
    "explain": Handler("core.jobs.handlers.models:explain", "quick"),
    "map": Handler("core.jobs.handlers.maps:neighbours", "data"),
    "export": Handler("core.jobs.handlers.models:export", "quick"),
}

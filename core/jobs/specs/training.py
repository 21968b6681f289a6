"""Jobs that train, and that fetch what a training needs."""

from typing import ClassVar, Literal

from core.jobs.specs.base import Resource, Result, Spec


class TrainResult(Result):
    """Seconds spent in each stage of a run. Its figures are in the run's summary and report."""

    seconds: dict[str, float]


class TrainSpec(Spec):
    """Train and evaluate a run: the job's id is the run's, which has the recipe and the manifest."""

    kind: Literal["train"] = "train"
    handler: ClassVar[str] = "core.jobs.handlers.train:train"
    resource: ClassVar[Resource] = "train"
    timeout_seconds: ClassVar[float] = 60 * 60
    grace_seconds: ClassVar[float] = 60
    result: ClassVar[type[Result]] = TrainResult


class DownloadWeightsResult(Result):
    """Nothing: the file is where Keras looks for it."""


class DownloadWeightsSpec(Spec):
    """Download the ImageNet weights of a backbone.

    Attributes:
        backbone: Its name.
    """

    kind: Literal["download-weights"] = "download-weights"
    handler: ClassVar[str] = "core.jobs.handlers.download_weights:download_weights"
    resource: ClassVar[Resource] = "data"
    result: ClassVar[type[Result]] = DownloadWeightsResult
    backbone: str

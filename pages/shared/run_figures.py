"""The few figures of a run that tables show, as the catalog keeps them."""

from dataclasses import dataclass

from core.catalog.runs import Run
from core.evaluation.metrics.intervals import Interval


@dataclass(frozen=True)
class Figures:
    """How good a run is, in short.

    Attributes:
        validation: Accuracy on the validation split.
        validation_interval: Its 95% interval; None of a run that was measured before it was kept.
        test: Accuracy on the test split.
        test_interval: Its 95% interval.
        epochs: How many it took.
        seconds: All stages together.
    """

    validation: float
    validation_interval: Interval | None
    test: float
    test_interval: Interval
    epochs: int
    seconds: float


def figures_of(run: Run) -> Figures | None:
    """Give the figures of a run; None if it was not measured."""
    kept = run.summary
    if not kept:
        return None
    return Figures(
        validation=kept["validation_accuracy"],
        validation_interval=Interval(*kept["validation_interval"]) if "validation_interval" in kept else None,
        test=kept["test_accuracy"],
        test_interval=Interval(*kept["test_interval"]),
        epochs=kept["epochs"],
        seconds=kept["seconds"],
    )

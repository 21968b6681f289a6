"""How many images of each class were taken when, as the cameras say."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from core.use.prediction_store import PredictionStore

Period = Literal["hour", "day", "month", "year"]

# The longest time that is divided into such periods; years for all others.
LONGEST: Final[dict[Period, timedelta]] = {
    "hour": timedelta(days=2),
    "day": timedelta(days=92),
    "month": timedelta(days=3653),
}
# How many letters of a time name its period, and what makes a time of them again.
_LETTERS: Final[dict[Period, tuple[int, str]]] = {
    "hour": (13, ":00:00"),
    "day": (10, "T00:00:00"),
    "month": (7, "-01T00:00:00"),
    "year": (4, "-01-01T00:00:00"),
}


@dataclass(frozen=True)
class ClassTimes:
    """Images of each class over time.

    Attributes:
        period: What the time is divided into.
        starts: Start of each period in which there is an image, in order.
        counts: For each class, the most frequent first, its images in each of these periods.
        without_time: Images whose camera wrote no time.
    """

    period: Period
    starts: tuple[datetime, ...]
    counts: dict[str, tuple[int, ...]]
    without_time: int

    @property
    def periods(self) -> int:
        """How many periods there are from the first to the last, with or without an image."""
        first, last = self.starts[0], self.starts[-1]
        months = 12 * (last.year - first.year) + last.month - first.month
        lasted = last - first
        before = {"hour": lasted // timedelta(hours=1), "day": lasted.days, "month": months, "year": months // 12}
        return before[self.period] + 1


def count_class_times(store: PredictionStore) -> ClassTimes | None:
    """Count the images of each class over time; None if no camera wrote a time."""
    first, last = store.first_and_last_time()
    if first is None or last is None:
        return None
    lasted = datetime.fromisoformat(last) - datetime.fromisoformat(first)
    period: Period = next((name for name, longest in LONGEST.items() if lasted <= longest), "year")
    letters, rest = _LETTERS[period]
    counted = store.count_times(letters)
    starts = sorted({start for start, _ in counted if start is not None})
    classes = Counter[str]()
    for (start, name), number in counted.items():
        if start is not None:
            classes[name] += number
    return ClassTimes(
        period,
        tuple(datetime.fromisoformat(start + rest) for start in starts),
        {name: tuple(counted.get((start, name), 0) for start in starts) for name, _ in classes.most_common()},
        sum(number for (start, _), number in counted.items() if start is None),
    )

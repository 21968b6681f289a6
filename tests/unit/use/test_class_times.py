"""Images of each class over time: by the hour, day, month or year, whatever the time that they cover."""

from pathlib import Path

import pytest

from core.use.class_times import count_class_times
from core.use.prediction_store import PredictionStore, StoredPrediction
from pages.use.time_chart import stacked


@pytest.fixture
def store(tmp_path: Path):
    with PredictionStore(tmp_path / "rows") as opened:
        yield opened


def add(store: PredictionStore, *images: tuple[str, str | None]) -> None:
    before = store.count()
    store.add([StoredPrediction(f"{before}-{row}", name, 0.9, time=time) for row, (name, time) in enumerate(images)])


def test_without_times_there_is_nothing_to_count(store: PredictionStore):
    add(store, ("cat", None))
    store.add([StoredPrediction("broken", error="The file is empty.")])
    assert count_class_times(store) is None


@pytest.mark.parametrize(
    ("last", "period", "start", "periods"),
    [
        ("2026-05-02T09:59:00", "hour", "2026-05-02T09:00:00", 26),
        ("2026-06-30T09:59:00", "day", "2026-06-30T00:00:00", 61),
        ("2029-02-03T09:59:00", "month", "2029-02-01T00:00:00", 34),
        ("2040-02-03T09:59:00", "year", "2040-01-01T00:00:00", 15),
    ],
)
def test_the_time_that_they_cover_decides_on_the_period(
    store: PredictionStore, last: str, period: str, start: str, periods: int
):
    add(store, ("cat", last), ("cat", "2026-05-01T08:30:00"), ("dog", last), ("dog", None), ("cat", last))
    store.correct(["0-2"], "cow")
    times = count_class_times(store)
    assert (times.period, times.starts[-1].isoformat(), len(times.starts)) == (period, start, 2)
    assert times.counts == {"cat": (1, 2), "cow": (0, 1)}
    assert (times.without_time, times.periods) == (1, periods)


def test_rare_classes_share_a_bar(store: PredictionStore):
    for number in range(12):
        add(store, *[(f"class {number}", f"2026-05-{day + 1:02}T08:00:00") for day in range(12 - number)])
    chart = stacked(count_class_times(store))
    assert [bar.name for bar in chart.figure.data][-2:] == ["class 7", "4 other classes"]
    assert list(chart.figure.data[-1].y) == [4, 3, 2, 1, *[0] * 8]
    assert chart.alt.startswith("Images of each class by day, from 2026-05-01 to 2026-05-12: class 0 12, class 1 11, ")


def test_one_class_alone_among_the_rare_ones_is_one(store: PredictionStore):
    for number in range(9):
        add(store, *[(f"class {number}", f"2026-05-{day + 1:02}T08:00:00") for day in range(10 - number)])
    assert stacked(count_class_times(store)).figure.data[-1].name == "1 other class"

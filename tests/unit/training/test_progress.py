import pytest

from core.jobs.events import Batch, Message, Stage
from core.training.progress import PhaseEstimate, ProgressReporter


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def batch(number: int) -> Batch:
    return Batch(phase="head", epoch=1, batch=number, batches=99, loss=1, accuracy=0)


def test_progress_is_reported_five_times_a_second_and_at_the_end():
    events, clock = [], Clock()
    report = ProgressReporter(events.append, clock=clock).stage("Computing", "images")
    for done in range(1, 101):
        clock.now += 0.01
        report(done, 100)
    assert len(events) == 1 + 5 + 1
    assert events[-1] == Stage(name="Computing", done=100, total=100, seconds_left=0, unit="images")


def test_the_time_left_does_not_count_cached_units():
    events, clock = [], Clock()
    report = ProgressReporter(events.append, clock=clock).stage("Computing")
    report(50, 100)
    clock.now += 10
    report(60, 100)
    assert events[-1].seconds_left == 40


def test_batches_are_reported_five_times_a_second():
    events, clock = [], Clock()
    reporter = ProgressReporter(events.append, clock=clock)
    for number in range(100):
        reporter.batch(batch(number))
        clock.now += 0.01
    assert len(events) == 5


def test_seconds_of_a_stage_add_up_over_processes():
    clock = Clock()
    reporter = ProgressReporter(lambda _event: None, {"features": 3.0}, clock)
    with reporter.timed("features"):
        clock.now += 2
    assert reporter.seconds == {"features": 5.0}


def test_a_message_is_emitted():
    events = []
    ProgressReporter(events.append).message("It falls.", "warning")
    assert events == [Message(level="warning", text="It falls.")]


def test_before_the_first_epoch_the_time_left_follows_from_batches():
    clock = Clock()
    estimate = PhaseEstimate(10, clock=clock)
    assert estimate.after_batches(0.1) is None
    clock.now += 2
    assert estimate.after_batches(0.2) == pytest.approx(2 / 0.1 * 9.8)


def test_the_time_left_follows_from_epochs_without_the_first_one():
    estimate = PhaseEstimate(10, clock=Clock())
    assert estimate.after_epoch(30) == 30 * 9
    assert estimate.after_epoch(2) == 2 * 8
    assert estimate.after_epoch(4) == 3 * 7
    assert estimate.after_batches(0.5) == 3 * 6.5


def test_the_time_left_of_a_resumed_phase_follows_from_its_earlier_epochs():
    estimate = PhaseEstimate(4, [2.0, 4.0], clock=Clock())
    assert estimate.after_batches(0.5) == 3 * 3.5


def test_no_time_is_left_after_the_last_epoch():
    estimate = PhaseEstimate(1, clock=Clock())
    assert estimate.after_epoch(7) == 0

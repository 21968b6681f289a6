from core.jobs.events import Batch, Message, Stage
from core.training.progress import ProgressReporter


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

"""The log of a run, summed up from its events for the Train page."""

from core.jobs.events import Batch, Ended, Epoch, Message, Stage, Started
from pages.shared.run_log import RunLog, add_events


def _epoch(number: int, phase: str = "head", *, best: bool = False, seconds: float = 2.0) -> Epoch:
    return Epoch(
        phase=phase,
        epoch=number,
        epochs=10,
        loss=1.0,
        accuracy=0.5,
        val_loss=1.0,
        val_accuracy=number / 10,
        learning_rate=1e-3,
        seconds=seconds,
        best=best,
    )


def _log(*events) -> RunLog:
    return add_events(RunLog(), [(number, float(number), event) for number, event in enumerate(events, 1)])


def _sentences(log: RunLog) -> list[str]:
    return [line.text for line in log.lines]


def test_the_log_of_a_finished_run_goes_from_its_device_to_the_epoch_it_kept():
    log = _log(
        Started(device="a processor", engine="OpenVINO"),
        Stage(name="Computing features", done=4, total=4),
        _epoch(1, best=True),
        _epoch(2, "fine-tune", best=True),
        Ended(status="finished"),
    )
    assert _sentences(log) == [
        "Runs on a processor; the frozen layers are computed by OpenVINO.",
        "Training began with the new head.",
        "From epoch 2 on: fine-tuning.",
        "Finished. Kept: epoch 2, with a validation accuracy of 20.0%.",
    ]


def test_reading_in_two_parts_gives_the_same_log():
    events = [(1, 1.0, Started(device="x")), (2, 2.0, _epoch(1)), (3, 3.0, Message(text="A sentence."))]
    assert add_events(add_events(RunLog(), events[:1]), events[1:]) == add_events(RunLog(), events)


def test_the_best_epoch_is_the_last_that_was_the_best():
    assert _log(_epoch(1, best=True), _epoch(2, best=True), _epoch(3)).best == _epoch(2, best=True)


def test_the_time_left_is_that_of_the_latest_batch_or_epoch():
    epoch = _epoch(1).model_copy(update={"seconds_left": 40.0})
    batch = Batch(phase="head", epoch=2, batch=1, batches=5, loss=1, accuracy=0.5, seconds_left=30)
    assert _log().seconds_left is None
    assert _log(epoch).seconds_left == 40
    assert _log(epoch, batch).seconds_left == 30
    assert _log(_epoch(1)).seconds_left is None  # an event of version 0.1


def test_the_time_of_a_resumed_run_goes_on_without_the_break():
    started = Started(device="x")
    stopped = Ended(status="stopped", reason="Stopped.")
    events = [(10, started), (40, _epoch(1)), (50, stopped), (1000, started), (1005, _epoch(2))]
    log = add_events(RunLog(), [(number, float(at), event) for number, (at, event) in enumerate(events[:3])])
    assert log.computing_seconds(500) == 40
    add_events(log, [(number, float(at), event) for number, (at, event) in enumerate(events[3:], 3)])
    assert log.computing_seconds(1020) == 60
    assert RunLog().computing_seconds(7) is None


def test_the_time_between_two_events_belongs_to_the_stage_that_went_on():
    """The catalog keeps only the latest progress event of a stage."""
    events = [
        (0, Started(device="x")),
        (1, Stage(name="Preparing")),
        (2, Stage(name="Computing")),
        (3, Message(text="Some were there already.")),
        (9, Stage(name="Computing", done=8, total=8)),
        (10, _epoch(1)),
        (14, _epoch(2)),
        (15, Stage(name="Saving")),
        (17, Message(text="Saved.")),
        (30, Stage(name="Evaluating", done=5, total=5)),
        (31, Ended(status="finished")),
        (90, Started(device="x")),
    ]
    log = add_events(RunLog(), [(number, float(at), event) for number, (at, event) in enumerate(events[:-1])])
    spent = {name: timed.seconds for name, timed in log.stages.items()}
    assert spent == {"Preparing": 1, "Computing": 8, "Saving": 2, "Evaluating": 14}
    assert log.lines[1].at == 9  # training began when the features were there
    assert add_events(log, [(99, 90.0, events[-1][1])]).stages == {}


def test_a_batch_counts_until_its_epoch_ends():
    batch = Batch(phase="head", epoch=1, batch=1, batches=2, loss=1.0, accuracy=0.5)
    assert _log(batch).batch == batch
    assert _log(batch, _epoch(1)).batch is None


def test_a_resumed_run_goes_on_and_counts_an_epoch_once():
    log = _log(
        Started(device="x"), _epoch(1), Ended(status="failed", reason="It died."), Started(device="x"), _epoch(1)
    )
    assert log.ended is None
    assert list(log.epochs) == [1]
    assert _sentences(log)[-2:] == ["It died.", "Resumed."]


def test_a_stage_knows_how_long_it_took():
    log = _log(Stage(name="Reading"), Stage(name="Reading", done=1, total=2))
    assert (log.stages["Reading"].stage.done, log.stages["Reading"].seconds) == (1, 1.0)
    assert not log.in_epochs

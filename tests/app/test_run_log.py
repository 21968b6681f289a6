"""A run's events gathered into what the Train page shows."""

from core.jobs.events import Batch, Ended, Epoch, Message, Stage, Started
from pages.shared.run_log import RunLog, tell


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


def _told(*events) -> RunLog:
    return tell(RunLog(), [(number, float(number), event) for number, event in enumerate(events, 1)])


def _sentences(story: RunLog) -> list[str]:
    return [line.text for line in story.lines]


def test_a_run_that_went_well_is_told_from_its_device_to_the_epoch_it_kept():
    story = _told(
        Started(device="a processor", engine="OpenVINO"),
        Stage(name="Computing features", done=4, total=4),
        _epoch(1, best=True),
        _epoch(2, "fine-tune", best=True),
        Ended(status="finished"),
    )
    assert _sentences(story) == [
        "Runs on a processor; the frozen layers are computed by OpenVINO.",
        "Training began with the new head.",
        "From epoch 2 on: fine-tuning.",
        "Finished. Kept: epoch 2, with a validation accuracy of 20.0%.",
    ]


def test_reading_in_two_parts_gives_the_same_story():
    events = [(1, 1.0, Started(device="x")), (2, 2.0, _epoch(1)), (3, 3.0, Message(text="A sentence."))]
    assert tell(tell(RunLog(), events[:1]), events[1:]) == tell(RunLog(), events)


def test_the_best_epoch_is_the_last_that_was_the_best():
    assert _told(_epoch(1, best=True), _epoch(2, best=True), _epoch(3)).best == _epoch(2, best=True)


def test_the_time_left_is_that_of_the_epochs_of_this_phase():
    assert _told(_epoch(1, seconds=1), _epoch(2, "fine-tune", seconds=5)).seconds_left == 40


def test_the_time_between_two_events_belongs_to_the_stage_that_went_on():
    """As a run is read afterwards: each stage's progress has replaced the lines before it, the first one too."""
    told = [
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
    story = tell(RunLog(), [(number, float(at), event) for number, (at, event) in enumerate(told[:-1])])
    spent = {name: timed.seconds for name, timed in story.stages.items()}
    assert spent == {"Preparing": 1, "Computing": 8, "Saving": 2, "Evaluating": 14}
    assert story.lines[1].at == 9  # training began when the features were there
    assert tell(story, [(99, 90.0, told[-1][1])]).stages == {}


def test_a_batch_counts_until_its_epoch_ends():
    batch = Batch(phase="head", epoch=1, batch=1, batches=2, loss=1.0, accuracy=0.5)
    assert _told(batch).batch == batch
    assert _told(batch, _epoch(1)).batch is None


def test_a_resumed_run_goes_on_and_counts_an_epoch_once():
    story = _told(
        Started(device="x"), _epoch(1), Ended(status="failed", reason="It died."), Started(device="x"), _epoch(1)
    )
    assert story.ended is None
    assert list(story.epochs) == [1]
    assert _sentences(story)[-2:] == ["It died.", "Resumed."]


def test_a_stage_knows_how_long_it_took():
    story = _told(Stage(name="Reading"), Stage(name="Reading", done=1, total=2))
    assert (story.stages["Reading"].stage.done, story.stages["Reading"].seconds) == (1, 1.0)
    assert not story.trains

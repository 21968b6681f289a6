import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.jobs.events import Epoch
from core.training.history import History, chance_fall
from core.training.plan import PlannedPhase

HEAD = PlannedPhase("head", 5, 1e-3, "features")
TUNE = PlannedPhase("fine-tune", 4, 1e-4, "activations")
LOSSES = st.lists(st.floats(0, 10), max_size=30)


def course(losses, patience=None, phases=(HEAD, TUNE)) -> History:
    """A course that went on for as many epochs as it wanted, with these validation losses."""
    made = History(phases, patience)
    for number, loss in enumerate(losses, start=1):
        if made.phase is None:
            break
        made.history.append(epoch(made.phase.name, number, loss))
    return made


def epoch(phase: str, number: int, val_loss: float) -> Epoch:
    return Epoch(
        phase=phase, epoch=number, epochs=9, loss=1, accuracy=1, val_loss=val_loss, val_accuracy=1, learning_rate=1,
        seconds=0,
    )  # fmt: skip


def test_phases_follow_each_other():
    assert course([]).phase == HEAD
    assert course([1] * 5).phase == TUNE
    assert course([1] * 9).phase is None


def test_a_phase_ends_when_its_patience_does():
    made = course([3, 2, 2, 2.5], patience=2)
    assert made.phase == TUNE
    assert made.ended_early(HEAD)


def test_patience_begins_anew_with_a_phase():
    assert course([3, 1, 2, 2, 5, 4], patience=2).phase == TUNE


def test_a_better_epoch_gives_new_patience():
    assert course([3, 4, 2, 3], patience=2).phase == HEAD


@given(LOSSES, st.none() | st.integers(1, 5))
def test_the_best_epoch_has_the_lowest_loss_and_is_the_first_of_those(losses, patience):
    made = course(losses, patience)
    if made.history:
        lowest = min(entry.val_loss for entry in made.history)
        assert made.best == next(entry for entry in made.history if entry.val_loss == lowest)
        assert not made.is_better(lowest)
        assert made.is_better(math.nextafter(lowest, -1))


@given(LOSSES, st.none() | st.integers(1, 5), st.integers(0, 30))
def test_a_course_that_was_interrupted_goes_on_where_it_was(losses, patience, at):
    whole = course(losses, patience)
    resumed = History(whole.phases, patience, whole.history[:at])
    for entry in whole.history[at:]:
        assert resumed.phase is not None
        assert resumed.phase.name == entry.phase
        resumed.history.append(entry)
    assert (resumed.phase, resumed.best) == (whole.phase, whole.best)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_a_loss_that_is_no_number_ends_the_phase_and_is_never_the_best(loss):
    made = course([2, loss])
    assert made.phase == TUNE
    assert made.diverged(HEAD)
    assert made.best is not None
    assert made.best.epoch == 1


def test_a_run_without_a_number_has_no_best_epoch():
    assert course([math.nan]).best is None


@given(st.floats(0, 1), st.integers(1, 1000))
def test_one_image_is_always_chance(before, images):
    assert chance_fall(before, images) >= 1 / images

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


def history_of(losses, patience=None, phases=(HEAD, TUNE)) -> History:
    """A history with these validation losses, up to the end of its last phase."""
    made = History(phases, patience)
    for number, loss in enumerate(losses, start=1):
        if made.current_phase is None:
            break
        made.epochs.append(epoch(made.current_phase.name, number, loss))
    return made


def epoch(phase: str, number: int, val_loss: float) -> Epoch:
    return Epoch(
        phase=phase, epoch=number, epochs=9, loss=1, accuracy=1, val_loss=val_loss, val_accuracy=1, learning_rate=1,
        seconds=0,
    )  # fmt: skip


def test_phases_follow_each_other():
    assert history_of([]).current_phase == HEAD
    assert history_of([1] * 5).current_phase == TUNE
    assert history_of([1] * 9).current_phase is None


def test_a_phase_ends_when_its_patience_is_used_up():
    made = history_of([3, 2, 2, 2.5], patience=2)
    assert made.current_phase == TUNE
    assert made.ended_early(HEAD)


def test_patience_restarts_with_each_phase():
    assert history_of([3, 1, 2, 2, 5, 4], patience=2).current_phase == TUNE


def test_a_better_epoch_restarts_the_patience():
    assert history_of([3, 4, 2, 3], patience=2).current_phase == HEAD


@given(LOSSES, st.none() | st.integers(1, 5))
def test_the_best_epoch_has_the_lowest_loss_and_is_the_first_of_those(losses, patience):
    made = history_of(losses, patience)
    if made.epochs:
        lowest = min(entry.val_loss for entry in made.epochs)
        assert made.best == next(entry for entry in made.epochs if entry.val_loss == lowest)
        assert not made.is_better(lowest)
        assert made.is_better(math.nextafter(lowest, -1))


@given(LOSSES, st.none() | st.integers(1, 5), st.integers(0, 30))
def test_an_interrupted_history_resumes_at_the_same_phase_and_best_epoch(losses, patience, at):
    whole = history_of(losses, patience)
    resumed = History(whole.phases, patience, whole.epochs[:at])
    for entry in whole.epochs[at:]:
        assert resumed.current_phase is not None
        assert resumed.current_phase.name == entry.phase
        resumed.epochs.append(entry)
    assert (resumed.current_phase, resumed.best) == (whole.current_phase, whole.best)


@pytest.mark.parametrize("loss", [math.nan, math.inf])
def test_an_infinite_loss_ends_the_phase_and_is_never_the_best(loss):
    made = history_of([2, loss])
    assert made.current_phase == TUNE
    assert made.diverged(HEAD)
    assert made.best is not None
    assert made.best.epoch == 1


def test_a_run_without_a_finite_loss_has_no_best_epoch():
    assert history_of([math.nan]).best is None


@given(st.floats(0, 1), st.integers(1, 1000))
def test_a_fall_by_one_image_is_always_within_chance(before, images):
    assert chance_fall(before, images) >= 1 / images

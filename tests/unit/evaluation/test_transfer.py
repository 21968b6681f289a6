"""The benefit of transfer learning: start, slope, asymptote."""

from core.evaluation.metrics.transfer import measure_benefit
from core.jobs.events import Epoch


def epochs(*accuracies):
    return [
        Epoch(
            phase="head",
            epoch=number,
            epochs=len(accuracies),
            loss=1,
            accuracy=0.5,
            val_loss=1,
            val_accuracy=accuracy,
            learning_rate=0.1,
            seconds=1,
        )
        for number, accuracy in enumerate(accuracies, start=1)
    ]


def test_all_three_ways_in_which_transfer_may_help():
    found = measure_benefit(epochs(0.7, 0.8, 0.95), epochs(0.4, 0.5, 0.6, 0.75, 0.7))
    assert (found.transfer.start, found.scratch.start) == (0.7, 0.4)
    assert (found.transfer.best, found.scratch.best, found.matched) == (0.95, 0.75, 0.75)
    assert (found.transfer.epochs_to_match, found.scratch.epochs_to_match) == (2, 4)
    assert found.higher_start
    assert found.higher_slope
    assert found.higher_asymptote


def test_where_scratch_is_better_nothing_is_claimed():
    found = measure_benefit(epochs(0.4, 0.6), epochs(0.5, 0.9))
    assert (found.transfer.epochs_to_match, found.scratch.epochs_to_match, found.matched) == (2, 2, 0.6)
    assert not any((found.higher_start, found.higher_slope, found.higher_asymptote))


def test_equal_curves_are_no_benefit():
    found = measure_benefit(epochs(0.4, 0.6), epochs(0.4, 0.6))
    assert not any((found.higher_start, found.higher_slope, found.higher_asymptote))

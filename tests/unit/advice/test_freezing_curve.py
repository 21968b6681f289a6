"""The freezing curve finds the depth at which the classes are known, and says how sure that is."""

import numpy as np
import pytest

from core.advice.changes import with_freezing
from core.advice.freezing_curve import (
    NOTHING_FROZEN,
    choose_cuts,
    choose_trials,
    make_freezing_curve,
    recommend_by_probes,
)
from core.advice.measurements import MeasurementStore
from core.advice.outcomes import Outcomes, accuracy, accuracy_difference
from core.advice.probes import probe_outcomes
from core.backbones.zoo import BACKBONES
from core.errors import DatasetError
from core.training.recipe import Recipe

SPEC = BACKBONES["MobileNet025"]
CUTS = choose_cuts(SPEC)
N = 200
GROUPS = np.arange(N)
FOLDS = np.tile(np.arange(N) % 5, (2, 1))


def outcomes(share: float, seed: int = 0, seconds: float = 0.0) -> Outcomes:
    """Correct on a share of the images, the easiest first, with a little chance."""
    hardness = np.random.default_rng(0).permutation(N) / N
    chance = np.random.default_rng(seed + 1).normal(0, 0.02, (2, N))
    return Outcomes((hardness + chance < share).astype(np.float64), FOLDS, seconds)


def curve_of(shares, **more):
    return make_freezing_curve(SPEC, CUTS, [outcomes(share) for share in shares], GROUPS, **more)


RISING = np.linspace(0.5, 0.9, len(CUTS))
FALLING = np.concatenate([np.linspace(0.5, 0.9, len(CUTS) - 3), [0.8, 0.7, 0.6]])


def test_where_the_curve_rises_to_the_end_everything_is_frozen():
    curve = curve_of(RISING)
    assert curve.recommended == SPEC.cuts[-1].name
    assert "Freezing everything** is recommended" in curve.sentence()
    assert "no earlier cut did better on 200 images" in curve.sentence()


def test_where_the_curve_falls_the_last_layers_are_not_frozen():
    curve = curve_of(FALLING)
    assert curve.recommended == CUTS[-4].name
    assert f"Freezing up to {CUTS[-4].label}" in curve.sentence()
    assert "know less about your classes" in curve.sentence()


def test_a_fall_that_chance_explains_is_no_reason_to_train_more():
    shares = [0.5] * (len(CUTS) - 2) + [0.8, 0.795]
    curve = curve_of(shares)
    assert curve.recommended == SPEC.cuts[-1].name
    assert "makes no difference that 200 images could show" in curve.sentence()


def test_trials_overrule_the_probes_and_name_the_times():
    trials = {SPEC.cuts[-1].name: outcomes(0.7, seconds=10), CUTS[4].name: outcomes(0.9, seconds=100)}
    curve = curve_of(RISING, trials=trials)
    assert (curve.recommended, curve.reason) == (CUTS[4].name, "trials")
    assert "takes 1.0 s instead of 10.0 s, and is worse" in curve.sentence()
    assert "best of 2 trials looks a little better than it is" in curve.caveat()


def test_trials_that_do_not_differ_say_so():
    trials = {SPEC.cuts[-1].name: outcomes(0.89, seconds=10), NOTHING_FROZEN: outcomes(0.9, seconds=100)}
    curve = curve_of(RISING, trials=trials)
    assert curve.points[0].layers == 0
    assert curve.recommended == SPEC.cuts[-1].name
    assert "**Freezing everything** is recommended of 2 ways that were tried on 200 images" in curve.sentence()
    assert "Training all layers makes no difference that they could show" in curve.sentence()
    assert "takes 10.0 s instead of 1.0 s" in curve.sentence()


def test_trials_are_compared_on_the_images_that_all_of_them_predicted():
    easy = outcomes(0.9)
    first_fold = Outcomes(np.where(FOLDS == 0, easy.correct, np.nan), FOLDS)
    curve = curve_of(RISING, trials={SPEC.cuts[-1].name: easy, CUTS[4].name: first_fold})
    assert [curve.point(cut).trial.images for cut in (SPEC.cuts[-1].name, CUTS[4].name)] == [40, 40]


def test_both_ends_and_the_bend_are_tried_first():
    chosen = choose_trials(SPEC, CUTS, [outcomes(share) for share in [0.5] * 4 + [0.9] * (len(CUTS) - 4)])
    assert chosen[:3] == [SPEC.cuts[-1].name, CUTS[4].name, NOTHING_FROZEN]


def test_at_most_twelve_cuts_are_chosen_with_both_ends():
    assert len(CUTS) == 12
    assert (CUTS[0], CUTS[-1]) == (SPEC.cuts[0], SPEC.cuts[-1])
    assert choose_cuts(BACKBONES["Starter"]) == list(BACKBONES["Starter"].cuts)


@pytest.mark.parametrize(
    ("cut", "strategy"),
    [(SPEC.cuts[-1].name, "feature-extraction"), (CUTS[4].name, "partial"), (NOTHING_FROZEN, "full")],
)
def test_a_point_becomes_the_strategy_that_freezes_so_much(cut, strategy):
    recipe = with_freezing(Recipe(backbone={"name": SPEC.name}), cut, "imagenet")
    assert recipe.strategy == strategy
    assert recipe.cut == (cut if strategy == "partial" else None)


def test_intervals_cover_as_often_as_they_promise():
    """Simulated: images of 100 groups, a head whose skill differs from fold to fold."""
    rng, covered, rounds = np.random.default_rng(0), 0, 300
    folds = np.tile(np.arange(100) % 5, (2, 1))
    for _ in range(rounds):
        skill = 0.8 + rng.normal(0, 0.05, (2, 5))
        correct = (rng.random((2, 100)) < np.take_along_axis(skill, folds, axis=1)).astype(np.float64)
        interval = accuracy(Outcomes(correct, folds), np.arange(100))
        covered += interval.low <= 0.8 <= interval.high
    assert covered / rounds >= 0.94


def test_no_difference_seen_is_not_no_difference():
    same = outcomes(0.8)
    difference = accuracy_difference(same, same, GROUPS)
    assert (difference.value, difference.low, difference.high) == (0, -3 / N, 3 / N)


def test_images_of_one_group_count_once():
    grouped = accuracy(outcomes(0.8), np.repeat(np.arange(20), 10))
    single = accuracy(outcomes(0.8), GROUPS)
    assert grouped.high - grouped.low > single.high - single.low - 1e-9


@pytest.mark.parametrize("head", ["logistic-regression", "nearest-neighbours"])
def test_a_probe_sees_neither_the_image_nor_its_group(head):
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(30), 9)
    features = rng.normal(size=(30, 64)).repeat(9, axis=0).astype(np.float32)
    labels = rng.integers(0, 2, 30).repeat(9)
    alone = probe_outcomes(features, labels, np.arange(270), head=head)
    whole = probe_outcomes(features, labels, groups, head=head)
    assert accuracy(alone, groups).value > 0.9  # copies of it gave it away
    assert accuracy(whole, groups).value < 0.75


def test_images_that_cannot_be_divided_are_refused():
    with pytest.raises(DatasetError, match="cannot be divided into folds"):
        probe_outcomes(np.zeros((4, 2), np.float32), np.zeros(4, np.int64), np.arange(4))


def test_measurements_are_read_again_and_redone_for_other_images(tmp_path):
    store, measured = MeasurementStore(tmp_path), []

    def measure() -> Outcomes:
        measured.append(1)
        partly = outcomes(0.8, seconds=3)
        partly.correct[0, 0] = np.nan
        return partly

    first = store.outcomes(["a", 1], measure)
    again = MeasurementStore(tmp_path).outcomes(["a", 1], measure)
    np.testing.assert_array_equal(first.correct, again.correct)
    np.testing.assert_array_equal(first.folds, again.folds)
    assert again.seconds == 3
    store.outcomes(["a", 2], measure)
    assert len(measured) == 2


def test_a_damaged_measurement_is_made_again(tmp_path):
    store = MeasurementStore(tmp_path)
    store.keep("key", outcomes(0.8))
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"damaged")
    assert store.find("key") is None


def test_the_last_cut_within_a_standard_error_is_recommended():
    assert recommend_by_probes([outcomes(0.5), outcomes(0.8), outcomes(0.795, 3)]) == 2
    assert recommend_by_probes([outcomes(0.5), outcomes(0.8), outcomes(0.6)]) == 1

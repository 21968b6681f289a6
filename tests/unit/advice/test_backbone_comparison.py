"""The shortlist says which network is best, which are as good and faster, and which were not measured."""

import numpy as np
from test_freezing_curve import GROUPS, outcomes

from core.advice.backbone_comparison import compare_outcomes

SPEEDS = {"slow": 10.0, "quick": 50.0, "middle": 40.0, "poor": 45.0}


def compared(shares: dict[str, float], heads: dict[str, float] | None = None):
    return compare_outcomes(
        {name: outcomes(share) for name, share in shares.items()},
        SPEEDS,
        dict.fromkeys(SPEEDS, 9.0),
        GROUPS,
        heads_of="slow",
        heads={head: outcomes(share) for head, share in (heads or {"logistic-regression": 0.9}).items()},
        not_measured=("VGG16",),
    )


def test_the_front_has_the_networks_that_none_beats_in_both():
    found = compared({"slow": 0.9, "quick": 0.8, "middle": 0.85, "poor": 0.5})
    assert {one.name for one in found.backbones if one.on_front} == {"slow", "quick", "middle"}
    assert [one.name for one in found.backbones] == ["slow", "middle", "quick", "poor"]


def test_a_faster_network_that_is_as_good_is_named():
    assert (
        "quick is 5.0 times as fast, and 200 images show no difference"
        in compared({"slow": 0.9, "quick": 0.89}).sentence()
    )


def test_a_network_that_is_clearly_best_is_alone():
    sentence = compared({"slow": 0.9, "quick": 0.5}).sentence()
    assert sentence.startswith("**slow** tells your classes apart best: 90%")
    assert "times as fast" not in sentence


def test_heads_are_compared_on_the_same_images():
    same = compared({"slow": 0.9}, {"logistic-regression": 0.9, "nearest-neighbours": 0.9}).sentence_of_heads()
    assert "no difference that 200 images could show" in same
    worse = compared({"slow": 0.9}, {"logistic-regression": 0.9, "nearest-neighbours": 0.6}).sentence_of_heads()
    assert "Logistic regression is the best of them" in worse


def test_one_network_alone_is_no_choice():
    alone = compared({"slow": 0.9})
    assert "**slow** is the only network on this machine: 90% correct" in alone.sentence()
    assert "To compare it, get the weights of others" in alone.sentence()
    assert "best of" not in alone.caveat()


def test_a_head_that_was_tested_on_fewer_images_is_compared_on_those():
    everywhere, first_fold = outcomes(0.9), outcomes(0.9)
    first_fold.correct[first_fold.folds != 0] = np.nan
    everywhere.correct[(everywhere.folds != 0)] = 0.0
    heads = {"logistic-regression": everywhere, "trained-head": first_fold}
    found = compare_outcomes(
        {"slow": outcomes(0.9)}, SPEEDS, {"slow": 9.0}, GROUPS, heads_of="slow", heads=heads, not_measured=()
    )
    assert found.heads[0].accuracy == found.heads[1].accuracy


def test_the_best_of_many_is_said_to_look_better_than_it_is():
    assert "best of 2 looks a little better than it is" in compared({"slow": 0.9, "quick": 0.5}).caveat()
    assert np.isclose(compared({"slow": 0.9}).backbones[0].below_best.value, 0)

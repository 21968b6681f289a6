"""The search decides what to try next, and when a recipe is better than the default."""

import numpy as np
import pytest

from core.advice.freezing_curve import NOTHING_FROZEN
from core.advice.outcomes import Outcomes
from core.advice.recipe_search import (
    FINALISTS,
    Candidate,
    best_candidate,
    fine_tuning_candidate,
    head_candidates,
    next_trial,
    suggest_rate,
    summarise_search,
    variations,
)
from core.backbones.zoo import BACKBONES
from core.training.plan import make_plan
from core.training.recipe import Augmentation, Backbone, Recipe, load_recipe

STARTER = Backbone(name="Starter", weights="starter")
RECIPE = Recipe(backbone=STARTER)
FOLDS = range(5)
N = 200
GROUPS = np.arange(N)
PARTS = np.arange(N) % len(FOLDS)


def fold_outcomes(share: float, fold: int, seconds: float = 1.0) -> Outcomes:
    """One fold held out, of which the first images in a fixed order are correct."""
    correct = np.full((1, N), np.nan)
    rows = np.flatnonzero(fold == PARTS)
    correct[0, rows] = np.arange(len(rows)) < share * len(rows)
    return Outcomes(correct, np.where(fold == PARTS, fold, -1)[np.newaxis], seconds)


def candidate(title: str, share: float | None = None, folds=FOLDS, expected: float = 1.0) -> Candidate:
    measured = {} if share is None else {fold: fold_outcomes(share, fold) for fold in folds}
    return Candidate(title, RECIPE, expected, measured)


def sequence(candidates: list[Candidate], shares: dict[str, float], seconds: float) -> list[tuple[str, int]]:
    """Try until the time is up, every training in its expected time."""
    tried = []
    while (chosen := next_trial(candidates, list(FOLDS), seconds)) is not None:
        one, fold = chosen
        one.folds[fold] = fold_outcomes(shares[one.title], fold, one.expected)
        seconds -= one.expected
        tried.append((one.title, fold))
    assert seconds >= 0
    return tried


def test_all_are_tried_on_one_fold_and_the_best_on_more():
    shares = {"default": 0.5, "a": 0.9, "b": 0.8, "c": 0.7, "d": 0.6}
    candidates = [candidate(title) for title in shares]
    tried = sequence(candidates, shares, 1000)
    assert [title for title, fold in tried if fold == 0] == list(shares)
    assert {title for title, fold in tried if fold == 1} == {"default", "a", "b", "c"}
    assert {title for title, fold in tried if fold == 4} == {"default", "a", "b"}
    assert FINALISTS == 2


def test_what_would_run_over_the_budget_is_not_begun():
    shares = {"default": 0.5, "slow": 0.9}
    assert sequence([candidate("default"), candidate("slow", expected=50)], shares, 49.0) == [
        ("default", fold) for fold in FOLDS
    ]


def test_the_default_comes_first_and_then_the_cheap():
    shares = {"default": 0.5, "slow": 0.9, "quick": 0.9}
    candidates = [candidate("default", expected=9), candidate("slow", expected=5), candidate("quick", expected=2)]
    assert [title for title, _fold in sequence(candidates, shares, 16)[:3]] == ["default", "quick", "slow"]


def test_a_diverged_recipe_is_not_tried_again():
    failed = candidate("failed")
    failed.folds[0] = None
    candidates = [candidate("default", 0.5, [0]), failed]
    assert {one.title for one, _fold in [next_trial(candidates, list(FOLDS), 100)]} == {"default"}
    summary = summarise_search(candidates, GROUPS, budget=100, seconds=10)
    assert summary.left_out == ("failed",)


def test_a_gain_is_measured_on_the_images_of_the_same_folds():
    hard, easy = candidate("default", 0.5), candidate("better", 0.7, [0, 1])
    for fold in (2, 3, 4):
        hard.folds[fold] = fold_outcomes(1.0, fold)
    summary = summarise_search([hard, easy], GROUPS, budget=100, seconds=10)
    assert summary.tried[1].gain.value == pytest.approx(0.2)
    assert (summary.tried[1].images, summary.tried[1].trainings) == (80, 2)
    assert summary.chosen.title == "better"
    assert "**Better** is the best of 2 recipes: 70% correct" in summary.sentence()
    assert "20.0 points more than the default" in summary.sentence()
    assert "Chance may explain" not in summary.sentence()
    assert "The best of 2 looks better than it is" in summary.caveat()


def test_a_gain_counts_less_on_fewer_images():
    candidates = [candidate("default", 0.5), candidate("one fold", 0.6, [0]), candidate("all folds", 0.58)]
    assert best_candidate(candidates, GROUPS) == 2


def test_a_gain_of_less_than_half_a_point_leaves_the_default():
    better = candidate("hardly better", 0.8)
    better.folds[0] = fold_outcomes(0.825, 0)
    candidates = [candidate("default", 0.8), better]
    assert best_candidate(candidates, GROUPS) == 0
    summary = summarise_search(candidates, GROUPS, budget=100, seconds=10)
    assert "**Default** remains the choice" in summary.sentence()
    assert "and the other recipe is not expected to be better by more than 0.5 points on new" in summary.sentence()


def test_with_time_for_nothing_else_the_default_is_alone():
    summary = summarise_search([candidate("default", 0.8, [0])], GROUPS, budget=1, seconds=3, left_out=["a", "b"])
    assert "only recipe that there was time for" in summary.sentence()
    assert "looks better" not in summary.caveat()
    assert load_recipe(summary.chosen.recipe) == RECIPE


def test_a_range_test_suggests_a_tenth_of_the_rate_at_which_the_loss_doubles():
    rates = np.geomspace(1e-5, 3e-2, 24)
    noisy = np.random.default_rng(0).uniform(0.3, 0.8, 24)
    rising = np.where(rates >= 1e-2, 3.0, noisy)
    assert 5e-4 <= suggest_rate(rates, rising) <= 2e-3
    assert suggest_rate(rates, noisy) == pytest.approx(3e-3)
    ended = np.where(rates >= 1e-3, np.inf, noisy)
    assert 5e-5 <= suggest_rate(rates, ended) <= 2e-4
    assert suggest_rate(rates, np.full(24, np.inf)) == pytest.approx(1e-5)


def test_the_first_recipes_are_the_default_and_the_chosen_one():
    plain = [one.title for one in head_candidates(RECIPE, STARTER)]
    assert plain[0] == "the default"
    assert "your recipe" not in plain
    chosen = RECIPE.model_copy(update={"strategy": "full", "augmentation": Augmentation(views=2)})
    found = head_candidates(chosen, STARTER)
    assert found[1].title == "your recipe"
    assert found[1].recipe == chosen
    assert found[0].recipe == RECIPE


def test_random_weights_are_compared_with_pretrained_ones():
    scratch = Recipe(backbone=Backbone(name="Starter", weights="none"), strategy="scratch")
    default, own, *_ = head_candidates(scratch, STARTER)
    assert (default.recipe.backbone, default.recipe.strategy) == (STARTER, "feature-extraction")
    assert own.recipe == scratch


@pytest.mark.parametrize("cut", [NOTHING_FROZEN, BACKBONES["Starter"].cuts[1].name])
def test_every_recipe_that_is_tried_can_be_trained(cut: str):
    heads = head_candidates(RECIPE, STARTER)
    tuned = fine_tuning_candidate(heads[0].recipe, cut, 0.00123456)
    for one in [*heads, tuned, *variations(tuned), *variations(heads[0])]:
        make_plan(one.recipe, classes=2, training_images=20)
    assert tuned.recipe.fine_tune_phase.learning_rate == 1.2e-3
    assert [(one.recipe.batch_norm, one.recipe.augmentation.views) for one in variations(tuned)] == [
        ("trained", 3),
        ("frozen", 0),
    ]
    assert [one.recipe.batch_norm for one in variations(heads[0])] == ["frozen"]

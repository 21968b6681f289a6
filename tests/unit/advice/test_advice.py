"""Advice: what is proposed, and how the other choices follow when one changes."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.advice.backbones import describe, most_accurate, offered_backbones
from core.advice.changes import (
    with_backbone,
    with_cut,
    with_frozen_layers,
    with_strategy,
    with_weights,
)
from core.advice.default_recipe import default_recipe, default_weights, is_online
from core.advice.strategy import advise_strategy, warn_of_strategy
from core.backbones.weights import weights_path
from core.backbones.zoo import BACKBONES, find_backbone
from core.errors import RecipeError
from core.training.recipe import Recipe

NAMES = st.sampled_from(sorted(BACKBONES))
STRATEGIES = st.sampled_from(["feature-extraction", "partial", "full", "scratch"])


def place_weights(name: str, keras_home: Path) -> None:
    path = weights_path(find_backbone(name), keras_home)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


@pytest.mark.parametrize(("smallest", "strategy"), [(5, "feature-extraction"), (100, "partial"), (1000, "full")])
def test_the_strategy_follows_the_smallest_class(smallest, strategy):
    assert advise_strategy(5000, 2, smallest).strategy == strategy


def test_the_advice_says_the_numbers_it_follows_from():
    text = advise_strategy(240, 2, 84).text
    assert text.startswith("You have 240 images in 2 classes: feature extraction is the safe start")
    assert "84 training images" in text


def test_random_frozen_layers_are_warned_of():
    assert "would stay random" in warn_of_strategy("feature-extraction", "none", 200)


def test_training_from_scratch_on_few_images_is_warned_of():
    assert "200 training images" in warn_of_strategy("scratch", "none", 200)


@pytest.mark.parametrize("strategy", ["feature-extraction", "partial", "full"])
def test_pretrained_weights_need_no_warning(strategy):
    assert warn_of_strategy(strategy, "imagenet", 200) == ""


def test_the_starter_is_proposed_where_no_imagenet_weights_are_at_hand(tmp_path):
    backbone = default_recipe(tmp_path).backbone
    assert (backbone.name, backbone.weights) == ("Starter", "starter")


def test_the_first_recipe_is_the_default_one_where_its_weights_are(tmp_path):
    place_weights("MobileNetV2", tmp_path)
    assert default_recipe(tmp_path) == Recipe()


def test_the_most_accurate_weights_at_hand_are_proposed(tmp_path):
    place_weights("MobileNet025", tmp_path)
    place_weights("MobileNetV2_050_96", tmp_path)
    assert default_recipe(tmp_path).backbone.name == "MobileNetV2_050_96"


def test_imagenet_is_proposed_only_where_it_can_be_had(tmp_path):
    spec = find_backbone("MobileNetV2")
    assert default_weights(spec, tmp_path, online=True) == "imagenet"
    assert default_weights(spec, tmp_path, online=False) == "none"


def test_asking_for_a_route_gives_an_answer():
    assert is_online() in {True, False}


def test_networks_on_this_machine_are_offered(tmp_path):
    place_weights("MobileNet025", tmp_path)
    assert "MobileNet025" in {spec.name for spec in offered_backbones(tmp_path)}


def test_what_is_on_this_machine_stands_in_front(tmp_path):
    place_weights("ConvNeXtTiny", tmp_path)
    names = [spec.name for spec in offered_backbones(tmp_path)]
    assert names.index("ConvNeXtTiny") < names.index("MobileNetV2")


def test_a_network_without_a_published_accuracy_is_never_the_most_accurate():
    assert most_accurate([]) is None


@given(NAMES, NAMES, STRATEGIES)
def test_a_cut_always_belongs_to_its_network(first, second, strategy):
    recipe = with_strategy(with_backbone(Recipe(), first, "imagenet"), strategy, "imagenet")
    changed = with_backbone(recipe, second, "imagenet")
    cuts = {cut.name for cut in find_backbone(second).cuts}
    assert (changed.cut in cuts) == (changed.strategy == "partial")


@given(STRATEGIES, STRATEGIES)
def test_any_strategy_follows_any_other(first, second):
    changed = with_strategy(with_strategy(Recipe(), first, "imagenet"), second, "imagenet")
    assert (changed.strategy, changed.backbone.weights) == (second, "none" if second == "scratch" else "imagenet")


def test_pretrained_weights_end_training_from_scratch():
    changed = with_weights(with_strategy(Recipe(), "scratch", "imagenet"), "imagenet")
    assert changed.strategy == "feature-extraction"


def test_random_weights_do_not_change_the_strategy():
    assert with_weights(Recipe(), "none").strategy == "feature-extraction"


def test_own_weights_need_their_file():
    with pytest.raises(RecipeError, match="weights_file"):
        with_weights(Recipe(), "file")


@given(NAMES, st.data())
def test_a_number_of_layers_at_a_cut_is_that_cut(name, data):
    spec = find_backbone(name)
    recipe = with_strategy(with_backbone(Recipe(), name, "imagenet"), "partial", "imagenet")
    layers = data.draw(st.integers(0, spec.layers - 1))
    changed = with_frozen_layers(recipe, layers)
    at_a_cut = layers in {cut.layers for cut in spec.cuts}
    assert (changed.cut is not None) == at_a_cut
    assert changed.frozen_layers == (None if at_a_cut else layers)


def test_a_cut_replaces_a_number_of_layers():
    recipe = with_frozen_layers(with_strategy(Recipe(), "partial", "imagenet"), 7)
    assert with_cut(recipe, "block_3_add").frozen_layers is None


def test_every_network_of_the_zoo_is_described():
    assert all(len(describe(spec)) > 20 for spec in BACKBONES.values())

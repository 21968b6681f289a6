"""The zoo is complete and consistent."""

import inspect
import subprocess
import sys

import keras
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.cuts import count_parameters, cut_for_layers, find_cut
from core.backbones.survey import published_file
from core.backbones.zoo import BACKBONES, ENTRIES, WeightsFile, find_backbone
from core.errors import RecipeError


def test_every_classification_network_of_keras_can_be_chosen() -> None:
    offered = {name for name, _ in inspect.getmembers(keras.applications, inspect.isfunction)}
    assert offered == {spec.function for spec in BACKBONES.values()} - {"starter"}


def test_every_network_has_been_surveyed() -> None:
    assert list(BACKBONES) == [entry.name for entry in ENTRIES]


@pytest.mark.parametrize("spec", BACKBONES.values(), ids=BACKBONES)
def test_the_properties_of_a_network_are_consistent(spec) -> None:
    assert [cut.layers for cut in spec.cuts] == sorted({cut.layers for cut in spec.cuts})
    assert all(cut.parameters == sum(spec.layer_parameters[: cut.layers]) for cut in spec.cuts)
    assert (spec.cuts[-1].layers, spec.cuts[-1].parameters) == (spec.layers, spec.parameters)
    assert len({cut.name for cut in spec.cuts} | {cut.label for cut in spec.cuts}) == 2 * len(spec.cuts)
    assert all(len(cut.tensors) == len(cut.shapes) <= (2 if spec.family == "NASNet" else 1) for cut in spec.cuts)
    assert spec.top1 is None or (0 < spec.top1 < (spec.top5 or 1) and spec.source)


@pytest.mark.parametrize("name", ["MobileNet025", "MobileNetV2_050_96", "ResNet50", "VGG16"])
def test_weights_have_the_url_and_checksum_of_keras(name: str) -> None:
    assert WeightsFile(**published_file(BACKBONES[name])) == BACKBONES[name].weights_file


def test_an_unknown_name_gives_similar_names() -> None:
    with pytest.raises(RecipeError, match=r"no backbone named 'mobilnetv2'. Did you mean MobileNetV2"):
        find_backbone("mobilnetv2")


def test_a_name_like_no_other_gives_the_command_that_lists_all() -> None:
    with pytest.raises(RecipeError, match="`python -m core backbones` lists them all"):
        find_backbone("%%%")


def test_a_cut_is_found_by_its_name_and_by_its_label() -> None:
    cut = find_cut(BACKBONES["MobileNetV2"], "block_13_project_BN")
    assert cut is find_cut(BACKBONES["MobileNetV2"], "block 13")


def test_an_unknown_cut_gives_similar_cuts() -> None:
    with pytest.raises(RecipeError, match=r"VGG16 has no cut named 'block 9'. Did you mean block"):
        find_cut(BACKBONES["VGG16"], "block 9")


def test_a_cut_like_no_other_gives_the_first_and_the_last() -> None:
    with pytest.raises(RecipeError, match="Its first is 'block 1', its last 'whole backbone'"):
        find_cut(BACKBONES["VGG16"], "%%%")


@given(
    st.sampled_from([*BACKBONES.values()]).flatmap(lambda spec: st.tuples(st.just(spec), st.integers(0, spec.layers)))
)
def test_an_exact_number_of_layers_is_frozen(chosen) -> None:
    spec, layers = chosen
    cut, behind = cut_for_layers(spec, layers)
    assert behind >= 0
    assert (cut.layers if cut else 0) + behind == layers
    assert all(other.layers <= (cut.layers if cut else 0) or other.layers > layers for other in spec.cuts)


@pytest.mark.parametrize("layers", [-1, 20])
def test_an_impossible_number_of_layers_is_rejected(layers: int) -> None:
    with pytest.raises(RecipeError, match=f"VGG16 has 19 layers, so {layers} of them cannot be frozen"):
        cut_for_layers(BACKBONES["VGG16"], layers)


@given(st.sampled_from([*BACKBONES.values()]), st.sampled_from(["frozen", "trained"]))
def test_only_statistics_are_neither_frozen_nor_trainable_and_freezing_more_trains_less(spec, batch_norm) -> None:
    counts = [count_parameters(spec, layers, batch_norm) for layers in (0, spec.layers // 2, spec.layers)]
    statistics = spec.parameters - sum(spec.layer_trainable)
    assert all(spec.parameters - statistics <= sum(count) <= spec.parameters for count in counts)
    assert counts[2] == (spec.parameters, 0)
    assert counts[0][1] >= counts[1][1] >= counts[2][1] == 0


def test_the_zoo_needs_no_framework() -> None:
    modules = ", ".join(f"core.backbones.{name}" for name in ("zoo", "cuts", "weights", "weights_file", "matching"))
    code = f"import sys, {modules}; assert not {{'keras', 'tensorflow', 'openvino'}} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.backbones.zoo import BACKBONES
from core.errors import RecipeError
from core.training.plan import automatic_batch_size, default_cut, make_plan
from core.training.recipe import Backbone, Head, Phase, Recipe

NAMES = st.sampled_from(sorted(BACKBONES))


def weights_of(name: str) -> str:
    return "starter" if name == "Starter" else "imagenet"


@given(NAMES, st.integers(2, 50), st.booleans())
def test_the_strip_holds_every_layer_and_parameter_once(name, classes, hidden):
    recipe = Recipe(
        backbone=Backbone(name=name, weights=weights_of(name)), head=Head(hidden_units=7 if hidden else None)
    )
    plan = make_plan(recipe, classes=classes)
    assert sum(segment.layers for segment in plan.segments[:-1]) == plan.spec.layers
    total = sum(segment.parameters for segment in plan.segments)
    assert total == plan.spec.parameters + plan.head_parameters == plan.frozen_parameters + plan.trainable_parameters


@given(NAMES, st.data())
def test_the_exact_number_of_layers_is_frozen(name, data):
    spec = BACKBONES[name]
    first_learning = max(
        index for index, count in enumerate(spec.layer_trainable) if index not in spec.batch_norms and count
    )
    layers = data.draw(st.integers(0, first_learning))
    backbone = Backbone(name=name, weights=weights_of(name))
    plan = make_plan(Recipe(backbone=backbone, strategy="partial", frozen_layers=layers), classes=2)
    assert plan.frozen_layers == layers == sum(s.layers for s in plan.segments if s.kind == "frozen")
    assert plan.cut is None or plan.cut.layers <= layers


@given(NAMES)
def test_partial_fine_tuning_without_a_cut_leaves_something_to_train(name):
    spec = BACKBONES[name]
    assert 0 < default_cut(spec).layers < spec.layers
    backbone = Backbone(name=name, weights=weights_of(name))
    plan = make_plan(Recipe(backbone=backbone, strategy="partial"), classes=2)
    assert plan.trainable_parameters > plan.head_parameters


def test_a_cut_is_found_by_its_label_or_its_name():
    by_label = make_plan(Recipe(strategy="partial", cut="block 13"), classes=2)
    assert by_label.cut is not None
    assert by_label == make_plan(Recipe(strategy="partial", cut=by_label.cut.name), classes=2)


@pytest.mark.parametrize(
    ("strategy", "phases"),
    [
        ("feature-extraction", [("head", "features")]),
        ("partial", [("head", "features"), ("fine-tune", "activations")]),
        ("full", [("head", "features"), ("fine-tune", "pixels")]),
    ],
)
def test_phases_of_a_strategy(strategy, phases):
    plan = make_plan(Recipe(strategy=strategy), classes=2)
    assert [(phase.name, phase.reads) for phase in plan.phases] == phases


def test_from_scratch_everything_is_new_and_batch_normalisation_is_trained():
    plan = make_plan(Recipe(backbone=Backbone(weights="none"), strategy="scratch"), classes=2)
    assert {segment.kind for segment in plan.segments} == {"new"}
    assert plan.batch_norm == "trained"
    assert plan.frozen_parameters == 0


def test_fine_tuning_has_its_own_epochs_and_rate():
    recipe = Recipe(strategy="full", fine_tune_phase=Phase(epochs=7, learning_rate=1e-6))
    phase = make_plan(recipe, classes=2).phases[1]
    assert (phase.epochs, phase.learning_rate) == (7, 1e-6)


@given(st.integers(1, 100_000))
def test_an_automatic_batch_fits_the_images(images):
    size = automatic_batch_size(images)
    assert 1 <= size <= min(32, images)
    assert images < 16 * 8 or images / size >= 16


def test_the_automatic_batch_of_a_small_set_is_small():
    assert make_plan(Recipe(), classes=2, training_images=14).batch_size == 8


def test_the_automatic_batch_of_a_large_set_is_32():
    assert make_plan(Recipe(), classes=2, training_images=50_000).batch_size == 32


def test_a_batch_larger_than_the_training_images_is_refused():
    with pytest.raises(RecipeError, match="A batch of 64 images is larger than the 40 training images"):
        make_plan(Recipe(batch_size=64), classes=2, training_images=40)


def test_more_frozen_layers_than_there_are_are_refused():
    with pytest.raises(RecipeError, match="MobileNetV2 has 154 layers, so 200 of them cannot be frozen"):
        make_plan(Recipe(strategy="partial", frozen_layers=200), classes=2)


def test_freezing_all_that_could_be_fine_tuned_is_refused():
    with pytest.raises(RecipeError, match="With 154 of 154 layers frozen, no layer of MobileNetV2 is left to train"):
        make_plan(Recipe(strategy="partial", frozen_layers=154), classes=2)


def test_a_cut_of_another_network_is_refused():
    with pytest.raises(RecipeError, match="VGG16 has no cut named 'block 13'"):
        make_plan(Recipe(backbone=Backbone(name="VGG16"), strategy="partial", cut="block 13"), classes=2)


def test_an_input_size_below_the_smallest_is_refused():
    with pytest.raises(RecipeError, match="Xception takes images of at least 71 pixels, but the input size is 64"):
        make_plan(Recipe(backbone=Backbone(name="Xception", input_size=64)), classes=2)


def test_starter_weights_for_another_network_are_refused():
    with pytest.raises(RecipeError, match="The starter weights belong to the starter network, not to VGG16"):
        make_plan(Recipe(backbone=Backbone(name="VGG16", weights="starter")), classes=2)


def test_imagenet_weights_for_the_starter_are_refused():
    with pytest.raises(RecipeError, match="There are no ImageNet weights for Starter"):
        make_plan(Recipe(backbone=Backbone(name="Starter")), classes=2)


def test_an_unknown_network_is_refused():
    with pytest.raises(RecipeError, match="There is no backbone named 'MobileNetV9'"):
        make_plan(Recipe(backbone=Backbone(name="MobileNetV9")), classes=2)

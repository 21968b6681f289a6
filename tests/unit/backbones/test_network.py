"""Networks are built, divided and frozen correctly: the smallest of every family, at its smallest input size."""

import inspect
import json
import math
from pathlib import Path

import keras
import numpy as np
import pytest

from core.backbones.cuts import count_parameters
from core.backbones.network import build, freeze, ordered_layers, split
from core.backbones.zoo import BACKBONES, BackboneSpec
from core.errors import RecipeError

# Keras saves variables in a way that NumPy deprecated.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

LARGEST_FIRST = sorted(BACKBONES.values(), key=lambda spec: -spec.parameters)
SMALLEST_OF_FAMILY = list({spec.family: spec for spec in LARGEST_FIRST if spec.function != "starter"}.values())
TINY = BACKBONES["MobileNet025"]


def untrained(spec: BackboneSpec, size: int | None = None) -> keras.Model:
    keras.utils.set_random_seed(0)
    return build(spec, weights="none", keras_home=Path("nowhere"), input_size=size)


def pixels(size: int) -> np.ndarray:
    return np.random.default_rng(0).uniform(0, 255, (2, size, size, 3)).astype("float32")


def randomise(model: keras.Model) -> None:
    """Give every vector of weights (scales, offsets, statistics) values as after a training."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if len(weight.shape) == 1 and weight.dtype == "float32":
            positive = "variance" in weight.path or "gamma" in weight.path
            low, high = (0.5, 2.0) if positive else (-0.3, 0.3)
            weight.assign(random.uniform(low, high, weight.shape))


def relative_difference(found: np.ndarray, expected: np.ndarray) -> float:
    assert expected.std() > 1e-3 * np.abs(expected).max(), "a constant output would prove nothing"
    return float(np.abs(found - expected).max() / np.abs(expected).max())


def original_of(spec: BackboneSpec) -> keras.Model:
    """What `keras.applications` builds, randomised."""
    size = spec.min_size
    function = getattr(keras.applications, spec.function)
    model = function(include_top=False, weights=None, input_shape=(size, size, 3), **spec.arguments)
    randomise(model)
    return model


def output_of_original(spec: BackboneSpec, model: keras.Model, images: np.ndarray) -> np.ndarray:
    """The output of `keras.applications`, with the preprocessing that it leaves to the caller.

    EfficientNet's own ImageNet weights divide by the root of the deviation once more; a network without them does not.
    """
    if spec.family == "EfficientNet":
        normalization = model.get_layer(index=2)
        mean, variance, count = normalization.get_weights()
        normalization.set_weights([mean, variance * np.float32([0.229, 0.224, 0.225]), count])
        normalization.finalize_state()
    module = inspect.getmodule(getattr(keras.applications, spec.function))
    return model(module.preprocess_input(images.copy())).numpy()


@pytest.fixture(scope="module", params=SMALLEST_OF_FAMILY, ids=lambda spec: spec.name)
def network(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory):
    """(spec, network with the weights of a file that Keras wrote, pixels, what `keras.applications` makes of them)."""
    spec: BackboneSpec = request.param
    keras.utils.set_random_seed(0)
    original = original_of(spec)
    file = tmp_path_factory.mktemp("weights") / f"{spec.name}.h5"
    original.save(file)
    model = build(spec, weights="file", weights_file=file, keras_home=file.parent, input_size=spec.min_size)
    file.unlink()
    images = pixels(spec.min_size)
    return spec, model, images, output_of_original(spec, original, images)


def test_with_the_weights_of_keras_it_computes_what_keras_computes(network) -> None:
    _, model, images, expected = network
    assert relative_difference(model(images).numpy(), expected) < 1e-4


def test_suffix_of_prefix_is_the_whole_backbone(network) -> None:
    spec, model, images, _ = network
    expected = model(images).numpy()
    for cut in (spec.cuts[0], spec.cuts[len(spec.cuts) // 2], spec.cuts[-2]):
        parts = split(model, cut)
        assert relative_difference(parts.suffix(parts.prefix(images)).numpy(), expected) < 1e-5, cut.label


def test_the_survey_equals_the_network(network) -> None:
    spec, model, _, _ = network
    layers = ordered_layers(model, spec)
    assert [layer.count_params() for layer in layers] == list(spec.layer_parameters)
    assert {name for cut in spec.cuts for name in cut.tensors} <= {operation.name for operation in model.operations}
    for cut in (spec.cuts[0], spec.cuts[-2]):
        assert split(model, cut).prefix.count_params() == cut.parameters


def test_prefix_holds_exactly_the_frozen_layers(network) -> None:
    spec, model, _, _ = network
    cut = spec.cuts[len(spec.cuts) // 2]
    frozen = {layer.name for layer in ordered_layers(model, spec)[: cut.layers]}
    assert frozen == {layer.name for layer in split(model, cut).prefix.layers if "preprocessing" not in layer.name}


@pytest.mark.parametrize("batch_norm", ["frozen", "trained"])
def test_freezing_leaves_as_many_parameters_to_train_as_the_zoo_says(network, batch_norm: str) -> None:
    spec, model, _, _ = network
    for layers in (0, spec.cuts[0].layers + 1, spec.layers // 2, spec.layers):
        freeze(model, spec, layers, batch_norm)
        trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        frozen = sum(layer.count_params() for layer in ordered_layers(model, spec) if not layer.trainable)
        assert (frozen, trainable) == count_parameters(spec, layers, batch_norm)


def test_a_saved_network_needs_nothing_but_keras(network) -> None:
    _, model, _, _ = network
    layers = json.loads(model.to_json())["config"]["layers"]
    assert {layer["module"].split(".")[0] for layer in layers} == {"keras"}
    assert "Lambda" not in {layer["class_name"] for layer in layers}


def test_a_saved_network_computes_the_same_after_loading_in_safe_mode(tmp_path: Path) -> None:
    model = untrained(BACKBONES["VGG16"], 32)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras", safe_mode=True)
    assert relative_difference(loaded(pixels(32)).numpy(), model(pixels(32)).numpy()) < 1e-5


def test_the_starter_is_divided_like_other_networks() -> None:
    spec, images = BACKBONES["Starter"], pixels(64)
    model = build(spec, weights="starter", keras_home=Path("nowhere"), input_size=64)
    expected = model(images).numpy()
    for cut in spec.cuts[:-1]:
        parts = split(model, cut)
        assert relative_difference(parts.suffix(parts.prefix(images)).numpy(), expected) < 1e-5, cut.label
        freeze(model, spec, cut.layers)
        trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
        assert trainable == count_parameters(spec, cut.layers)[1]


def test_cuts_at_both_ends_leave_one_part() -> None:
    model = untrained(TINY, 32)
    assert (split(model, None).prefix, split(model, None).suffix) == (None, model)
    assert (split(model, TINY.cuts[-1]).prefix, split(model, TINY.cuts[-1]).suffix) == (model, None)


def test_names_do_not_depend_on_networks_built_before() -> None:
    spec = BACKBONES["MobileNetV3Small"]
    first, second = ([operation.name for operation in untrained(spec, 32).operations] for _ in range(2))
    assert first == second


def test_random_weights_depend_on_the_seed_alone() -> None:
    for one, other in zip(untrained(TINY, 32).get_weights(), untrained(TINY, 32).get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("batch_norm", "changes"), [("frozen", set()), ("trained", {"conv_pw_13_bn"})])
def test_training_does_not_change_frozen_layers_and_statistics(batch_norm: str, changes: set[str]) -> None:
    model = untrained(TINY, 64)
    randomise(model)
    parts = split(model, TINY.cuts[-2])
    freeze(model, TINY, TINY.cuts[-2].layers + 3, batch_norm)
    before = {layer.name: layer.get_weights() for layer in model.layers}
    head = keras.Sequential([parts.suffix, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(2)])
    head.compile("sgd", "mse")
    head.fit(parts.prefix(pixels(64)), np.ones((2, 2)), verbose=0)
    changed = {
        name
        for name, weights in before.items()
        if any((old != new).any() for old, new in zip(weights, model.get_layer(name).get_weights(), strict=True))
    }
    assert changed == {"conv_pw_13"} | changes


def test_a_too_small_input_is_rejected() -> None:
    with pytest.raises(RecipeError, match="Xception takes images of at least 71 pixels, but the input size is 64"):
        untrained(BACKBONES["Xception"], 64)


def test_weights_that_do_not_exist_are_rejected() -> None:
    with pytest.raises(RecipeError, match="There are no weights of the kind 'starter' for MobileNet025"):
        build(TINY, weights="starter", keras_home=Path("nowhere"))


def test_a_missing_file_name_is_rejected() -> None:
    with pytest.raises(RecipeError, match="The weights should come from a file, but no file is named"):
        build(TINY, weights="file", keras_home=Path("nowhere"))

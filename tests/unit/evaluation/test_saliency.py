"""Saliency maps find a planted region."""

import keras
import numpy as np
import pytest

from core.backbones.zoo import find_backbone
from core.evaluation.explanation.overlay import draw_heat, resize_map
from core.evaluation.explanation.saliency import grad_cam, occlusion
from core.evaluation.inference.served_model import ServedModel
from core.training.networks import POOLING
from core.training.recipe import Head
from core.training.serving import save_model
from tests.planted_answer import CLASSES as PLANTED_CLASSES
from tests.planted_answer import TARGET_CLASS, noise_in_a_quarter, plant_answer, share_in_quarter, untrained
from tests.unit.evaluation.colours import save_colour_model

RED, GREEN, BLUE = range(3)
SIDE = 128
# Height, width and channels of the maps at that side, by the papers of the networks.
LAST_MAPS = {
    "VGG16": (4, 4, 512),
    "MobileNet025": (4, 4, 256),
    "MobileNetV3Small": (4, 4, 576),
    "ConvNeXtTiny": (4, 4, 768),
}


# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    return ServedModel.load(save_colour_model(tmp_path_factory.mktemp("run")))


@pytest.fixture
def square(served):
    """Grey, with a red patch at the top left and a green one at the bottom right."""
    pixels = np.full((64, 64, 3), 90, np.uint8)
    pixels[:16, :16, RED] = 250
    pixels[48:, 48:, GREEN] = 200
    return served.preprocess(pixels)


@pytest.mark.parametrize("explanation", [grad_cam, occlusion])
@pytest.mark.parametrize(("asked", "quarter"), [(RED, (0, 0)), (GREEN, (1, 1))])
def test_each_class_is_explained_by_its_patch(explanation, asked, quarter, served, square):
    heat = explanation(served, square, asked)
    y, x = np.unravel_index(heat.argmax(), heat.shape)
    assert (y // 16, x // 16) == quarter
    assert heat[quarter[0] * 16 :, quarter[1] * 16 :][:16, :16].sum() > 0.8 * heat.sum()


@pytest.mark.parametrize("explanation", [grad_cam, occlusion])
def test_a_heat_map_is_as_large_as_the_square_and_goes_from_0_to_1(explanation, served, square):
    heat = explanation(served, square, RED)
    assert (heat.shape, heat.dtype) == ((32, 32), np.float32)
    assert (heat.min(), heat.max()) == (0, 1)


@pytest.mark.parametrize("explanation", [grad_cam, occlusion])
def test_a_class_without_support_has_no_heat(explanation, served):
    grey = served.preprocess(np.full((32, 32, 3), 90, np.uint8))
    assert explanation(served, grey, BLUE).max() == 0


# Networks that end differently: in a pooling, a bounded activation, another one, a normalisation.
@pytest.mark.parametrize("name", LAST_MAPS)
def test_grad_cam_finds_the_planted_region_on_the_last_maps(name, tmp_path):
    model = untrained(find_backbone(name), SIDE)
    shape = model.get_layer(POOLING).input.shape
    served = ServedModel.load(save_model(model, PLANTED_CLASSES, tmp_path))
    maps = served.last_maps(np.zeros((1, SIDE, SIDE, 3), np.uint8))
    assert maps.shape[1:] == shape[1:] == LAST_MAPS[name]
    for quarter in ((0, 0), (1, 0)):
        square = noise_in_a_quarter(SIDE, quarter)
        plant_answer(served, square, quarter)
        heat = grad_cam(served, square, TARGET_CLASS)
        assert np.isfinite(heat).all()
        assert share_in_quarter(heat, quarter) > 0.5  # by chance 0.25
    keras.backend.clear_session()


def test_a_head_with_a_hidden_layer_is_explained_through_it(tmp_path):
    model = untrained(find_backbone("MobileNet025"), SIDE, Head(hidden_units=8))
    served = ServedModel.load(save_model(model, PLANTED_CLASSES, tmp_path))
    square = noise_in_a_quarter(SIDE, (0, 0))
    heat = grad_cam(served, square, TARGET_CLASS)
    assert heat.shape == (SIDE, SIDE)
    assert np.isfinite(heat).all()
    seen = served.classify(served.features(square[np.newaxis]))[0]
    joined = served.head(served.last_maps(square[np.newaxis])).numpy()
    np.testing.assert_allclose(joined, seen, atol=1e-4 * np.abs(seen).max())
    keras.backend.clear_session()


def test_only_pixels_with_heat_are_coloured():
    pixels = np.full((20, 30, 3), 100, np.uint8)
    heat = np.zeros((20, 30), np.float32)
    heat[5, 5] = 1
    drawn = np.asarray(draw_heat(pixels, heat))
    assert drawn.shape == (20, 30, 3)
    assert (drawn[10:] == 100).all()
    assert drawn[5, 5].tolist() == [206, 208, 145]


def test_opacity_0_leaves_the_image():
    pixels = np.random.default_rng(0).integers(0, 256, (8, 8, 3), np.uint8)
    np.testing.assert_array_equal(draw_heat(pixels, np.ones((4, 4), np.float32), opacity=0), pixels)


def test_a_small_map_is_resized_to_the_image():
    heat = np.array([[0, 1]], np.float32)
    assert resize_map(heat, 4, 8)[0].tolist() == pytest.approx([0, 0, 0.125, 0.375, 0.625, 0.875, 1, 1])

"""An image and a head for which it is known which region supports a class, to measure explanations with."""

import keras
import numpy as np
from numpy.typing import NDArray

from core.backbones.network import architecture
from core.backbones.zoo import BackboneSpec
from core.evaluation.inference.served_model import ServedModel
from core.training.networks import build_head
from core.training.recipe import Head
from core.training.serving import build_serving

TARGET_CLASS = 1
CLASSES = ("nothing", "noise", "nothing else")


def untrained(spec: BackboneSpec, size: int, head: Head = Head()) -> keras.Model:  # noqa: B008 - frozen
    """A serving model with random weights, and scales, offsets and statistics as after a training."""
    keras.utils.set_random_seed(0)
    network = architecture(spec, size)
    random = np.random.default_rng(1)
    for weight in network.weights:
        if len(weight.shape) == 1 and weight.dtype == "float32":
            positive = "variance" in weight.path or "gamma" in weight.path
            weight.assign(random.uniform(*((0.5, 2.0) if positive else (-0.3, 0.3)), weight.shape))
    layers = build_head(head, channels=network.output.shape[-1], classes=len(CLASSES), seed=0)
    return build_serving(network, layers, size=size, resize="crop")


def noise_in_a_quarter(size: int, quarter: tuple[int, int]) -> NDArray[np.uint8]:
    """(size, size, 3) grey, with noise in one quarter: row and column, each 0 or 1."""
    square = np.full((size, size, 3), 120, np.uint8)
    square[_quarter(size, quarter)] = np.random.default_rng(0).integers(0, 256, (size // 2, size // 2, 3))
    return square


def plant_answer(served: ServedModel, square: NDArray[np.uint8], quarter: tuple[int, int]) -> None:
    """Set a head by which only one quarter supports `TARGET_CLASS`.

    Its logit is 1 for the mean of the maps inside the quarter, and -1 for their mean outside.
    """
    maps = served.last_maps(square[np.newaxis]).numpy()[0]
    inside = np.zeros(maps.shape[:2], bool)
    inside[_quarter(len(maps), quarter)] = True
    means = np.stack([maps[inside].mean(axis=0), maps[~inside].mean(axis=0)]).astype(np.float64)
    kernel = np.zeros((maps.shape[-1], len(CLASSES)), np.float32)
    kernel[:, TARGET_CLASS] = np.linalg.lstsq(means, np.array([1.0, -1.0]), rcond=None)[0]
    served.logits.set_weights([kernel, np.zeros(len(CLASSES), np.float32)])


def share_in_quarter(heat: NDArray[np.float32], quarter: tuple[int, int]) -> float:
    """Share of the heat that lies in a quarter, from 0 to 1."""
    return float(heat[_quarter(len(heat), quarter)].sum() / heat.sum())


def _quarter(side: int, quarter: tuple[int, int]) -> tuple[slice, slice]:
    half = side // 2
    row, column = (slice(half) if first == 0 else slice(side - half, side) for first in quarter)
    return row, column

"""The starter network. Worker only: imports Keras.

Each block passes one single tensor on: what it found, beside a pooled copy of what came before it. So the end of every
block is a cut, and the global average of the last block's output sees colours and edges as well as shapes. What came
early varies less than what came late, so the last layer brings all channels to one scale: without it a head hardly uses
the early ones (test accuracy on sign_digits, a head that began with random numbers, two seeds: 0.67, 0.79).
"""

import keras
from keras import layers

STEM_WIDTH = 32
LAST_BLOCK, SCALE = "block4", "features"
# Name and width of each block, and how what came before it is made smaller: the strongest answer in a window tells
# more than the mean (by 0.015 in the linear probe of a random network), both together a little more.
BLOCKS = (
    ("block1", 64, ("max",)),
    ("block2", 128, ("max",)),
    ("block3", 192, ("mean", "max")),
    ("block4", 256, ()),
)
_EPSILON = 1e-5
_POOLS = {"max": layers.MaxPooling2D, "mean": layers.AveragePooling2D}


def build_starter(
    input_size: int | None, norm: type[layers.BatchNormalization] = layers.BatchNormalization
) -> keras.Model:
    """Build the network with random weights, without a top.

    Args:
        input_size: Height and width in pixels, at least 32; None accepts any size.
        norm: The normalisation; only the pretraining gives another one, which computes the same faster.

    Returns:
        A functional model of built-in layers: (n, size, size, 3) RGB from 0 to 255 ->
        (n, size / 16, size / 16, 896), not pooled. The preprocessing is inside. The last layer's statistics are
        those of the pooled map, over images.
    """
    image = keras.Input((input_size, input_size, 3), name="image")
    x = layers.Rescaling(1 / 127.5, offset=-1, name="rescale")(image)
    x = _convolution(x, STEM_WIDTH, 3, 2, "stem", norm)
    for name, width, pools in BLOCKS:
        x = _block(x, width, pools, name, norm)
    scaled = layers.BatchNormalization(center=False, scale=False, epsilon=_EPSILON, name=SCALE)(x)
    return keras.Model(image, scaled, name="starter")


def _block(
    x: keras.KerasTensor, width: int, pools: tuple[str, ...], name: str, norm: type[layers.BatchNormalization]
) -> keras.KerasTensor:
    """New features from all that came before, joined to the old ones at the new resolution."""
    entry = _convolution(x, width, 3 if pools else 1, 2 if pools else 1, f"{name}_entry", norm)
    y = _convolution(entry, width, 3, 1, f"{name}_first", norm)
    y = layers.Conv2D(width, 3, padding="same", use_bias=False, name=f"{name}_second_conv")(y)
    y = norm(name=f"{name}_second_norm")(y)
    y = layers.ReLU(name=f"{name}_relu")(layers.Add(name=f"{name}_add")([entry, y]))
    before = [_POOLS[pool](2, padding="same", name=f"{name}_{pool}")(x) for pool in pools] or [x]
    return layers.Concatenate(name=name)([*before, y])


def _convolution(
    x: keras.KerasTensor, width: int, kernel: int, stride: int, name: str, norm: type[layers.BatchNormalization]
) -> keras.KerasTensor:
    x = layers.Conv2D(width, kernel, stride, padding="same", use_bias=False, name=f"{name}_conv")(x)
    x = norm(name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x)

"""Random views of images: cropped, mirrored, with other colours. Worker only: imports TensorFlow.

The parameters are drawn by NumPy from a seed, so a resumed pretraining uses the same views as an uninterrupted one.
"""

from typing import NamedTuple

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

_MIN_AREA = 0.4
_STRETCH = 0.25


class ViewParameters(NamedTuple):
    """The random parameters of one view of each of n images.

    Attributes:
        boxes: (n, 4) float32: top, left, bottom, right from 0 to 1; left and right are swapped to mirror.
        gains: (n, 1, 1, 3) float32: factors of red, green and blue, including contrast.
        offsets: (n, 1, 1, 1) float32: added to each channel.
        saturations: (n, 1, 1, 1) float32: 0 is grey, 1 does not change the colours.
    """

    boxes: NDArray[np.float32]
    gains: NDArray[np.float32]
    offsets: NDArray[np.float32]
    saturations: NDArray[np.float32]


def sample_views(count: int, rng: np.random.Generator) -> ViewParameters:
    """Sample the parameters of one view of each of `count` images."""
    side, stretch = np.sqrt(rng.uniform(_MIN_AREA, 1, count)), np.exp(rng.uniform(-_STRETCH, _STRETCH, count))
    height, width = np.minimum(1, side * stretch), np.minimum(1, side / stretch)
    top, left = rng.random(count) * (1 - height), rng.random(count) * (1 - width)
    mirrored = rng.random(count) < 1 / 2
    right = left + width
    boxes = np.stack([top, np.where(mirrored, right, left), top + height, np.where(mirrored, left, right)], axis=1)
    return ViewParameters(
        boxes.astype(np.float32),
        (rng.uniform(0.75, 1.25, (count, 1, 1, 1)) * rng.uniform(0.88, 1.12, (count, 1, 1, 3))).astype(np.float32),
        rng.uniform(-25, 25, (count, 1, 1, 1)).astype(np.float32),
        rng.uniform(0.7, 1.3, (count, 1, 1, 1)).astype(np.float32),
    )


def apply_views(images: tf.Tensor, views: ViewParameters, size: int) -> tf.Tensor:
    """Compute views of images.

    Args:
        images: (n, any, any, 3) uint8.
        views: Parameters of one view of each image.
        size: Height and width of the result, in pixels.

    Returns:
        (n, size, size, 3) float32 from 0 to 255.
    """
    count = tf.shape(images)[0]
    part = tf.image.crop_and_resize(tf.cast(images, tf.float32), views.boxes, tf.range(count), [size, size])
    grey = tf.reduce_mean(part, axis=-1, keepdims=True)
    coloured = grey + (part - grey) * views.saturations
    return tf.clip_by_value((coloured - 127.5) * views.gains + 127.5 + views.offsets, 0, 255)

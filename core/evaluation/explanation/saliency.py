"""Saliency: which regions of an image support a class. Worker only: imports Keras and TensorFlow.

Both methods explain the logit of the class minus the mean of all logits. Only differences between logits change the
probabilities, so a region that raises all logits equally supports no class. The maps are in the coordinates of the
square that the model makes of an image, the input of the network.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.evaluation.explanation.overlay import resize_map
from core.evaluation.inference.served_model import ServedModel

# Occluding patches along a side; each overlaps its neighbour by half, which makes 169 occluded images.
PATCHES: Final = 7
# Relative rounding error of sums of a few thousand float32 numbers.
ROUNDING: Final = 1e-5


def grad_cam(served: ServedModel, square: NDArray[np.uint8], class_index: int) -> NDArray[np.float32]:
    """Compute where the last feature maps support a class.

    Source: Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization (ICCV
    2017), on the maps before the pooling.

    Args:
        served: The exported model.
        square: (size, size, 3) from `served.preprocess`.
        class_index: The class to explain.

    Returns:
        (size, size) float32 from 0 to 1, 1 where the support is largest; all 0 if nothing supports the class.
    """
    maps = served.last_maps(square[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = served.head(maps, training=False)[0]
        advantage = logits[class_index] - tf.reduce_mean(logits)
    weights = tf.reduce_mean(tape.gradient(advantage, maps), axis=(1, 2), keepdims=True)
    contributions = weights * maps
    support = tf.nn.relu(tf.reduce_sum(contributions, axis=-1))[0].numpy()
    magnitude = float(tf.reduce_max(tf.reduce_sum(tf.abs(contributions), axis=-1)))
    return _scaled(resize_map(support, square.shape[0], square.shape[1]), magnitude)


def occlusion(served: ServedModel, square: NDArray[np.uint8], class_index: int) -> NDArray[np.float32]:
    """Measure where a class loses support when a patch is covered; slower than Grad-CAM, but without gradients.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks (ECCV 2014).

    Args:
        served: The exported model.
        square: (size, size, 3) from `served.preprocess`.
        class_index: The class to explain.

    Returns:
        (size, size) float32 from 0 to 1, 1 where covering costs the class most; all 0 if it costs nothing anywhere.
    """
    size = square.shape[0]
    step = size / (2 * PATCHES)
    patches = [
        (slice(round(y * step), round((y + 2) * step)), slice(round(x * step), round((x + 2) * step)))
        for y in range(2 * PATCHES - 1)
        for x in range(2 * PATCHES - 1)
    ]
    covered = np.repeat(square[np.newaxis], len(patches) + 1, axis=0)
    for image, patch in zip(covered, patches, strict=False):
        image[patch] = square.mean(axis=(0, 1))
    logits = served.classify(served.features(covered))[0]
    advantage = logits[:, class_index] - logits.mean(axis=1)
    loss, times = np.zeros((2, size, size), np.float32)
    for patch, occluded in zip(patches, advantage, strict=False):
        loss[patch] += advantage[-1] - occluded
        times[patch] += 1
    return _scaled(np.maximum(0, loss / np.maximum(times, 1)), float(np.abs(logits).max()))


Explanation = Callable[[ServedModel, NDArray[np.uint8], int], NDArray[np.float32]]
EXPLANATIONS: Final[dict[str, Explanation]] = {"grad-cam": grad_cam, "occlusion": occlusion}


def _scaled(heat: NDArray[np.float32], magnitude: float) -> NDArray[np.float32]:
    """Scale a map to 0 to 1; differences within rounding error count as zero."""
    largest = float(heat.max())
    return heat / largest if largest > ROUNDING * magnitude else np.zeros_like(heat)

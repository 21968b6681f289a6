"""What in a picture spoke for a class. Worker only: imports Keras and TensorFlow.

Both ways ask how the logit of the class changes against the mean of all logits: only differences between logits make
an answer, so what speaks for all classes alike speaks for none. Both are in the coordinates of the square that the
model makes of a picture, which is all that the network sees.
"""

from collections.abc import Callable
from typing import Final

import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.evaluation.explanation.overlay import stretched
from core.evaluation.inference.served_model import ServedModel

# Occluding patches along a side, each half over its neighbour: 169 pictures are asked about.
PATCHES: Final = 7
# Sums of a few thousand float32 numbers are this exact.
ROUNDING: Final = 1e-5


def grad_cam(served: ServedModel, square: NDArray[np.uint8], class_index: int) -> NDArray[np.float32]:
    """Where the last feature maps spoke for a class.

    Source: Selvaraju et al., Grad-CAM: visual explanations from deep networks via gradient-based localization (ICCV
    2017), on the maps before the pooling.

    Args:
        served: The exported model.
        square: (size, size, 3) from `served.shrink`.
        class_index: The class that is asked about.

    Returns:
        (size, size) float32 from 0 to 1, where 1 is the place that spoke most; all 0 where nothing spoke for it.
    """
    maps = served.last_maps(square[np.newaxis])
    with tf.GradientTape() as tape:
        tape.watch(maps)
        logits = served.behind_maps(maps, training=False)[0]
        advantage = logits[class_index] - tf.reduce_mean(logits)
    weights = tf.reduce_mean(tape.gradient(advantage, maps), axis=(1, 2), keepdims=True)
    parts = weights * maps
    spoke = tf.nn.relu(tf.reduce_sum(parts, axis=-1))[0].numpy()
    whole = float(tf.reduce_max(tf.reduce_sum(tf.abs(parts), axis=-1)))
    return _scaled(stretched(spoke, square.shape[0], square.shape[1]), whole)


def occlusion(served: ServedModel, square: NDArray[np.uint8], class_index: int) -> NDArray[np.float32]:
    """Where a class loses when a part of the picture is covered: slower than Grad-CAM, and sure, as nothing is derived.

    Source: Zeiler and Fergus, Visualizing and understanding convolutional networks (ECCV 2014).

    Args:
        served: The exported model.
        square: (size, size, 3) from `served.shrink`.
        class_index: The class that is asked about.

    Returns:
        (size, size) float32 from 0 to 1, where 1 is the place that the class lost most by; all 0 where it lost nowhere.
    """
    size = square.shape[0]
    step = size / (2 * PATCHES)
    places = [
        (slice(round(y * step), round((y + 2) * step)), slice(round(x * step), round((x + 2) * step)))
        for y in range(2 * PATCHES - 1)
        for x in range(2 * PATCHES - 1)
    ]
    covered = np.repeat(square[np.newaxis], len(places) + 1, axis=0)
    for picture, place in zip(covered, places, strict=False):
        picture[place] = square.mean(axis=(0, 1))
    logits = served.conclude(served.see(covered))[0]
    advantage = logits[:, class_index] - logits.mean(axis=1)
    lost, times = np.zeros((2, size, size), np.float32)
    for place, now in zip(places, advantage, strict=False):
        lost[place] += advantage[-1] - now
        times[place] += 1
    return _scaled(np.maximum(0, lost / np.maximum(times, 1)), float(np.abs(logits).max()))


Explanation = Callable[[ServedModel, NDArray[np.uint8], int], NDArray[np.float32]]
EXPLANATIONS: Final[dict[str, Explanation]] = {"grad-cam": grad_cam, "occlusion": occlusion}


def _scaled(heat: NDArray[np.float32], whole: float) -> NDArray[np.float32]:
    """Heat from 0 to 1; what is only the rounding of the whole that it is the rest of, is none."""
    largest = float(heat.max())
    return heat / largest if largest > ROUNDING * whole else np.zeros_like(heat)

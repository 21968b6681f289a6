"""Recognises weights whose batch normalisation was folded into the convolutions before. Free of frameworks.

Folding multiplies the scale of a batch normalisation into the weights of the convolution before it and leaves a
normalisation that does nothing: mean 0 and the same variance for all channels. Predictions stay the same, but
fine-tuning gains less. Measured with the default partial fine-tuning on four sets: with folded weights (MobileNetV2 0.5
at 96 pixels) the validation loss rose from the first epoch on both sets of photographs (hymenoptera 0.478 to 0.527,
flowers 0.856 to 0.896) and fell on both sets of hands; with weights that are not folded (MobileNet 0.25) it fell on
three of the four sets.
"""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from core.backbones.weights_file import StoredLayer, open_weights

# Relative spread of the variances of one layer, above rounding errors.
SPREAD: Final = 1e-4
# Scale, offset, mean and variance; some networks have no scale.
ARRAYS: Final = (3, 4)


def has_folded_batch_norm(path: Path) -> bool:
    """Whether the batch normalisation of a weights file was folded; False if it has none.

    Args:
        path: A weights file, which is read in a child process; the result is cached until the file changes.

    Raises:
        WeightsError: The file is missing, damaged or no weights file, or it cannot be trusted.
    """
    stat = path.stat() if path.is_file() else None
    return _is_folded(path, stat.st_mtime_ns if stat else 0, stat.st_size if stat else 0)


@lru_cache(maxsize=64)
def _is_folded(path: Path, _modified: int, _size: int) -> bool:
    with open_weights(path) as file:
        layers = [layer for layer in file.layers if _is_batch_norm(layer)]
        return bool(layers) and all(_does_nothing(arrays) for arrays in file.read(layers))


def _is_batch_norm(layer: StoredLayer) -> bool:
    """Whether a layer has as many vectors of one length as a batch normalisation."""
    return len(layer.arrays) in ARRAYS and len(layer.shapes[0]) == 1 and len(set(layer.shapes)) == 1


def _does_nothing(arrays: Sequence[NDArray[Any]]) -> bool:
    mean, variance = arrays[-2:]
    return not mean.any() and bool(np.ptp(variance) <= SPREAD * abs(variance.mean()))

"""How far two computations of the same network are apart."""

import numpy as np
from numpy.typing import NDArray

Tensors = tuple[NDArray[np.float32], ...]


def relative_difference(values: Tensors, reference: Tensors) -> float:
    """Mean absolute difference as a share of the reference's mean absolute value, of the tensor where it is largest.

    Args:
        values: One (n, *shape) array a crossing tensor.
        reference: The same from another computation.

    Returns:
        0 for equal ones; infinite where shapes differ or values are not finite.
    """
    largest = 0.0
    for value, wanted in zip(values, reference, strict=True):
        if value.shape != wanted.shape or not np.isfinite(value).all():
            return float("inf")
        difference, scale = float(np.abs(value - wanted).mean()), float(np.abs(wanted).mean())
        largest = max(largest, difference / scale if scale else difference)
    return largest

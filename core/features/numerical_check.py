"""Measures the difference between two computations of the same network."""

import numpy as np
from numpy.typing import NDArray

Tensors = tuple[NDArray[np.float32], ...]


def relative_difference(values: Tensors, reference: Tensors) -> float:
    """Mean absolute difference divided by the reference's mean absolute value, for the tensor where it is largest.

    Args:
        values: One (n, *shape) array per crossing tensor.
        reference: The same from another computation.

    Returns:
        0 if equal; infinite if shapes differ or values are not finite.
    """
    largest = 0.0
    for value, expected in zip(values, reference, strict=True):
        if value.shape != expected.shape or not np.isfinite(value).all():
            return float("inf")
        difference, scale = float(np.abs(value - expected).mean()), float(np.abs(expected).mean())
        largest = max(largest, difference / scale if scale else difference)
    return largest

"""Numbers the views of a run's images: first the images, then the first variation of each, and so on."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from core.features.augment import Square, Variations, augment, variations_key

Rows = NDArray[np.int64]


class Views:
    """The views of a run and their cache keys.

    Args:
        digests: (n,) digest of each image.
        varied: Rows of the images that are varied, ascending; the others have one view, the image itself.
        count: Variations of each varied image, beside the image itself.
        seed: Of the variations.
        variations: Bounds of the variations; None for no variation.
    """

    def __init__(
        self, digests: Sequence[str], varied: Rows, count: int, seed: int, variations: Variations | None
    ) -> None:
        self.digests = digests
        self.count = count if variations is not None else 0
        self._varied = varied
        self._seed = seed
        self._variations = variations
        self._suffix = variations_key(variations, seed) if variations is not None else ""

    def __len__(self) -> int:
        return len(self.digests) + self.count * len(self._varied)

    def numbers(self, rows: Rows, view: int) -> Rows:
        """(k,) numbers of one view of the images.

        Raises:
            IndexError: An image does not have this view.
        """
        if view == 0:
            return rows
        at = np.minimum(np.searchsorted(self._varied, rows), max(0, len(self._varied) - 1))
        if not 0 < view <= self.count or not np.array_equal(self._varied[at], rows):
            raise IndexError(f"view {view} of images that have {self.count} variations, or none")
        return len(self.digests) + (view - 1) * len(self._varied) + at

    def varied(self, rows: Rows) -> Rows:
        """Positions of the rows that are varied."""
        return np.flatnonzero(np.isin(rows, self._varied))

    def split(self, numbers: Rows) -> tuple[Rows, Rows]:
        """(k,) row of the image and (k,) number of its view, for each view."""
        beyond = numbers - len(self.digests)
        n_varied = max(1, len(self._varied))
        views = np.where(beyond < 0, 0, beyond // n_varied + 1)
        rows = numbers.copy()
        rows[beyond >= 0] = self._varied[beyond[beyond >= 0] % n_varied]
        return rows, views

    def keys(self, numbers: Rows) -> list[str]:
        """(k,) cache keys of the views."""
        rows, views = self.split(numbers)
        return [
            f"{self.digests[row]}/{view}/{self._suffix}" if view else self.digests[row]
            for row, view in zip(rows.tolist(), views.tolist(), strict=True)
        ]

    def vary(self, square: Square, row: int, view: int) -> Square:
        """The pixels of a view, made from those of the image."""
        if self._variations is None:
            return square
        return augment(square, self.digests[row], view, seed=self._seed, variations=self._variations)

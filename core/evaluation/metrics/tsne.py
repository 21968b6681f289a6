"""A map on which neighbours stay neighbours (t-SNE), for the groups that two straight directions cannot show.

Source: van der Maaten and Hinton, Visualizing data using t-SNE (JMLR 2008), as scikit-learn does it. UMAP would need
numba and its compiler, which are larger than all of this and bind it to their versions of Python and NumPy. It takes
seconds to a minute, so it is made when it is asked for, by a worker, and kept with the run.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, NotFoundError
from core.evaluation.metrics.embedding import Embedding
from core.storage.atomic import write_atomic

FILE_NAME: Final = "neighbours.npz"
# More points would take minutes and say no more; a map of them is what a browser draws at ease.
MOST: Final = 5000
FEWEST: Final = 8
_PERPLEXITY: Final = 30.0
_DIRECTIONS: Final = 50

Places = NDArray[np.float32]


def compute_tsne(space: Embedding) -> tuple[tuple[str, ...], Places]:
    """Arrange the images of a run so that those that are alike lie together.

    Args:
        space: Where its images lie; of more than `MOST` some are taken by chance, always the same.

    Returns:
        Digests of the arranged images and their (n, 2) float32 places.

    Raises:
        InputError: There are fewer than `FEWEST` images.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    total = len(space.digests)
    if total < FEWEST:
        raise InputError(f"A map of neighbours needs {FEWEST} images, and there are {total}.", "Add images.")
    rows = np.arange(total)
    if total > MOST:
        rows = np.sort(np.random.default_rng(0).choice(total, MOST, replace=False))
    features = space.features[rows].astype(np.float32)
    directions = min(_DIRECTIONS, *features.shape)
    fewer = PCA(directions, svd_solver="randomized", random_state=0).fit_transform(features)
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    places = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=-1).fit_transform(fewer)
    return tuple(space.digests[row] for row in rows), places.astype(np.float32)


def write_tsne(digests: tuple[str, ...], places: Places, folder: Path) -> Path:
    """Write `neighbours.npz` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(folder / FILE_NAME, lambda path: np.savez(path, digests=np.array(digests), places=places))


def read_tsne(folder: Path) -> tuple[tuple[str, ...], Places]:
    """Read what `write_tsne` wrote.

    Raises:
        NotFoundError: The map was not made yet.
        InputError: The file is damaged.
    """
    try:
        with np.load(folder / FILE_NAME, allow_pickle=False) as file:
            return tuple(file["digests"].tolist()), file["places"]
    except FileNotFoundError as error:
        raise NotFoundError("This run has no map of neighbours yet.", "Choose it on the Results page.") from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{FILE_NAME} cannot be read.", "Evaluate the run again.") from error

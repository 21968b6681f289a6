"""t-SNE map of a run's images, for the clusters that two principal components cannot show.

Source: van der Maaten and Hinton, Visualizing data using t-SNE (JMLR 2008), by scikit-learn. UMAP would need numba and
its compiler, which are larger than all of Graft and constrain the versions of Python and NumPy. The map takes seconds
to a minute, so a worker computes it on request and stores it with the run.
"""

from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.errors import InputError, NotFoundError
from core.evaluation.metrics.embedding import Embedding
from core.storage.atomic import write_atomic

# The name that earlier versions used.
TSNE_FILE: Final = "neighbours.npz"
# More points take minutes to compute and slow the browser down.
MOST_IMAGES: Final = 5000
FEWEST_IMAGES: Final = 8
_PERPLEXITY: Final = 30.0
_COMPONENTS: Final = 50

Coordinates = NDArray[np.float32]


def compute_tsne(embedding: Embedding) -> tuple[tuple[str, ...], Coordinates]:
    """Compute the t-SNE map of a run's images.

    Args:
        embedding: Of the run; of more than `MOST_IMAGES` images a seeded sample is taken.

    Returns:
        Digests of the images and their (n, 2) float32 coordinates.

    Raises:
        InputError: There are fewer than `FEWEST_IMAGES` images.
    """
    from sklearn.decomposition import PCA
    from sklearn.manifold import TSNE

    total = len(embedding.digests)
    if total < FEWEST_IMAGES:
        raise InputError(f"A t-SNE map needs {FEWEST_IMAGES} images, and there are {total}.", "Add images.")
    rows = np.arange(total)
    if total > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(0).choice(total, MOST_IMAGES, replace=False))
    features = embedding.features[rows].astype(np.float32)
    components = min(_COMPONENTS, *features.shape)
    reduced = PCA(components, svd_solver="randomized", random_state=0).fit_transform(features)
    perplexity = min(_PERPLEXITY, (len(rows) - 1) / 3)
    coordinates = TSNE(perplexity=perplexity, init="pca", random_state=0, n_jobs=-1).fit_transform(reduced)
    return tuple(embedding.digests[row] for row in rows), coordinates.astype(np.float32)


def write_tsne(digests: tuple[str, ...], coordinates: Coordinates, folder: Path) -> Path:
    """Write `neighbours.npz` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(folder / TSNE_FILE, lambda path: np.savez(path, digests=np.array(digests), places=coordinates))


def read_tsne(folder: Path) -> tuple[tuple[str, ...], Coordinates]:
    """Read what `write_tsne` wrote.

    Raises:
        NotFoundError: The map was not computed yet.
        InputError: The file is damaged.
    """
    try:
        with np.load(folder / TSNE_FILE, allow_pickle=False) as file:
            return tuple(file["digests"].tolist()), file["places"]
    except FileNotFoundError as error:
        raise NotFoundError("This run has no t-SNE map yet.", "Compute it first.") from error
    except (OSError, ValueError, KeyError) as error:
        raise InputError(f"{TSNE_FILE} cannot be read.", "Evaluate the run again.") from error

"""Which layers a cut or a number of layers freezes, and how many parameters remain to train.

`None` as a cut is the place before the first layer, where nothing is frozen.
"""

import difflib
import itertools
import operator
from typing import Literal

from core.backbones.zoo import BackboneSpec, Cut
from core.errors import RecipeError

BatchNorm = Literal["frozen", "trained"]


def find_cut(spec: BackboneSpec, name: str) -> Cut:
    """The cut with this name or label.

    Raises:
        RecipeError: The network has no such cut; the hint names similar ones.
    """
    for cut in spec.cuts:
        if name in (cut.name, cut.label):
            return cut
    known = [text for cut in spec.cuts for text in (cut.label, cut.name)]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5)
    hint = f"Did you mean {' or '.join(near)}?" if near else f"Its first is {known[0]!r}, its last {known[-2]!r}."
    raise RecipeError(f"{spec.name} has no cut named {name!r}.", hint)


def cut_for_layers(spec: BackboneSpec, layers: int) -> tuple[Cut | None, int]:
    """Where to divide a network so that exactly this many layers are frozen.

    Args:
        spec: The network.
        layers: Frozen layers, from the input.

    Returns:
        The last cut at or before that number (None: before all layers), and how many layers to freeze after it.

    Raises:
        RecipeError: The network has fewer layers, or the number is negative.
    """
    if not 0 <= layers <= spec.layers:
        raise RecipeError(
            f"{spec.name} has {spec.layers} layers, so {layers} of them cannot be frozen.",
            f"Choose a number from 0 to {spec.layers}.",
        )
    before = [cut for cut in spec.cuts if cut.layers <= layers]
    return (before[-1], layers - before[-1].layers) if before else (None, layers)


def count_parameters(spec: BackboneSpec, layers: int, batch_norm: BatchNorm = "frozen") -> tuple[int, int]:
    """Count the parameters that stay frozen and those that training can change.

    The statistics of trained batch normalisation are neither: no gradient changes them, but they follow the images.

    Args:
        spec: The network.
        layers: Frozen layers, from the input.
        batch_norm: `frozen` also freezes the batch normalisation after these layers.

    Returns:
        (frozen, trainable), without a head.
    """
    is_frozen = [
        index < layers or (batch_norm == "frozen" and index in spec.batch_norms)
        for index in range(len(spec.layer_parameters))
    ]
    frozen = sum(itertools.compress(spec.layer_parameters, is_frozen))
    return frozen, sum(itertools.compress(spec.layer_trainable, map(operator.not_, is_frozen)))

"""An exported model, asked quickly. Worker only: imports Keras and TensorFlow.

The model is the one of `core.training.serving`: photographs of any size in, probabilities out. Photographs of different
sizes cannot share a batch, but the squares that the model's own resizing makes of them can. So the exported graph is
run in pieces, the resizing photograph by photograph, the rest in batches; joined they are the graph, layer by layer.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.dataset.pixels import VERSION, background_suffix, load_image
from core.errors import NotFoundError, WeightsError
from core.intake.decode_rgb import WHITE
from core.training.networks import LOGITS, POOLING, PROBABILITIES
from core.training.recipe import read_recipe

BATCH: Final = 32


class ServedModel:
    """An exported model in three pieces, `shrink`, `see` and `conclude`; all may be called from any thread.

    Args:
        model: From the file of a `core.training.serving.build_serving`; before it was saved, its layers belong to other
            graphs as well.
        background: What transparent places of a photograph were laid on in its training, `#rrggbb`: the model itself
            is fed opaque ones.

    Raises:
        WeightsError: The model is not built like one that Graft exports.
    """

    def __init__(self, model: keras.Model, background: str = WHITE) -> None:
        self.model = model
        self.background = background
        self.logits = _layer(model, LOGITS)
        self.resizing = _resizing(model)
        self._maps: keras.KerasTensor = _layer(model, POOLING).input
        self._features: keras.KerasTensor = self.logits.input
        self._shrink = _compiled(keras.Model(model.input, keras.ops.round(self.resizing.output)), (None, None, None, 3))
        seen = keras.Model(self.resizing.output, [self._maps, self._features])
        self._see = _compiled(seen, self.resizing.output.shape)
        self._conclude = keras.Model(self._features, [self.logits.output, _layer(model, PROBABILITIES).output])

    @classmethod
    def load(cls, path: Path) -> "ServedModel":
        """Load an exported model, in safe mode; its background is that of the recipe beside it, else white.

        Raises:
            NotFoundError: There is no such file.
            WeightsError: It is damaged, or not a model that Graft exports.
            RecipeError: The recipe beside it cannot be read.
        """
        if not path.is_file():
            raise NotFoundError(f"There is no model {path}.", "Train first, or name a model.keras.")
        try:
            model = keras.models.load_model(path, compile=False)
        except (ValueError, TypeError, OSError, KeyError) as error:
            raise WeightsError(f"{path.name} cannot be loaded as a Keras model.", "Export it again.") from error
        recipe = read_recipe(path.parent)
        return cls(model) if recipe is None else cls(model, recipe.background)

    @cached_property
    def behind_maps(self) -> keras.Model:
        """From (n, height, width, channels) maps of `last_maps` to (n, n_classes) logits."""
        return keras.Model(self._maps, self.logits.output)

    @cached_property
    def trunk(self) -> keras.Model:
        """The network from the squares to its pooled maps: the part that takes the time, for `core.features.engine`."""
        pooling = _layer(self.model, POOLING)
        networks = [layer for layer in self.model.layers if isinstance(layer, keras.Model)]
        if len(networks) != 1:
            raise _foreign("does not hold one network")
        return keras.Model(networks[0].input, pooling(networks[0].output), name=f"{networks[0].name}_pooled")

    def behind_trunk(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """What `see` gives, from what `trunk` gives."""
        return self._between(pooled, training=False).numpy()  # type: ignore[no-any-return] # untyped in Keras

    @cached_property
    def _between(self) -> keras.Model:
        return keras.Model(_layer(self.model, POOLING).output, self._features)

    @property
    def n_classes(self) -> int:
        """How many probabilities the model gives."""
        return int(self.logits.output.shape[-1])

    @property
    def size(self) -> int:
        """Side of the square in pixels."""
        return int(self.resizing.height)

    @property
    def resize(self) -> str:
        """How the model makes a square of a photograph: `crop`, `pad` or `stretch`."""
        if self.resizing.crop_to_aspect_ratio:
            return "crop"
        return "pad" if self.resizing.pad_to_aspect_ratio else "stretch"

    @property
    def namespace(self) -> str:
        """Another one whenever other squares come out: those of Keras' own resizing, as this version does it."""
        return f"served-v{VERSION}-{keras.__version__}-{self.resize}-{self.size}{background_suffix(self.background)}"

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """Decode a photograph at its full size and resize it as the model does: what makes this a `Preprocessor`.

        Raises:
            ImageError: The file is gone or cannot be decoded.
        """
        return self.shrink(load_image(path, name, self.background))

    def shrink(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize one photograph as the model does, to the whole numbers that it goes on with.

        Args:
            pixels: (height, width, 3) uint8 RGB.

        Returns:
            (size, size, 3) uint8, what the rest of the model is fed.
        """
        square: NDArray[np.uint8] = self._shrink(pixels[np.newaxis])[0].numpy().astype(np.uint8)
        return square

    def see(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute what the last layer before the classes is fed.

        Args:
            squares: (n, size, size, 3) from `shrink`.

        Returns:
            (n, n_features) float32.
        """
        batches = [squares[at : at + BATCH] for at in range(0, len(squares), BATCH)]
        return np.concatenate([self._see(batch)[1].numpy() for batch in batches])

    def last_maps(self, squares: NDArray[np.uint8]) -> tf.Tensor:
        """Compute the last feature maps, those before the pooling, in the graph that `see` has compiled.

        Args:
            squares: (n, size, size, 3) from `shrink`, one batch.

        Returns:
            (n, height, width, channels) float32.
        """
        return self._see(squares)[0]

    def conclude(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Compute logits and probabilities from what the last layer is fed.

        Args:
            features: (n, n_features) from `see`.

        Returns:
            (n, n_classes) float32 logits and (n, n_classes) float64 probabilities, whose rows sum to 1.
        """
        logits, probabilities = (output.numpy() for output in self._conclude(features, training=False))
        exact = probabilities.astype(np.float64)
        return logits, exact / exact.sum(axis=1, keepdims=True)


def _compiled(model: keras.Model, shape: tuple[int | None, ...]) -> Any:  # noqa: ANN401 - untyped in TensorFlow
    """One graph of a model, for uint8 pixels of any batch; traced once."""

    def compute(pixels: tf.Tensor) -> Any:  # noqa: ANN401 - a tensor, or one for each output
        return model(tf.cast(pixels, model.inputs[0].dtype), training=False)

    return tf.function(compute, input_signature=[tf.TensorSpec((None, *shape[1:]), tf.uint8)], autograph=False)


def _layer(model: keras.Model, name: str) -> keras.layers.Layer:
    try:
        return model.get_layer(name)
    except ValueError as error:
        raise _foreign(f"has no layer {name!r}") from error


def _resizing(model: keras.Model) -> keras.layers.Resizing:
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Resizing)]
    if len(found) != 1:
        raise _foreign("does not resize its images itself")
    return found[0]


def _foreign(what: str) -> WeightsError:
    return WeightsError(f"The model {what}, so it is not one that Graft exported.", "Choose a model.keras of a run.")

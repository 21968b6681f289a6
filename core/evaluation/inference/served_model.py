"""An exported model, run in batches. Worker only: imports Keras and TensorFlow.

The model is that of `core.training.serving`: it takes photographs of any size and gives probabilities. Photographs of
different sizes cannot share a batch, but their resized squares can. So the exported graph is run in parts, the resizing
one photograph at a time and the rest in batches; together the parts are the graph, layer by layer.
"""

from functools import cached_property
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.dataset.pixels import VERSION, decoding_suffix, load_image
from core.errors import NotFoundError, WeightsError
from core.intake.decode_rgb import WHITE
from core.training.networks import LOGITS, POOLING, PROBABILITIES
from core.training.recipe import read_recipe

BATCH: Final = 32


class ServedModel:
    """An exported model in three parts, `preprocess`, `features` and `classify`; all can be called from any thread.

    Args:
        model: Loaded from a file of `core.training.serving.save_model`. (Layers of a model that was not saved and
            loaded belong to other graphs as well.)
        background: The colour behind transparent pixels in its training, `#rrggbb`; the model itself takes opaque
            pixels.
        bit_depth: Bits at which its training read integers of more than 8 bits; None chose them for each image.

    Raises:
        WeightsError: The model does not have the structure of Graft's exports.
    """

    def __init__(self, model: keras.Model, background: str = WHITE, bit_depth: int | None = None) -> None:
        self.model = model
        self.background = background
        self.bit_depth = bit_depth
        self.logits = _layer(model, LOGITS)
        self.resizing = _resizing(model)
        self._maps_tensor: keras.KerasTensor = _layer(model, POOLING).input
        self._features_tensor: keras.KerasTensor = self.logits.input
        resizing = keras.Model(model.input, keras.ops.round(self.resizing.output))
        self._preprocess = _compiled(resizing, (None, None, None, 3))
        extractor = keras.Model(self.resizing.output, [self._maps_tensor, self._features_tensor])
        self._extract = _compiled(extractor, self.resizing.output.shape)
        probabilities = _layer(model, PROBABILITIES).output
        self._classify = keras.Model(self._features_tensor, [self.logits.output, probabilities])

    @classmethod
    def load(cls, path: Path) -> "ServedModel":
        """Load an exported model in safe mode; images are decoded as the recipe beside it says.

        Raises:
            NotFoundError: There is no such file.
            WeightsError: It is damaged, or not exported by Graft.
            RecipeError: The recipe beside it cannot be read.
        """
        if not path.is_file():
            raise NotFoundError(f"There is no model {path}.", "Train first, or name a model.keras.")
        try:
            model = keras.models.load_model(path, compile=False)
        except (ValueError, TypeError, OSError, KeyError) as error:
            raise WeightsError(f"{path.name} cannot be loaded as a Keras model.", "Export it again.") from error
        recipe = read_recipe(path.parent)
        return cls(model) if recipe is None else cls(model, recipe.background, recipe.bit_depth)

    @cached_property
    def head(self) -> keras.Model:
        """The model from (n, height, width, channels) feature maps, those of `last_maps`, to (n, n_classes) logits."""
        return keras.Model(self._maps_tensor, self.logits.output)

    @cached_property
    def backbone(self) -> keras.Model:
        """The model from squares to pooled feature maps: the expensive part, for `core.features.engine`."""
        pooling = _layer(self.model, POOLING)
        networks = [layer for layer in self.model.layers if isinstance(layer, keras.Model)]
        if len(networks) != 1:
            raise _not_ours("does not contain exactly one backbone")
        return keras.Model(networks[0].input, pooling(networks[0].output), name=f"{networks[0].name}_pooled")

    def features_of_pooled(self, pooled: NDArray[np.float32]) -> NDArray[np.float32]:
        """Compute (n, n_features) features, those of `features`, from the outputs of `backbone`."""
        return self._after_pooling(pooled, training=False).numpy()  # type: ignore[no-any-return] # untyped in Keras

    @cached_property
    def _after_pooling(self) -> keras.Model:
        return keras.Model(_layer(self.model, POOLING).output, self._features_tensor)

    @property
    def n_classes(self) -> int:
        """Number of classes."""
        return int(self.logits.output.shape[-1])

    @property
    def size(self) -> int:
        """Side of the square in pixels."""
        return int(self.resizing.height)

    @property
    def resize(self) -> str:
        """How the model makes a photograph square: `crop`, `pad` or `stretch`."""
        if self.resizing.crop_to_aspect_ratio:
            return "crop"
        return "pad" if self.resizing.pad_to_aspect_ratio else "stretch"

    @property
    def namespace(self) -> str:
        """Cache key of the squares; it changes with everything that changes them, Keras' version included."""
        decoding = decoding_suffix(self.background, self.bit_depth)
        return f"served-v{VERSION}-{keras.__version__}-{self.resize}-{self.size}{decoding}"

    def square(self, path: Path, name: str) -> NDArray[np.uint8]:
        """Decode a photograph at its full size and resize it as the model does, for `core.dataset.pixels.Preprocessor`.

        Raises:
            ImageError: The file is missing or cannot be decoded.
        """
        return self.preprocess(load_image(path, name, self.background, self.bit_depth))

    def preprocess(self, pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Resize one photograph as the model does, rounded to whole numbers as in the model.

        Args:
            pixels: (height, width, 3) uint8 RGB.

        Returns:
            (size, size, 3) uint8, the input of the rest of the model.
        """
        square: NDArray[np.uint8] = self._preprocess(pixels[np.newaxis])[0].numpy().astype(np.uint8)
        return square

    def features(self, squares: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Compute the input of the last layer.

        Args:
            squares: (n, size, size, 3) from `preprocess`.

        Returns:
            (n, n_features) float32.
        """
        batches = [squares[at : at + BATCH] for at in range(0, len(squares), BATCH)]
        return np.concatenate([self._extract(batch)[1].numpy() for batch in batches])

    def last_maps(self, squares: NDArray[np.uint8]) -> tf.Tensor:
        """Compute the last feature maps, those before the pooling, in the compiled graph of `features`.

        Args:
            squares: (n, size, size, 3) from `preprocess`, one batch.

        Returns:
            (n, height, width, channels) float32.
        """
        return self._extract(squares)[0]

    def classify(self, features: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float64]]:
        """Compute logits and probabilities from the input of the last layer.

        Args:
            features: (n, n_features) from `features`.

        Returns:
            (n, n_classes) float32 logits and (n, n_classes) float64 probabilities, whose rows sum to 1.
        """
        logits, probabilities = (output.numpy() for output in self._classify(features, training=False))
        exact = probabilities.astype(np.float64)
        return logits, exact / exact.sum(axis=1, keepdims=True)


def _compiled(model: keras.Model, shape: tuple[int | None, ...]) -> Any:  # noqa: ANN401 - untyped in TensorFlow
    """Compile a model into one graph for uint8 pixels and any batch size, traced once."""

    def compute(pixels: tf.Tensor) -> Any:  # noqa: ANN401 - a tensor, or one for each output
        return model(tf.cast(pixels, model.inputs[0].dtype), training=False)

    return tf.function(compute, input_signature=[tf.TensorSpec((None, *shape[1:]), tf.uint8)], autograph=False)


def _layer(model: keras.Model, name: str) -> keras.layers.Layer:
    try:
        return model.get_layer(name)
    except ValueError as error:
        raise _not_ours(f"has no layer {name!r}") from error


def _resizing(model: keras.Model) -> keras.layers.Resizing:
    found = [layer for layer in model.layers if isinstance(layer, keras.layers.Resizing)]
    if len(found) != 1:
        raise _not_ours("does not resize its images itself")
    return found[0]


def _not_ours(problem: str) -> WeightsError:
    return WeightsError(f"The model {problem}, so it is not one that Graft exported.", "Choose a model.keras of a run.")

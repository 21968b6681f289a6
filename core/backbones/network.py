"""Builds a backbone, divides it at a cut and freezes its layers. Worker only: imports Keras.

The built model takes pixels of 0 to 255, RGB, and contains its preprocessing as plain Keras layers, so that a saved
model needs nothing but Keras. Its layers have the same names in every process: Keras numbers unnamed layers through
the life of a process, and a cut or a saved weight found by such a name would be another one the next time.
"""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import keras

from core.backbones.cuts import BatchNorm
from core.backbones.graph import PREPROCESSING_PREFIX, layers_in_order
from core.backbones.loading import load_weights, snake_case
from core.backbones.weights import DownloadProgress, available, download, no_progress, weights_path
from core.backbones.zoo import BackboneSpec, Cut, WeightsKind
from core.errors import RecipeError

# Means and deviations of ImageNet, as in keras.applications.imagenet_utils.
CAFFE_MEAN_RGB = (123.68, 116.779, 103.939)
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


def architecture(spec: BackboneSpec, input_size: int | None = None) -> keras.Model:
    """The network with random weights, (batch, size, size, 3) float32 pixels of 0 to 255 in, its last features out.

    Raises:
        RecipeError: The input size is smaller than the network's smallest.
    """
    size = input_size or spec.input_size
    if size < spec.min_size:
        raise RecipeError(
            f"{spec.name} takes images of at least {spec.min_size} pixels, but the input size is {size}.",
            f"Choose an input size from {spec.min_size}; its own is {spec.input_size}.",
        )
    model = _starter(size) if spec.function == "starter" else _application(spec, size)
    _name_for_good(model, spec.name)
    return keras.Model(model.inputs[0], model.outputs[0], name=spec.name)


def _starter(size: int) -> keras.Model:
    from core.backbones.starter.network import build_starter

    return build_starter(size)


def _application(spec: BackboneSpec, size: int) -> keras.Model:
    pixels = keras.Input((size, size, 3), name="pixels")
    model = getattr(keras.applications, spec.function)(
        include_top=False,
        weights=None,
        input_tensor=_preprocess(pixels, spec),
        input_shape=(size, size, 3),
        **spec.arguments,
    )
    return _corrected(model) if spec.family == "EfficientNet" else model


def _preprocess(pixels: keras.KerasTensor, spec: BackboneSpec) -> keras.KerasTensor:
    """What `keras.applications` does outside of the network, as layers that any Keras loads."""
    name = f"{PREPROCESSING_PREFIX}_scale"
    if spec.preprocessing == "tf":
        return keras.layers.Rescaling(1 / 127.5, offset=-1.0, name=name)(pixels)
    if spec.preprocessing == "torch":
        scale = [1 / (255 * deviation) for deviation in TORCH_DEVIATION_RGB]
        offset = [-mean / deviation for mean, deviation in zip(TORCH_MEAN_RGB, TORCH_DEVIATION_RGB, strict=True)]
        return keras.layers.Rescaling(scale, offset=offset, name=name)(pixels)
    if spec.preprocessing == "caffe":
        centred = keras.layers.Rescaling(1.0, offset=[-mean for mean in CAFFE_MEAN_RGB], name=name)(pixels)
        return keras.ops.flip(centred, axis=-1)
    return pixels


def _corrected(model: keras.Model) -> keras.Model:
    """EfficientNet as its ImageNet weights want it.

    `keras.applications` adds a rescaling behind the normalisation only while it loads its own ImageNet weights itself
    (https://github.com/tensorflow/tensorflow/issues/49930). Here weights are loaded after building.
    """

    def call(operation: keras.Operation, *args: object, **kwargs: object) -> keras.KerasTensor:
        output = operation(*args, **kwargs)
        if isinstance(operation, keras.layers.Normalization):
            scale = [1 / math.sqrt(deviation) for deviation in TORCH_DEVIATION_RGB]
            return keras.layers.Rescaling(scale, name="normalization_correction")(output)
        return output

    return keras.models.clone_model(model, call_function=call)


def _name_for_good(model: keras.Model, network: str) -> None:
    """Give operations that Keras numbered a name that depends on nothing but the network."""
    counts: dict[str, int] = {}
    for operation in model.operations:
        kind = snake_case(operation.__class__.__name__)
        if re.fullmatch(rf"{kind}(_\d+)?", operation.name):
            counts[kind] = counts.get(kind, 0) + 1
            operation.name = f"{network.lower()}_{kind}_{counts[kind]}"


def build(
    spec: BackboneSpec,
    *,
    weights: WeightsKind,
    keras_home: Path,
    weights_file: Path | None = None,
    input_size: int | None = None,
    on_progress: DownloadProgress = no_progress,
) -> keras.Model:
    """The network with its weights.

    Random weights (`none`) depend on `keras.utils.set_random_seed` alone.

    Args:
        spec: The network.
        weights: Which weights; `file` takes `weights_file`.
        keras_home: Folder whose `models` holds ImageNet weights; they are downloaded to there when missing.
        weights_file: A person's own weights.
        input_size: Height and width in pixels; None is the network's own.
        on_progress: Told the bytes of a download as they come.

    Returns:
        A functional model: (batch, size, size, 3) float32 RGB pixels of 0 to 255 -> (batch, height, width, channels).

    Raises:
        RecipeError: The input size is too small, or the network cannot be had with these weights.
        WeightsError: The file is damaged, is no weights file or belongs to another network.
        NetworkError: The weights are not there and could not be downloaded.
    """
    if weights not in spec.weights_kinds:
        raise RecipeError(
            f"{spec.name} cannot be had with the weights {weights!r}.",
            f"Choose one of {', '.join(spec.weights_kinds)}.",
        )
    model = architecture(spec, input_size)
    if weights == "none":
        return model
    if weights == "imagenet" and not available(spec, keras_home):
        download(spec, keras_home, on_progress)
    path = weights_file if weights == "file" else weights_path(spec, keras_home)
    if path is None:
        raise RecipeError("Weights from a file were chosen, and no file is named.")
    load_weights(model, spec, path)
    return model


@dataclass(frozen=True)
class Split:
    """A network divided at a cut; both parts share their layers, and so their weights, with the whole.

    Attributes:
        prefix: Pixels -> crossing tensor, or list of two in NASNet; None where nothing is before the cut.
        suffix: Crossing tensor(s) -> features of the whole network; None where nothing is behind the cut.
    """

    prefix: keras.Model | None
    suffix: keras.Model | None


def split(model: keras.Model, cut: Cut | None) -> Split:
    """Divide a built network; `suffix(prefix(pixels))` equals `model(pixels)`.

    Args:
        model: A network from `build`.
        cut: One of its cuts; None leaves everything to the suffix.
    """
    if cut is None:
        return Split(prefix=None, suffix=model)
    named = {operation.name: operation for operation in model.operations}
    crossing = [named[name].output for name in cut.tensors]
    if crossing[0] is model.output:
        return Split(prefix=model, suffix=None)
    tensors = crossing if len(crossing) > 1 else crossing[0]
    return Split(
        prefix=keras.Model(model.input, tensors, name=f"{model.name}_prefix"),
        suffix=keras.Model(tensors, model.output, name=f"{model.name}_suffix"),
    )


def freeze(model: keras.Model, spec: BackboneSpec, layers: int, batch_norm: BatchNorm = "frozen") -> None:
    """Freeze the first layers of a built network and make all others trainable, also within its prefix and suffix.

    Frozen batch normalisation is made not trainable, which in Keras keeps its statistics in inference mode however
    the model is called (https://keras.io/guides/transfer_learning/); its scale and offset stay as they are, too.
    Calling the suffix with `training=False` would keep the statistics alone, and would turn off the stochastic depth
    of EfficientNet. Dropout has no weights to freeze: called with `training=True` it is active in every layer.

    Args:
        model: A network from `build`.
        spec: What it was built from.
        layers: How many layers to freeze, from the input, counted as in the cuts.
        batch_norm: `frozen` keeps batch normalisation frozen behind them as well.
    """
    for index, layer in enumerate(ordered_layers(model, spec)):
        keeps_statistics = batch_norm == "frozen" and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = index >= layers and not keeps_statistics


def ordered_layers(model: keras.Model, spec: BackboneSpec) -> Sequence[keras.Layer]:
    """The layers of a built network in the order in which they are frozen, without the preprocessing before them."""
    return layers_in_order(model, [cut.tensors for cut in spec.cuts])

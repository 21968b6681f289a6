"""Builds a backbone, divides it at a cut and freezes its layers. Worker only: imports Keras.

The built model takes RGB pixels from 0 to 255 and contains its preprocessing as plain Keras layers, so a saved model
needs nothing but Keras. Its layers have the same names in every process, because cuts and weights are found by name:
Keras numbers unnamed layers from the start of the process.
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

# Means and standard deviations of ImageNet, as in keras.applications.imagenet_utils.
CAFFE_MEAN_RGB = (123.68, 116.779, 103.939)
TORCH_MEAN_RGB = (0.485, 0.456, 0.406)
TORCH_DEVIATION_RGB = (0.229, 0.224, 0.225)


def architecture(spec: BackboneSpec, input_size: int | None = None) -> keras.Model:
    """The network with random weights: (batch, size, size, 3) float32 pixels from 0 to 255 -> feature maps.

    Raises:
        RecipeError: The input size is smaller than the minimum of the network.
    """
    size = input_size or spec.input_size
    if size < spec.min_size:
        raise RecipeError(
            f"{spec.name} takes images of at least {spec.min_size} pixels, but the input size is {size}.",
            f"Choose an input size from {spec.min_size}; its own is {spec.input_size}.",
        )
    model = _starter(size) if spec.function == "starter" else _application(spec, size)
    _set_stable_names(model, spec.name)
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
    """The preprocessing of `keras.applications` as built-in layers."""
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
    """EfficientNet with the rescaling that its ImageNet weights need.

    `keras.applications` adds a rescaling after the normalisation only if it loads its ImageNet weights itself
    (https://github.com/tensorflow/tensorflow/issues/49930). Here weights are loaded after building.
    """

    def call(operation: keras.Operation, *args: object, **kwargs: object) -> keras.KerasTensor:
        output = operation(*args, **kwargs)
        if isinstance(operation, keras.layers.Normalization):
            scale = [1 / math.sqrt(deviation) for deviation in TORCH_DEVIATION_RGB]
            return keras.layers.Rescaling(scale, name="normalization_correction")(output)
        return output

    return keras.models.clone_model(model, call_function=call)


def _set_stable_names(model: keras.Model, network: str) -> None:
    """Rename operations that Keras numbered, so that their names depend on the network alone."""
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
    """Build a network with its weights.

    Random weights (`none`) depend only on `keras.utils.set_random_seed`.

    Args:
        spec: The network.
        weights: Kind of the weights; `file` takes `weights_file`.
        keras_home: Folder whose `models` holds ImageNet weights; missing ones are downloaded to it.
        weights_file: A weights file.
        input_size: Height and width in pixels; None for the default of the network.
        on_progress: Receives the bytes done and the total of a download.

    Returns:
        A functional model: (batch, size, size, 3) float32 RGB pixels from 0 to 255 -> (batch, height, width, channels).

    Raises:
        RecipeError: The input size is too small, or the network does not exist with these weights.
        WeightsError: The file is damaged, is no weights file or belongs to another network.
        NetworkError: The weights are missing and could not be downloaded.
    """
    if weights not in spec.weights_kinds:
        raise RecipeError(
            f"There are no weights of the kind {weights!r} for {spec.name}.",
            f"Choose one of {', '.join(spec.weights_kinds)}.",
        )
    model = architecture(spec, input_size)
    if weights == "none":
        return model
    if weights == "imagenet" and not available(spec, keras_home):
        download(spec, keras_home, on_progress)
    path = weights_file if weights == "file" else weights_path(spec, keras_home)
    if path is None:
        raise RecipeError("The weights should come from a file, but no file is named.")
    load_weights(model, spec, path)
    return model


@dataclass(frozen=True)
class Split:
    """A network divided at a cut; both parts share their layers and weights with the network.

    Attributes:
        prefix: Pixels -> crossing tensor, or a list of two in NASNet; None if no layer is before the cut.
        suffix: Crossing tensor(s) -> features of the network; None if no layer is after the cut.
    """

    prefix: keras.Model | None
    suffix: keras.Model | None


def split(model: keras.Model, cut: Cut | None) -> Split:
    """Divide a built network; `suffix(prefix(pixels))` equals `model(pixels)`.

    Args:
        model: A network from `build`.
        cut: One of its cuts; None puts all layers into the suffix.
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
    """Freeze the first layers of a built network and make the others trainable, also in its prefix and suffix.

    Batch normalisation that is not trainable runs in inference mode however the model is called
    (https://keras.io/guides/transfer_learning/), and its scale and offset do not change. Calling the suffix with
    `training=False` instead would freeze only the statistics, and would turn off the stochastic depth of EfficientNet.
    Dropout has no weights to freeze: with `training=True` it is active in every layer.

    Args:
        model: A network from `build`.
        spec: Its entry in the zoo.
        layers: How many layers to freeze, from the input, counted as in the cuts.
        batch_norm: `frozen` also freezes the batch normalisation after these layers.
    """
    for index, layer in enumerate(ordered_layers(model, spec)):
        keeps_statistics = batch_norm == "frozen" and isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = index >= layers and not keeps_statistics


def ordered_layers(model: keras.Model, spec: BackboneSpec) -> Sequence[keras.Layer]:
    """The layers of a built network in the order in which they are frozen, without the preprocessing before them."""
    return layers_in_order(model, [cut.tensors for cut in spec.cuts])

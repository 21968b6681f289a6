"""The zoo: every backbone that can be chosen, with its published and measured properties.

This file contains what is published about a network: the function of `keras.applications` that builds it, its
preprocessing, and the accuracy of its weights with the source. What can be measured (layers, parameters, cuts, weights
file) was measured by `python -m core.backbones.survey` and lies in `survey.json`.
"""

import difflib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from core.errors import RecipeError

WeightsKind = Literal["imagenet", "starter", "none", "file"]
Preprocessing = Literal["caffe", "tf", "torch", "included"]

SURVEY = Path(__file__).with_name("survey.json")

KERAS_IO = "https://keras.io/api/applications/ (table of available models)"
KERAS_MOBILENET_V3 = "https://keras.io/api/applications/mobilenet/ (MobileNetV3)"
MOBILENET_PAPER = "Howard et al. 2017, MobileNets, https://arxiv.org/abs/1704.04861, table 6"
MOBILENET_V2_CHECKPOINTS = "https://github.com/tensorflow/models/tree/master/research/slim/nets/mobilenet"


@dataclass(frozen=True)
class Cut:
    """A place at the end of a block where the network can be divided into a frozen prefix and a trained suffix.

    Attributes:
        label: Name for a person, e.g. `block 13`.
        tensors: Names of the operations whose outputs cross the cut: one, or two in NASNet.
        layers: Number of layers before the cut, as `keras.applications` counts them; all are frozen.
        parameters: Parameters of these layers.
        shapes: Shape of each crossing tensor at the network's own input size, without the batch.
    """

    label: str
    tensors: tuple[str, ...]
    layers: int
    parameters: int
    shapes: tuple[tuple[int, ...], ...]

    @property
    def name(self) -> str:
        """Name of the operation whose output crosses; unique within the network."""
        return self.tensors[0]

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the (first) crossing tensor at the network's own input size, without the batch."""
        return self.shapes[0]


@dataclass(frozen=True)
class WeightsFile:
    """The file of the published ImageNet weights, without the classification top.

    Attributes:
        name: File name under `KERAS_HOME/models`, as `keras.applications` looks for it.
        url: URL of the file.
        checksum: MD5 or SHA-256 from Keras; None if Keras has none.
    """

    name: str
    url: str
    checksum: str | None


@dataclass(frozen=True)
class BackboneSpec:
    """One network of the zoo.

    Attributes:
        name: Key in `BACKBONES`, and name of the built model.
        family: Networks of one family share their naming scheme of blocks.
        function: Attribute of `keras.applications`, or `starter`.
        arguments: Further arguments of that function.
        input_size: Height and width in pixels that the published weights were trained with.
        min_size: Smallest height and width in pixels.
        preprocessing: Preprocessing of pixels from 0 to 255 before the first layer: `caffe` (BGR, mean subtracted),
            `tf` (-1 to 1), `torch` (0 to 1, standardised) or `included` (in layers of the network).
        file_megabytes: Size of the published weights with their classification top; None if not published.
        top1: ImageNet top-1 accuracy of the published weights, 0 to 1; None if not published.
        top5: ImageNet top-5 accuracy, 0 to 1; None if not published.
        source: Source of these numbers.
        weights_kinds: Kinds of weights that exist for it.
        parameters: Number of parameters, without the classification top.
        layers: Number of layers without the top, as `keras.applications` counts them (including the input layer).
        cuts: Places where it can be divided, from the input to the output; the last is the whole backbone.
        weights_file: The file of its ImageNet weights; None for the starter.
        layer_parameters: Parameters of each layer, in the order in which layers are frozen.
        layer_trainable: Parameters of each layer that training can change.
        batch_norms: Indices of the batch normalisation layers in that order.
    """

    name: str
    family: str
    function: str
    input_size: int
    preprocessing: Preprocessing
    min_size: int = 32
    arguments: Mapping[str, Any] = field(default_factory=dict)
    file_megabytes: float | None = None
    top1: float | None = None
    top5: float | None = None
    source: str = ""
    weights_kinds: tuple[WeightsKind, ...] = ("imagenet", "none", "file")
    parameters: int = 0
    layers: int = 0
    cuts: tuple[Cut, ...] = field(default=(), repr=False)
    weights_file: WeightsFile | None = None
    layer_parameters: tuple[int, ...] = field(default=(), repr=False)
    layer_trainable: tuple[int, ...] = field(default=(), repr=False)
    batch_norms: frozenset[int] = field(default=frozenset(), repr=False)

    @property
    def weights_megabytes(self) -> float:
        """Size of its float32 weights without the top, about that of the download, in units of 2**20 bytes."""
        return self.parameters * 4 / 2**20


def _published(
    name: str,
    family: str,
    preprocessing: Preprocessing,
    input_size: int,
    file_megabytes: float | None,
    top1: float,
    top5: float | None = None,
    **others: Any,  # noqa: ANN401 - any other field
) -> BackboneSpec:
    """A network of `keras.applications`; by default its function has its name and its numbers are from keras.io."""
    figures = {"function": name, "source": KERAS_IO, **others}
    return BackboneSpec(
        name=name,
        family=family,
        preprocessing=preprocessing,
        input_size=input_size,
        file_megabytes=file_megabytes,
        top1=top1,
        top5=top5,
        **figures,
    )


ENTRIES = (
    BackboneSpec(
        "Starter",
        "Starter",
        "starter",
        input_size=96,
        preprocessing="included",
        weights_kinds=("starter", "none", "file"),
    ),
    _published(
        "MobileNet025",
        "MobileNet",
        "tf",
        224,
        None,
        0.506,
        function="MobileNet",
        arguments={"alpha": 0.25},
        source=MOBILENET_PAPER,
    ),
    _published("MobileNet", "MobileNet", "tf", 224, 16, 0.704, 0.895),
    _published(
        "MobileNetV2_050_96",
        "MobileNetV2",
        "tf",
        96,
        None,
        0.512,
        0.758,
        function="MobileNetV2",
        arguments={"alpha": 0.5},
        source=MOBILENET_V2_CHECKPOINTS,
    ),
    _published("MobileNetV2", "MobileNetV2", "tf", 224, 14, 0.713, 0.901),
    _published("MobileNetV3Small", "MobileNetV3", "included", 224, None, 0.681, source=KERAS_MOBILENET_V3),
    _published("MobileNetV3Large", "MobileNetV3", "included", 224, None, 0.756, source=KERAS_MOBILENET_V3),
    _published("NASNetMobile", "NASNet", "tf", 224, 23, 0.744, 0.919),
    _published("NASNetLarge", "NASNet", "tf", 331, 343, 0.825, 0.960),
    _published("EfficientNetB0", "EfficientNet", "included", 224, 29, 0.771, 0.933),
    _published("EfficientNetB1", "EfficientNet", "included", 240, 31, 0.791, 0.944),
    _published("EfficientNetB2", "EfficientNet", "included", 260, 36, 0.801, 0.949),
    _published("EfficientNetB3", "EfficientNet", "included", 300, 48, 0.816, 0.957),
    _published("EfficientNetB4", "EfficientNet", "included", 380, 75, 0.829, 0.964),
    _published("EfficientNetB5", "EfficientNet", "included", 456, 118, 0.836, 0.967),
    _published("EfficientNetB6", "EfficientNet", "included", 528, 166, 0.840, 0.968),
    _published("EfficientNetB7", "EfficientNet", "included", 600, 256, 0.843, 0.970),
    _published("EfficientNetV2B0", "EfficientNetV2", "included", 224, 29, 0.787, 0.943),
    _published("EfficientNetV2B1", "EfficientNetV2", "included", 240, 34, 0.798, 0.950),
    _published("EfficientNetV2B2", "EfficientNetV2", "included", 260, 42, 0.805, 0.951),
    _published("EfficientNetV2B3", "EfficientNetV2", "included", 300, 59, 0.820, 0.958),
    _published("EfficientNetV2S", "EfficientNetV2", "included", 384, 88, 0.839, 0.967),
    _published("EfficientNetV2M", "EfficientNetV2", "included", 480, 220, 0.853, 0.974),
    _published("EfficientNetV2L", "EfficientNetV2", "included", 480, 479, 0.857, 0.975),
    _published("DenseNet121", "DenseNet", "torch", 224, 33, 0.750, 0.923),
    _published("DenseNet169", "DenseNet", "torch", 224, 57, 0.762, 0.932),
    _published("DenseNet201", "DenseNet", "torch", 224, 80, 0.773, 0.936),
    _published("ResNet50", "ResNet", "caffe", 224, 98, 0.749, 0.921),
    _published("ResNet101", "ResNet", "caffe", 224, 171, 0.764, 0.928),
    _published("ResNet152", "ResNet", "caffe", 224, 232, 0.766, 0.931),
    _published("ResNet50V2", "ResNetV2", "tf", 224, 98, 0.760, 0.930),
    _published("ResNet101V2", "ResNetV2", "tf", 224, 171, 0.772, 0.938),
    _published("ResNet152V2", "ResNetV2", "tf", 224, 232, 0.780, 0.942),
    _published("InceptionV3", "Inception", "tf", 299, 92, 0.779, 0.937, min_size=75),
    _published("Xception", "Xception", "tf", 299, 88, 0.790, 0.945, min_size=71),
    _published("InceptionResNetV2", "InceptionResNet", "tf", 299, 215, 0.803, 0.953, min_size=75),
    _published("VGG16", "VGG", "caffe", 224, 528, 0.713, 0.901),
    _published("VGG19", "VGG", "caffe", 224, 549, 0.713, 0.900),
    _published("ConvNeXtTiny", "ConvNeXt", "included", 224, 109.42, 0.813),
    _published("ConvNeXtSmall", "ConvNeXt", "included", 224, 192.29, 0.823),
    _published("ConvNeXtBase", "ConvNeXt", "included", 224, 338.58, 0.853),
    _published("ConvNeXtLarge", "ConvNeXt", "included", 224, 755.07, 0.863),
    _published("ConvNeXtXLarge", "ConvNeXt", "included", 224, 1310, 0.867),
)


def _read_survey(path: Path) -> dict[str, Any]:
    if not path.exists():
        return {}
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return data


def _surveyed(entry: BackboneSpec, found: Mapping[str, Any]) -> BackboneSpec:
    cuts = tuple(
        Cut(cut["label"], tuple(cut["tensors"]), cut["layers"], cut["parameters"], tuple(map(tuple, cut["shapes"])))
        for cut in found["cuts"]
    )
    file = found["weights_file"]
    return BackboneSpec(
        **{
            **{name: getattr(entry, name) for name in entry.__dataclass_fields__},
            "cuts": cuts,
            "weights_file": WeightsFile(**file) if file else None,
            "parameters": sum(found["layer_parameters"]),
            "layers": len(found["layer_parameters"]),
            "layer_parameters": tuple(found["layer_parameters"]),
            "layer_trainable": tuple(found["layer_trainable"]),
            "batch_norms": frozenset(found["batch_norms"]),
        }
    )


_FOUND = _read_survey(SURVEY)

# Only networks that have been surveyed can be chosen.
BACKBONES: Mapping[str, BackboneSpec] = {
    entry.name: _surveyed(entry, _FOUND[entry.name]) for entry in ENTRIES if entry.name in _FOUND
}


def find_backbone(name: str) -> BackboneSpec:
    """The network with this name.

    Raises:
        RecipeError: There is none; the message names similar ones.
    """
    if name in BACKBONES:
        return BACKBONES[name]
    lowered = {known.lower(): known for known in BACKBONES}
    near = [lowered[match] for match in difflib.get_close_matches(name.lower(), lowered, n=3)]
    hint = f"Did you mean {' or '.join(near)}?" if near else "`python -m core backbones` lists them all."
    raise RecipeError(f"There is no backbone named {name!r}.", hint)

"""The few networks to offer first, each with its reason."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec

STARTER = "Starter"
MOST_OFFERED = 6

# Reasons follow from the zoo's own figures: size, layers and published accuracy.
REASONS: Mapping[str, str] = {
    "MobileNetV2": "Small and quick, also without a graphics card: the usual first try.",
    "EfficientNetV2B0": "More accurate than MobileNetV2 for twice its download; still moderate to run.",
    "ConvNeXtTiny": "The most accurate of these; large, and slow without a graphics card.",
    STARTER: "Made by this project, needs no download. Weaker than ImageNet networks on photographs.",
}


FAMILIES: Mapping[str, str] = {
    "Starter": REASONS[STARTER],
    "MobileNet": "For phones: depthwise convolutions make it small and quick.",
    "MobileNetV2": "For phones: inverted residual blocks, more accurate than MobileNet at a similar size.",
    "MobileNetV3": "For phones: found by architecture search, quickest for its accuracy on a processor.",
    "NASNet": "Cells found by architecture search; accurate, and slow for its size.",
    "EfficientNet": "Depth, width and input size grow together from B0 to B7, and with them accuracy and time.",
    "EfficientNetV2": "Like EfficientNet, quicker to run and to fine-tune.",
    "DenseNet": "Each layer sees all layers before it: few parameters, much memory.",
    "ResNet": "Residual blocks, the standard of many papers; more layers are more accurate and slower.",
    "ResNetV2": "ResNet with normalisation before each convolution.",
    "Inception": "Convolutions of several sizes side by side; a larger input shows finer details.",
    "Xception": "Inception with depthwise convolutions; a larger input shows finer details.",
    "InceptionResNet": "Inception with residual connections: accurate, large and slow.",
    "VGG": "A plain stack of convolutions, easy to explain; very large and slow for its accuracy.",
    "ConvNeXt": "A modern convolutional network: the most accurate family here, and slow without a graphics card.",
}


def describe(spec: BackboneSpec) -> str:
    """Describe a network in one sentence: the reason to offer it, or what its family is known for."""
    return REASONS.get(spec.name) or FAMILIES[spec.family]


def offered_backbones(keras_home: Path) -> list[BackboneSpec]:
    """List the networks to show first: those with a reason and those on this machine, the latter in front."""
    first = [BACKBONES[name] for name in REASONS if name in BACKBONES and _offerable(BACKBONES[name], keras_home)]
    on_machine = [spec for spec in BACKBONES.values() if spec not in first and available(spec, keras_home)]
    return sorted([*first, *on_machine][:MOST_OFFERED], key=lambda spec: not available(spec, keras_home))


def _offerable(spec: BackboneSpec, keras_home: Path) -> bool:
    return spec.name != STARTER or available(spec, keras_home)


def most_accurate(specs: Sequence[BackboneSpec]) -> BackboneSpec | None:
    """Give the network with the highest published accuracy; None if none has one."""
    return max((spec for spec in specs if spec.top1 is not None), key=lambda spec: spec.top1 or 0, default=None)

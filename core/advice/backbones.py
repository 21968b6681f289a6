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

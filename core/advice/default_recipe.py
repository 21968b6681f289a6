"""The default recipe: one that works on this machine as it is."""

import socket
from pathlib import Path

from core.advice.backbones import STARTER, most_accurate
from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec
from core.training.recipe import Backbone, Recipe, WeightsKind

# An address of the block that is reserved for documentation (RFC 5737): nothing answers there.
_NOWHERE = ("203.0.113.1", 9)


def is_online() -> bool:
    """Whether this machine has a route to a network; nothing is sent.

    Connecting a datagram socket only looks up the route. A download may still fail.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return False
    return True


def default_weights(spec: BackboneSpec, keras_home: Path, online: bool) -> WeightsKind:
    """Choose the weights to propose for a network: ImageNet if they are on this machine or can be downloaded."""
    if "starter" in spec.weights_kinds:
        return "starter" if available(spec, keras_home) else "none"
    return "imagenet" if online or available(spec, keras_home) else "none"


def default_recipe(keras_home: Path) -> Recipe:
    """Choose a recipe whose weights are on this machine.

    The default network if its ImageNet weights are available, else the most accurate one whose weights are, else the
    starter.

    Args:
        keras_home: The folder of downloaded weights.
    """
    usual = Recipe()
    if available(BACKBONES[usual.backbone.name], keras_home):
        return usual
    best = most_accurate([spec for spec in BACKBONES.values() if available(spec, keras_home)])
    if best is not None:
        return usual.model_copy(update={"backbone": Backbone(name=best.name)})
    if available(BACKBONES[STARTER], keras_home):
        return usual.model_copy(update={"backbone": Backbone(name=STARTER, weights="starter")})
    return usual

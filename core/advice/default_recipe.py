"""What is proposed before anything was chosen: a recipe that works on this machine as it is."""

import socket
from pathlib import Path

from core.advice.backbones import STARTER, most_accurate
from core.backbones.weights import available
from core.backbones.zoo import BACKBONES, BackboneSpec
from core.training.recipe import Backbone, Recipe, WeightsKind

# An address of the block that is reserved for documentation (RFC 5737): nothing answers there.
_NOWHERE = ("203.0.113.1", 9)


def is_online() -> bool:
    """Whether this machine has a way out into a network; asking sends nothing.

    Connecting a datagram socket only looks the route up. A route does not promise that a download succeeds.
    """
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(_NOWHERE)
        except OSError:
            return False
    return True


def default_weights(spec: BackboneSpec, keras_home: Path, online: bool) -> WeightsKind:
    """Give the weights to propose for a network: ImageNet where they are here or can come, else what there is."""
    if "starter" in spec.weights_kinds:
        return "starter" if available(spec, keras_home) else "none"
    return "imagenet" if online or available(spec, keras_home) else "none"


def default_recipe(keras_home: Path) -> Recipe:
    """Give the recipe to propose: one whose weights are on this machine, so that it works as it is.

    The default network where its ImageNet weights are at hand, else the best one whose are, else the starter.

    Args:
        keras_home: Where downloaded weights lie.
    """
    usual = Recipe()
    if available(BACKBONES[usual.backbone.name], keras_home):
        return usual
    at_hand = most_accurate([spec for spec in BACKBONES.values() if available(spec, keras_home)])
    if at_hand is not None:
        return usual.model_copy(update={"backbone": Backbone(name=at_hand.name)})
    if available(BACKBONES[STARTER], keras_home):
        return usual.model_copy(update={"backbone": Backbone(name=STARTER, weights="starter")})
    return usual

"""The networks of a run: the backbone divided by the plan, and the head that is grafted onto it. Worker only: Keras."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import keras

from core.backbones.network import build, freeze, split
from core.backbones.weights import Progress, available, download, weights_path
from core.backbones.zoo import BackboneSpec, find_backbone
from core.training.head import ClassificationHead, build_head
from core.training.plan import Plan, PlannedPhase
from core.training.recipe import Backbone, Recipe

# Trained statistics follow the images faster than those of a network that saw millions of them: a run has hundreds of
# steps, and with MobileNetV2's momentum of 0.999 their values would still be those of the beginning.
MOMENTUM: Final = 0.9


@dataclass(frozen=True)
class Networks:
    """A backbone and a head.

    Attributes:
        plan: What is frozen and trained.
        backbone: Pixels -> feature maps.
        head: The new layers.
    """

    plan: Plan
    backbone: keras.Model
    head: ClassificationHead

    def prefix(self, phase: PlannedPhase) -> keras.Model | None:
        """What runs once an image in a phase; None where a step is fed pixels."""
        if phase.reads == "features":
            return self.head.pool(self.backbone)
        return split(self.backbone, self.plan.cut).prefix

    def trained(self, phase: PlannedPhase) -> keras.Model:
        """What the steps of a phase run: what its prefix gives -> logits; its other layers frozen by the plan."""
        if phase.reads == "features":
            return self.head.on_features(self.backbone.output.shape[-1])
        freeze(self.backbone, self.plan.spec, self.plan.frozen_layers, self.plan.batch_norm)
        if self.plan.batch_norm == "trained":
            _lower_momentum(self.backbone)
        suffix = split(self.backbone, self.plan.cut).suffix
        assert suffix is not None, "a plan that trains nothing of the backbone has no such phase"
        return self.head.on_top(suffix)


def prepare(recipe: Recipe, plan: Plan, *, classes: int, keras_home: Path, on_download: Progress) -> Networks:
    """Build the networks, with the weights that the recipe begins with.

    Args:
        recipe: Every choice.
        plan: What they mean.
        classes: Classes to tell apart.
        keras_home: Folder whose `models` holds ImageNet weights.
        on_download: Told the bytes, where weights have to be downloaded.

    Raises:
        WeightsError: The file is damaged, is no weights file or belongs to another network.
        NetworkError: The weights are not there and could not be downloaded.
    """
    choice = recipe.backbone
    if choice.weights == "imagenet" and not available(plan.spec, keras_home):
        download(plan.spec, keras_home, on_download)
    path = _weights_path(choice, plan.spec, keras_home)
    changed = path.stat().st_mtime_ns if path is not None and path.exists() else 0
    # A network that no phase changes can serve the next run as well; the others are built for one run alone.
    make = _unchanged if recipe.strategy == "feature-extraction" else _build
    backbone = make(choice, plan.input_size, recipe.seed if choice.weights == "none" else 0, keras_home, changed)
    head = build_head(recipe.head, channels=backbone.output.shape[-1], classes=classes, seed=recipe.seed)
    return Networks(plan, backbone, head)


def _weights_path(choice: Backbone, spec: BackboneSpec, keras_home: Path) -> Path | None:
    if choice.weights == "none":
        return None
    return Path(choice.weights_file) if choice.weights_file is not None else weights_path(spec, keras_home)


def _build(choice: Backbone, size: int, seed: int, keras_home: Path, _changed: int) -> keras.Model:
    keras.utils.set_random_seed(seed)
    file = Path(choice.weights_file) if choice.weights_file is not None else None
    return build(
        find_backbone(choice.name),
        weights=choice.weights,
        keras_home=keras_home,
        weights_file=file,
        input_size=size,
    )


@lru_cache(maxsize=1)
def _unchanged(choice: Backbone, size: int, seed: int, keras_home: Path, changed: int) -> keras.Model:
    """The network of the run before, where it is the same: building one takes longer than training a head."""
    return _build(choice, size, seed, keras_home, changed)


def _lower_momentum(backbone: keras.Model) -> None:
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization) and layer.trainable:
            layer.momentum = min(layer.momentum, MOMENTUM)

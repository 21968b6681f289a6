"""What a recipe means for one network and one set of images: which layers are frozen, and what is trained when.

Free of frameworks: the Model page draws its strip picture from a plan, the session trains by the same one. Impossible
choices end here, with a sentence, before anything heavy is loaded.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from core.backbones.cuts import BatchNorm, count_parameters, cut_for_layers, find_cut
from core.backbones.zoo import BackboneSpec, Cut, find_backbone
from core.errors import RecipeError
from core.jobs.events import PhaseName
from core.training.recipe import Head, Recipe

Kind = Literal["frozen", "trained", "new"]
Reads = Literal["features", "activations", "pixels"]

# Share of the layers that partial fine-tuning freezes where the recipe names no cut.
FROZEN_SHARE: Final = 0.7
# Of automatic batches: the fewest steps an epoch should have, and the bounds of their size.
MIN_STEPS: Final = 16
SMALLEST_BATCH: Final = 8
LARGEST_BATCH: Final = 32


@dataclass(frozen=True)
class Segment:
    """A piece of the network, for the strip picture.

    Attributes:
        kind: `frozen`, `trained` from weights that are there, or `new` from random ones.
        label: The block in words.
        layers: Layers of the piece.
        parameters: Parameters of these layers.
    """

    kind: Kind
    label: str
    layers: int
    parameters: int


@dataclass(frozen=True)
class PlannedPhase:
    """One phase of the training.

    Attributes:
        name: As events call it.
        epochs: Passes over the training images, at the most.
        learning_rate: Step size of the optimizer.
        reads: What a step is fed: pooled `features` of the whole backbone, `activations` at the cut, or `pixels`.
    """

    name: PhaseName
    epochs: int
    learning_rate: float
    reads: Reads


@dataclass(frozen=True)
class Plan:
    """What a recipe means for its network.

    Attributes:
        spec: The network.
        input_size: Height and width in pixels.
        cut: Where the network is divided; what is before it runs once an image. None: nothing is.
        frozen_layers: Layers that stay frozen to the end, from the input.
        frozen_parameters: Parameters that no phase changes.
        trainable_parameters: Parameters that a phase changes, those of the head among them.
        head_parameters: Parameters of the new layers.
        batch_norm: `frozen` keeps batch normalisation as it is everywhere; from scratch it is always trained, because
            there is nothing yet that it could keep.
        batch_size: Images a step.
        phases: In order.
        segments: The network from the input to the output; the last is the head.
    """

    spec: BackboneSpec
    input_size: int
    cut: Cut | None
    frozen_layers: int
    frozen_parameters: int
    trainable_parameters: int
    head_parameters: int
    batch_norm: BatchNorm
    batch_size: int
    phases: tuple[PlannedPhase, ...]
    segments: tuple[Segment, ...]


def make_plan(recipe: Recipe, *, classes: int, training_images: int | None = None) -> Plan:
    """Work out what a recipe means.

    Args:
        recipe: Every choice.
        classes: Classes to tell apart.
        training_images: Images of the train split; None where they are not known yet.

    Raises:
        RecipeError: The network is unknown or cannot be had with these weights or at this size, the cut or number of
            frozen layers does not exist or leaves nothing to train, or a batch is larger than the train split.
    """
    spec = find_backbone(recipe.backbone.name)
    _check_weights(recipe, spec)
    size = _input_size(recipe, spec)
    cut, layers = _frozen(recipe, spec)
    batch_norm: BatchNorm = "trained" if recipe.strategy == "scratch" else recipe.batch_norm
    frozen, trainable = count_parameters(spec, layers, batch_norm)
    if recipe.strategy == "partial" and not trainable:
        raise RecipeError(
            f"With {layers} of {spec.layers} layers frozen, no layer of {spec.name} is left to train.",
            "Freeze fewer layers, or choose feature extraction.",
        )
    head = head_parameters(recipe.head, spec.cuts[-1].shape[-1], classes)
    return Plan(
        spec=spec,
        input_size=size,
        cut=cut,
        frozen_layers=layers,
        frozen_parameters=frozen,
        trainable_parameters=trainable + head,
        head_parameters=head,
        batch_norm=batch_norm,
        batch_size=_batch_size(recipe, training_images),
        phases=_phases(recipe, cut),
        segments=(*_segments(recipe, spec, layers), Segment("new", "head", _head_layers(recipe.head), head)),
    )


def default_cut(spec: BackboneSpec) -> Cut:
    """Where partial fine-tuning divides a network unless the recipe says: the last cut within `FROZEN_SHARE`."""
    inner = [cut for cut in spec.cuts if cut.layers < spec.layers]
    within = [cut for cut in inner if cut.layers <= FROZEN_SHARE * spec.layers]
    return (within or inner)[-1 if within else 0]


def head_parameters(head: Head, channels: int, classes: int) -> int:
    """Parameters of the new layers.

    Args:
        head: The choices.
        channels: Features that the backbone gives.
        classes: Classes to tell apart.
    """
    hidden = head.hidden_units
    if hidden is None:
        return (channels + 1) * classes
    return (channels + 1) * hidden + (hidden + 1) * classes


def _head_layers(head: Head) -> int:
    """Pooling and classes always; dropout before each dense layer."""
    dense = 1 if head.hidden_units is None else 2
    return 1 + dense * (2 if head.dropout else 1)


def _check_weights(recipe: Recipe, spec: BackboneSpec) -> None:
    kind = recipe.backbone.weights
    if kind in spec.weights_kinds:
        return
    if kind == "starter":
        raise RecipeError(
            f"The starter weights belong to the starter network, not to {spec.name}.",
            "Choose the backbone Starter, or other weights.",
        )
    raise RecipeError(
        f"There are no {'ImageNet' if kind == 'imagenet' else kind} weights for {spec.name}.",
        f"Choose one of {', '.join(spec.weights_kinds)}.",
    )


def _input_size(recipe: Recipe, spec: BackboneSpec) -> int:
    size = recipe.backbone.input_size or spec.input_size
    if size < spec.min_size:
        raise RecipeError(
            f"{spec.name} takes images of at least {spec.min_size} pixels, and {size} were asked for.",
            f"Choose an input size from {spec.min_size}; its own is {spec.input_size}.",
        )
    return size


def _frozen(recipe: Recipe, spec: BackboneSpec) -> tuple[Cut | None, int]:
    if recipe.strategy == "feature-extraction":
        return spec.cuts[-1], spec.layers
    if recipe.strategy != "partial":
        return None, 0
    if recipe.frozen_layers is not None:
        return cut_for_layers(spec, recipe.frozen_layers)[0], recipe.frozen_layers
    cut = find_cut(spec, recipe.cut) if recipe.cut is not None else default_cut(spec)
    return cut, cut.layers


def automatic_batch_size(training_images: int) -> int:
    """The batch size where the recipe leaves it open: a power of two that gives an epoch at least `MIN_STEPS` steps.

    Measured over six sets with MobileNetV2, 20 epochs: with 7 training images a class, batches of 32 gave a test
    accuracy of 0.71 and these of 0.76; with 105 and more a class there was no difference.

    Args:
        training_images: Images of the train split.
    """
    wanted = max(SMALLEST_BATCH, min(training_images // MIN_STEPS, LARGEST_BATCH))
    return min(1 << (wanted.bit_length() - 1), max(training_images, 1))


def _batch_size(recipe: Recipe, training_images: int | None) -> int:
    if recipe.batch_size is None:
        return LARGEST_BATCH if training_images is None else automatic_batch_size(training_images)
    if training_images is not None and recipe.batch_size > training_images:
        raise RecipeError(
            f"A batch of {recipe.batch_size} images is larger than the {training_images} training images.",
            f"Choose a batch size up to {training_images}, or add images.",
        )
    return recipe.batch_size


def _phases(recipe: Recipe, cut: Cut | None) -> tuple[PlannedPhase, ...]:
    head, tune = recipe.head_phase, recipe.fine_tune_phase
    if recipe.strategy == "scratch":
        return (PlannedPhase("scratch", head.epochs, head.learning_rate, "pixels"),)
    first = PlannedPhase("head", head.epochs, head.learning_rate, "features")
    if recipe.strategy == "feature-extraction":
        return (first,)
    reads: Reads = "activations" if cut is not None else "pixels"
    return (first, PlannedPhase("fine-tune", tune.epochs, tune.learning_rate, reads))


def _segments(recipe: Recipe, spec: BackboneSpec, frozen: int) -> Iterator[Segment]:
    learns: Kind = "new" if recipe.strategy == "scratch" else "trained"
    start = 0
    for cut in spec.cuts:
        middle = min(max(frozen, start), cut.layers)
        pieces: tuple[tuple[Kind, int, int], ...] = (("frozen", start, middle), (learns, middle, cut.layers))
        for kind, first, end in pieces:
            if end > first:
                yield Segment(kind, cut.label, end - first, sum(spec.layer_parameters[first:end]))
        start = cut.layers

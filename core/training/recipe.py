"""A recipe: every choice of one training, immutable, JSON, versioned.

The schema is the contract between pages, command line, workers and bundle. Recipes of a newer version are rejected; a
field is never reused with another meaning.
"""

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from core.errors import RecipeError

VERSION: Literal[1] = 1
# Together in the folder of a run, and in its bundle.
RECIPE_FILE: Final = "recipe.json"
MODEL_FILE: Final = "model.keras"
LABELS_FILE: Final = "labels.json"

Strategy = Literal["feature-extraction", "partial", "full", "scratch"]
WeightsKind = Literal["imagenet", "starter", "none", "file"]
Optimizer = Literal["adam", "adamw", "sgd", "rmsprop"]
Colour = Annotated[str, StringConstraints(pattern="^#[0-9a-fA-F]{6}$", to_lower=True)]


class _Frozen(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Backbone(_Frozen):
    """The network, its weights and its input size.

    Attributes:
        name: A key of `core.backbones.zoo.BACKBONES`.
        weights: `imagenet`, `starter`, `none` (random) or `file`.
        weights_file: Path of a weights file, relative to the workspace if it is inside; only with `file`.
        input_size: Height and width in pixels; None for the default of the network.
    """

    name: str = "MobileNetV2"
    weights: WeightsKind = "imagenet"
    weights_file: str | None = None
    input_size: Annotated[int, Field(ge=32, le=1024)] | None = None

    @model_validator(mode="after")
    def _file_belongs_to_file(self) -> Self:
        if (self.weights == "file") != (self.weights_file is not None):
            raise ValueError("weights_file is given exactly when weights is 'file'")
        return self


class Head(_Frozen):
    """The classification head: pooling, dropout, an optional hidden layer, and the output layer.

    Attributes:
        pooling: Global `average` or `max` pooling.
        dropout: Share of the features that is dropped in training.
        hidden_units: Units of one hidden ReLU layer; None for none.
    """

    pooling: Literal["average", "max"] = "average"
    dropout: Annotated[float, Field(ge=0, lt=1)] = 0.2
    hidden_units: Annotated[int, Field(ge=1, le=8192)] | None = None


class Augmentation(_Frozen):
    """Random variations of the training images; validation and test images are never varied.

    Attributes:
        views: Random variations per image, beside the image itself; 0 turns augmentation off.
        flip_horizontal: Mirror left and right.
        flip_vertical: Mirror up and down.
        rotation: Largest rotation either way, in degrees.
        zoom: Largest change of scale, as a share.
        shift: Largest shift, as a share of the side.
        brightness: Largest change of brightness, as a share of the full range.
        contrast: Largest change of contrast, as a share.
    """

    views: Annotated[int, Field(ge=0, le=32)] = 0
    flip_horizontal: bool = True
    flip_vertical: bool = False
    rotation: Annotated[float, Field(ge=0, le=180)] = 10.0
    zoom: Annotated[float, Field(ge=0, le=0.9)] = 0.1
    shift: Annotated[float, Field(ge=0, le=0.5)] = 0.05
    brightness: Annotated[float, Field(ge=0, le=1)] = 0.1
    contrast: Annotated[float, Field(ge=0, le=1)] = 0.1


class Phase(_Frozen):
    """One phase of the training.

    Attributes:
        epochs: Largest number of epochs.
        learning_rate: Step size of the optimizer.
    """

    epochs: Annotated[int, Field(ge=1, le=10_000)]
    learning_rate: Annotated[float, Field(gt=0, le=10)]


class Recipe(_Frozen):
    """Every choice of one training.

    Attributes:
        version: Version of this schema.
        backbone: The network.
        strategy: `feature-extraction` trains the head alone; `partial` the head, then the suffix above the cut with it;
            `full` the head, then everything; `scratch` everything at once.
        cut: Name of the cut up to which layers are frozen; only with `partial`.
        frozen_layers: An exact number of frozen layers instead of a cut; only with `partial`.
        resize: How an image is made square: `crop` its centre, `pad` it with black, or `stretch` it.
        background: Colour behind transparent pixels, `#rrggbb`.
        bit_depth: Bits of images that hold more than 8 a channel, chosen once for the set when a run starts; None
            chooses them for each image, as recipes without this field did.
        head: The classification head.
        augmentation: Random variations of training images.
        head_phase: The phase that trains the head; the only one of `feature-extraction` and `scratch`.
        fine_tune_phase: The second phase of `partial` and `full`.
        batch_size: Images per step; None derives it from the number of training images.
        optimizer: Name of the optimizer; it has Keras' defaults except for the learning rate.
        early_stopping: Epochs without a lower validation loss before a phase ends; None never ends it early.
        class_weights: Weight the images so that each class counts the same.
        batch_norm: `frozen` keeps batch normalisation in inference mode, also in trained layers.
        precision: Of the frozen prefix: `float32`, or `bfloat16` (faster; features differ by about 10%).
        seed: Of the head's initial weights, the shuffling, the dropout and the augmentation.
    """

    version: Literal[1] = VERSION
    backbone: Backbone = Backbone()
    strategy: Strategy = "feature-extraction"
    cut: str | None = None
    frozen_layers: Annotated[int, Field(ge=0)] | None = None
    resize: Literal["crop", "pad", "stretch"] = "crop"
    background: Colour = "#ffffff"
    bit_depth: Literal[8, 12, 16] | None = None
    head: Head = Head()
    augmentation: Augmentation = Augmentation()
    head_phase: Phase = Phase(epochs=20, learning_rate=2e-3)
    fine_tune_phase: Phase = Phase(epochs=10, learning_rate=1e-4)
    batch_size: Annotated[int, Field(ge=1, le=4096)] | None = None
    optimizer: Optimizer = "adam"
    early_stopping: Annotated[int, Field(ge=1)] | None = 5
    class_weights: bool = False
    batch_norm: Literal["frozen", "trained"] = "frozen"
    precision: Literal["float32", "bfloat16"] = "float32"
    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if self.cut is not None and self.frozen_layers is not None:
            raise ValueError("cut and frozen_layers exclude each other")
        if self.strategy != "partial" and (self.cut is not None or self.frozen_layers is not None):
            raise ValueError(f"cut and frozen_layers belong to partial fine-tuning, not to {self.strategy}")
        if self.strategy == "scratch" and self.backbone.weights != "none":
            raise ValueError("training from scratch takes weights 'none'")
        return self


def load_recipe(text: str) -> Recipe:
    """Read a recipe from JSON.

    Raises:
        RecipeError: The text is not JSON, has a newer version or an unknown field, or a value is out of range.
    """
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        raise RecipeError(f"The recipe is not JSON: {error.msg} in line {error.lineno}.") from error
    if not isinstance(data, dict):
        raise RecipeError("The recipe is not a JSON object.")
    version = data.get("version", VERSION)
    if isinstance(version, int) and version > VERSION:
        raise RecipeError(
            f"The recipe has version {version}, and this Graft reads versions up to {VERSION}.",
            "Update Graft, or export the recipe again from this version.",
        )
    return make_recipe(data)


def read_recipe(folder: Path) -> Recipe | None:
    """Read the recipe in the folder of a model; None if there is none.

    Raises:
        RecipeError: The file cannot be read, or as in `load_recipe`.
    """
    path = folder / RECIPE_FILE
    try:
        return load_recipe(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise RecipeError(f"The recipe {path} cannot be read.", "Use the recipe that came with the model.") from error


def resolve_weights_file(recipe: Recipe, workspace: Path) -> Recipe:
    """Give the recipe with the absolute path of its weights file, if it has one."""
    if recipe.backbone.weights_file is None:
        return recipe
    absolute = str(workspace / recipe.backbone.weights_file)
    backbone = recipe.backbone.model_copy(update={"weights_file": absolute})
    return recipe.model_copy(update={"backbone": backbone})


def make_recipe(data: dict[str, Any]) -> Recipe:
    """Make a recipe from plain data.

    Raises:
        RecipeError: A field is wrong; the message names the first one, its value and what is allowed.
    """
    try:
        return Recipe.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        reason = first["msg"].removeprefix("Value error, ")
        where = f"{field} is {first['input']!r}: " if field else ""
        raise RecipeError(f"The recipe cannot be used: {where}{reason}.") from error


def dump_recipe(recipe: Recipe) -> str:
    """Write a recipe as JSON; `load_recipe` reads it back."""
    return recipe.model_dump_json(indent=2)

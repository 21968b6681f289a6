"""The images of a project, and the features that a frozen network extracts from them. Worker only: imports Keras."""

from dataclasses import replace

import keras
import numpy as np
from numpy.typing import NDArray

from core.advice.default_recipe import default_recipe
from core.checks.dataset import Dataset, load_dataset
from core.checks.shortcut import MASKED_SHARE
from core.dataset.project import project_bit_depth
from core.errors import RunStopped
from core.features.activation_cache import compute_activations
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore
from core.training.networks import prepare
from core.training.plan import Plan, make_plan
from core.training.recipe import Recipe, load_recipe, resolve_weights_file


def read_images(context: JobContext, *, unlabelled: bool = False) -> Dataset:
    """Give the images of the project that were not set aside, without features; `unlabelled` adds those of no class."""
    dataset = load_dataset(
        context.database,
        context.job.project_id,
        _originals(context),
        settings=context.settings,
        unlabelled=unlabelled,
        on_progress=context.progress("Reading the images", unit="images and pairs"),
        should_stop=context.should_stop,
    )
    if context.should_stop():
        raise RunStopped("Stopped: reading the images.")
    return dataset


class FeatureExtractor:
    """Computes the features of a job's images with a frozen network; they are cached, for trainings too.

    Args:
        context: The job's.
        recipe: A recipe as JSON, which names the backbone; None for a backbone that is on this machine.
        background: Colour below transparent parts of an image; None for the recipe's.

    Raises:
        NetworkError: The weights are not here and could not be downloaded.
        WeightsError: The weights cannot be used.
    """

    def __init__(self, context: JobContext, recipe: str | None = None, *, background: str | None = None) -> None:
        self._context = context
        chosen = load_recipe(recipe) if recipe else default_recipe(context.settings.keras_home)
        self._recipe = Recipe(
            backbone=chosen.backbone,
            resize=chosen.resize,
            background=background or chosen.background,
            bit_depth=project_bit_depth(context.database, context.job.project_id),
            precision=chosen.precision,
        )
        self._plan = make_plan(self._recipe, classes=2)
        self._network = _network(context, self._recipe, self._plan)

    @property
    def name(self) -> str:
        """Name of the network."""
        return self._plan.spec.name

    def extract(self, dataset: Dataset) -> Dataset:
        """Give the same images with features."""
        return replace(
            dataset, features=self._features(self._network, dataset, f"Extracting features with {self.name}")
        )

    def extract_borders(self, dataset: Dataset) -> Dataset:
        """Give the same images with the features of their borders alone."""
        border = border_only(self._network, self._plan.input_size)
        return replace(
            dataset, border_features=self._features(border, dataset, "Extracting features of the borders alone")
        )

    def _features(self, prefix: keras.Model, dataset: Dataset, stage: str) -> NDArray[np.float32]:
        context = self._context
        activations = compute_activations(
            prefix,
            dataset.digests,
            originals=_originals(context),
            settings=context.settings,
            size=self._plan.input_size,
            resize=self._recipe.resize,
            background=self._recipe.background,
            bit_depth=self._recipe.bit_depth,
            precision=self._recipe.precision,
            names=dataset.names,
            on_progress=context.progress(stage, unit="images"),
            on_message=context.report,
            should_stop=context.should_stop,
        )
        (pooled,) = activations.gather(np.arange(len(dataset)))
        return pooled


def _originals(context: JobContext) -> OriginalStore:
    return OriginalStore(context.settings.originals, context.settings.thumbnails)


def _network(context: JobContext, recipe: Recipe, plan: Plan) -> keras.Model:
    """Give the network up to its pooled features."""
    networks = prepare(
        resolve_weights_file(recipe, context.settings.workspace),
        plan,
        classes=2,
        keras_home=context.settings.keras_home,
        on_download=context.progress(f"Preparing {plan.spec.name}", unit="bytes"),
    )
    prefix = networks.prefix(plan.phases[0])
    assert prefix is not None, "feature extraction reads features"
    return prefix


def border_only(prefix: keras.Model, size: int) -> keras.Model:
    """Give a network that extracts features of the border: the centre of each image becomes grey."""
    margin = round(size * (1 - MASKED_SHARE) / 2)
    keep = np.ones((1, size, size, 1), np.float32)
    keep[:, margin : size - margin, margin : size - margin] = 0
    pixels = keras.Input((size, size, 3), name="pixels")
    masked = pixels * keep + (1 - keep) * 127.5
    return keras.Model(pixels, prefix(masked), name=f"{prefix.name}_border")

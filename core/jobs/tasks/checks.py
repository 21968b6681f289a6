"""Checking the images of a project. Worker only: imports Keras."""

from dataclasses import replace
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from core.advice.start import first_recipe
from core.catalog.originals import OriginalStore
from core.checks.findings import dump_findings
from core.checks.gather import project_material
from core.checks.material import Material
from core.checks.registry import run_checks
from core.checks.shortcut import MASKED_SHARE
from core.errors import NetworkError, WeightsError
from core.features.source import compute_activations
from core.jobs.worker import JobContext
from core.training.networks import prepare
from core.training.plan import Plan, make_plan
from core.training.recipe import Recipe, load_recipe


def check(context: JobContext) -> dict[str, Any]:
    """Run every check on the images of a project, and give the findings.

    Argument of the job: `recipe`, whose backbone looks at the images, as JSON; without one, a backbone that is at hand.
    """
    originals = OriginalStore(context.settings.originals, context.settings.thumbnails)
    material = project_material(
        context.database,
        context.job.project_id,
        originals,
        on_progress=context.progress("Reading the images", unit="images"),
    )
    if len(material):
        material = _with_features(context, material, originals)
    context.progress("Looking for what is wrong")
    return {"images": len(material), "findings": dump_findings(material, run_checks(material))}


def _with_features(context: JobContext, material: Material, originals: OriginalStore) -> Material:
    try:
        recipe, plan, whole = _backbone(context)
    except (NetworkError, WeightsError) as error:
        context.say(f"Checks that need a pretrained network were left out. {error}")
        return material

    def features(prefix: keras.Model, name: str) -> NDArray[np.float32]:
        activations = compute_activations(
            prefix,
            material.digests,
            originals=originals,
            settings=context.settings,
            size=plan.input_size,
            resize=recipe.resize,
            precision=recipe.precision,
            augmentation=None,
            views=0,
            seed=0,
            on_progress=context.progress(name, unit="images"),
            say=context.say,
            should_stop=context.should_stop,
        )
        return np.asarray(activations.gather(np.arange(len(material))))

    return replace(
        material,
        features=features(whole, f"Looking at the images with {plan.spec.name}"),
        border_features=features(_border_only(whole, plan.input_size), "Looking at their borders alone"),
    )


def _backbone(context: JobContext) -> tuple[Recipe, Plan, keras.Model]:
    """Give a recipe, its plan, and the network up to its pooled features."""
    text = context.job.arguments.get("recipe")
    chosen = load_recipe(text) if text else first_recipe(context.settings.keras_home)
    recipe = Recipe(backbone=chosen.backbone, resize=chosen.resize, precision=chosen.precision)
    plan = make_plan(recipe, classes=2)
    networks = prepare(
        recipe,
        plan,
        classes=2,
        keras_home=context.settings.keras_home,
        on_download=context.progress(f"Downloading the weights of {plan.spec.name}", unit="bytes"),
    )
    prefix = networks.prefix(plan.phases[0])
    assert prefix is not None, "feature extraction reads features"
    return recipe, plan, prefix


def _border_only(prefix: keras.Model, size: int) -> keras.Model:
    """Give the same network, which sees grey where the centre of each image was."""
    margin = round(size * (1 - MASKED_SHARE) / 2)
    keep = np.ones((1, size, size, 1), np.float32)
    keep[:, margin : size - margin, margin : size - margin] = 0
    pixels = keras.Input((size, size, 3), name="pixels")
    masked = pixels * keep + (1 - keep) * 127.5
    return keras.Model(pixels, prefix(masked), name=f"{prefix.name}_border")

"""The jobs of the Check page, with a real network."""

import hashlib
import io
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import pytest
from PIL import Image

from core.advice.cross_validation import CrossValidation
from core.advice.split_comparison import SplitComparison
from core.catalog import items, jobs, projects
from core.catalog.database import Database
from core.checks.findings import load_findings
from core.checks.registry import CHECKS
from core.errors import DatasetError, RunStopped
from core.intake.image_statistics import measure
from core.jobs.specs import CheckSpec, CrossValidateSpec, Result, Spec
from core.jobs.worker import JobContext
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import Backbone, Recipe, dump_recipe, load_recipe

R = TypeVar("R", bound=Result)
RECIPE = dump_recipe(Recipe(backbone=Backbone(name="Starter", weights="starter", input_size=32)))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Database, str]:
    return make_workspace(tmp_path_factory.mktemp("workspace"))


def make_workspace(folder: Path) -> tuple[Settings, Database, str]:
    """A project with 12 drawn pictures in each of two classes, and a smaller copy of one of them."""
    settings = Settings(workspace=folder)
    database = Database(settings)
    project = projects.create_project(database, "Patches")
    store = OriginalStore(settings.originals, settings.thumbnails)
    pictures = [(f"{number}.png", "ab"[number % 2], _patches(number)) for number in range(24)]
    pictures.append(("copy.png", "a", _patches(0).resize((50, 50))))
    items.add_items(database, project, [_stored(store, *one, number) for number, one in enumerate(pictures)])
    return settings, database, project


def _patches(number: int) -> Image.Image:
    """Random patches, reddish or bluish."""
    patches = np.random.default_rng(number).integers(0, 256, (8, 8, 3), np.uint8)
    patches[..., 2 * (number % 2)] //= 3
    return Image.fromarray(patches).resize((64, 64), Image.Resampling.BICUBIC)


def _stored(store: OriginalStore, name: str, label: str, picture: Image.Image, number: int) -> items.NewItem:
    file = io.BytesIO()
    picture.save(file, "PNG")
    digest = hashlib.sha256(file.getvalue()).hexdigest()
    store.path(digest).parent.mkdir(parents=True, exist_ok=True)
    store.path(digest).write_bytes(file.getvalue())
    thumbnail = io.BytesIO()
    picture.save(thumbnail, "JPEG")
    store.put_thumbnail(digest, thumbnail.getvalue())
    facts = measure(picture)
    return items.NewItem(
        digest=digest,
        name=name,
        label=label,
        split="test" if number in (22, 23) else "train",
        group=None,
        width=picture.width,
        height=picture.height,
        format="PNG",
        size_bytes=len(file.getvalue()),
        brightness=facts.brightness,
        contrast=facts.contrast,
        sharpness=facts.sharpness,
        dhash=facts.dhash,
    )


def execute(workspace: tuple[Settings, Database, str], handler: Callable[..., R], spec: Spec) -> R:
    settings, database, project = workspace
    job = jobs.get_job(database, jobs.add_job(database, project, spec))
    return handler(JobContext(database, settings, job), spec)


def test_a_check_returns_every_finding_and_the_split_comparison(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.checks import check

    result = execute(workspace, check, CheckSpec(recipe=RECIPE))
    found = {one.check: one for one in load_findings(result.findings)}
    assert found.keys() == CHECKS.keys()
    assert found["near-duplicates"].sets == (2,)
    assert "Not checked" not in " ".join(one.summary for one in found.values())
    compared = SplitComparison.model_validate(result.split_comparison)
    assert (result.images, result.network, compared.sets, compared.in_sets) == (25, "Starter", 1, 2)


def test_cross_validation_excludes_the_test_split_by_default(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.checks import cross_validate

    measured = [
        CrossValidation.model_validate(
            execute(
                workspace, cross_validate, CrossValidateSpec(folds=3, include_test=include_test, recipe=RECIPE)
            ).measured
        )
        for include_test in (False, True)
    ]
    assert [one.images for one in measured] == [23, 25]
    assert [(one.folds, one.sets) for one in measured] == [(3, 1), (3, 1)]


def test_checks_use_a_white_background_and_cross_validation_that_of_the_recipe(
    workspace: tuple[Settings, Database, str], monkeypatch: pytest.MonkeyPatch
):
    from core.jobs.handlers import checks, project_features

    compute, backgrounds = project_features.compute_activations, []

    def spy(*arguments: object, **how: object) -> object:
        backgrounds.append(how["background"])
        return compute(*arguments, **how)

    monkeypatch.setattr(project_features, "compute_activations", spy)
    recipe = dump_recipe(load_recipe(RECIPE).model_copy(update={"background": "#000000"}))
    execute(workspace, checks.check, CheckSpec(recipe=recipe))
    execute(workspace, checks.cross_validate, CrossValidateSpec(recipe=recipe, folds=2))
    assert backgrounds == ["#ffffff", "#ffffff", "#000000"]


def test_without_images_there_is_nothing_to_cross_validate(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.checks import cross_validate

    settings, database, _ = workspace
    empty = settings, database, projects.create_project(database, "Empty")
    with pytest.raises(DatasetError, match="no images to divide"):
        execute(empty, cross_validate, CrossValidateSpec(folds=3))


SPECS = [CheckSpec(recipe=RECIPE), CrossValidateSpec(folds=3, recipe=RECIPE)]


@pytest.mark.parametrize("spec", SPECS, ids=["check", "cross-validate"])
def test_a_stopped_check_ends_at_its_next_report(workspace: tuple[Settings, Database, str], spec: Spec):
    from core.jobs.handlers import checks

    settings, database, project = workspace
    job = jobs.add_job(database, project, spec)
    jobs.start_job(database, job)
    jobs.request_stop(database, job)
    handler = checks.check if isinstance(spec, CheckSpec) else checks.cross_validate
    with pytest.raises(RunStopped, match=r"^Stopped: reading the images\."):
        handler(JobContext(database, settings, jobs.get_job(database, job)), spec)

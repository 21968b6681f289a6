"""The jobs that measure what to choose, with a real network on drawn images."""

import numpy as np
import pytest
from test_check_handlers import execute, make_workspace

from core.advice.freezing_curve import NOTHING_FROZEN, FreezingCurve
from core.advice.recipe_search import RecipeSearch
from core.catalog import jobs, projects
from core.catalog.database import Database
from core.dataset.manifest import VALIDATION
from core.errors import DatasetError, RecipeError, RunStopped
from core.jobs.specs import FindRecipeSpec, FreezingCurveSpec
from core.jobs.worker import JobContext
from core.settings import Settings
from core.training.recipe import Backbone, Phase, Recipe, dump_recipe, load_recipe

RECIPE = Recipe(
    backbone=Backbone(name="Starter", weights="starter", input_size=32),
    head_phase=Phase(epochs=2, learning_rate=1e-2),
    fine_tune_phase=Phase(epochs=1, learning_rate=1e-4),
)
CURVE = FreezingCurveSpec(recipe=dump_recipe(RECIPE))


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, Database, str]:
    return make_workspace(tmp_path_factory.mktemp("workspace"))


def test_the_freezing_curve_leaves_the_test_split_out(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.advise import freezing_curve

    result = execute(workspace, freezing_curve, CURVE)
    curve = FreezingCurve.model_validate(result.curve)
    assert (curve.network, curve.images, curve.reason) == ("Starter", 23, "probes")
    assert [point.layers for point in curve.points] == sorted(point.layers for point in curve.points)
    assert curve.last.layers == curve.layers
    assert result.images == {"a": (12, 0, 1), "b": (11, 0, 1)}


def test_trials_train_within_their_budget_and_are_kept(
    workspace: tuple[Settings, Database, str],
    monkeypatch: pytest.MonkeyPatch,
):
    from core.jobs import trials
    from core.jobs.handlers.advise import freezing_curve

    train, trained = trials.train_and_predict, []

    def spy(context, recipe, manifest, emit):
        trained.append(recipe.strategy)
        if len(trained) == 3:
            raise RunStopped("Stopped.")
        return train(context, recipe, manifest, emit)

    monkeypatch.setattr(trials, "train_and_predict", spy)
    spec = CURVE.model_copy(update={"budget_seconds": 600})
    stopped = FreezingCurve.model_validate(execute(workspace, freezing_curve, spec).curve)
    assert trained == ["feature-extraction", "partial", "full"]
    assert sum(point.trial is not None for point in stopped.points) == 2
    first = stopped.last.trial
    monkeypatch.setattr(trials, "train_and_predict", lambda *_: np.zeros(0))
    again = FreezingCurve.model_validate(execute(workspace, freezing_curve, CURVE).curve)
    assert again.last.trial == first
    assert again.reason == "trials"
    assert NOTHING_FROZEN not in [point.cut for point in again.points]


def test_a_trial_that_would_run_over_its_time_ends_without_a_result(workspace: tuple[Settings, Database, str]):
    import time

    from core.jobs.advise import pool_of
    from core.jobs.handlers.advise import measurements
    from core.jobs.handlers.project_features import read_images
    from core.jobs.trials import FoldTrainings

    settings, database, project = workspace
    job = jobs.add_job(database, project, CURVE)
    context = JobContext(database, settings, jobs.get_job(database, job))
    dataset = read_images(context)
    trainings = FoldTrainings(measurements(context), dataset.labelled, "another network", 0)
    assert trainings.folds == [0, 1, 2, 3, 4]
    assert trainings.train(RECIPE, 0, lambda _event: None, time.monotonic()) is None
    assert trainings.find(RECIPE, 0) is None
    assert (np.unique(trainings.manifest(0).splits, return_counts=True)[1].sum(), len(pool_of(dataset))) == (25, 23)


def test_a_search_that_was_killed_goes_on_without_losing_a_training(
    workspace: tuple[Settings, Database, str], monkeypatch: pytest.MonkeyPatch
):
    from core.jobs import trials
    from core.jobs.handlers.advise import find_recipe

    trained: list[str] = []
    killed_after = 4

    def train(_context, recipe, manifest, _emit):
        if len(trained) == killed_after:
            raise KeyboardInterrupt
        held_out = manifest.splits == VALIDATION
        trained.append(f"{recipe.model_dump_json()} {np.flatnonzero(held_out)}")
        return manifest.labels[held_out]

    monkeypatch.setattr(trials, "train_and_predict", train)
    recipe = RECIPE.model_copy(update={"seed": 5, "strategy": "full"})
    spec = FindRecipeSpec(recipe=dump_recipe(recipe), budget_seconds=600, seed=5)
    with pytest.raises(KeyboardInterrupt):
        execute(workspace, find_recipe, spec)
    killed_after = 1000
    search = RecipeSearch.model_validate(execute(workspace, find_recipe, spec).search)
    assert len(set(trained)) == len(trained) > 10
    assert search.tried[0].trainings == 5
    assert sum(one.trainings for one in search.tried) == len(trained)
    shorter = spec.model_copy(update={"budget_seconds": 1})
    again = RecipeSearch.model_validate(execute(workspace, find_recipe, shorter).search)
    assert again.tried == search.tried
    assert any("fine-tuning" in one.title for one in search.tried)
    assert "your recipe" in [one.title for one in search.tried]
    assert search.best == 0
    assert search.images == 23


def test_a_search_tries_no_recipe_twice_and_goes_on_without_a_range_test_that_failed(
    workspace: tuple[Settings, Database, str], monkeypatch: pytest.MonkeyPatch
):
    from core.jobs import recipe_search, trials
    from core.jobs.handlers.advise import find_recipe

    def train(_context, recipe, manifest, _emit):
        labels = manifest.labels[manifest.splits == VALIDATION]
        longer = recipe.head_phase.epochs == 60 and not recipe.augmentation.views
        return labels if longer else (labels + 1) % len(manifest.classes)

    def range_test(*_):
        raise RecipeError("A batch of 64 images is larger than the 50 training images.")

    monkeypatch.setattr(trials, "train_and_predict", train)
    monkeypatch.setattr(recipe_search, "range_test", range_test)
    spec = FindRecipeSpec(recipe=dump_recipe(RECIPE.model_copy(update={"seed": 8})), budget_seconds=600, seed=8)
    search = RecipeSearch.model_validate(execute(workspace, find_recipe, spec).search)
    assert search.chosen.title == "a head that learns longer"
    assert [one.title for one in search.tried] == [
        "the default", "your recipe", "a head with a hidden layer", "a head that learns longer",
        "a head that learns longer, with variations of the images",
    ]  # fmt: skip
    assert len({one.recipe for one in search.tried}) == 5
    assert all("fine-tuning" in one for one in search.left_out)


def test_a_search_that_a_person_stops_gives_the_best_until_then(
    workspace: tuple[Settings, Database, str], monkeypatch: pytest.MonkeyPatch
):
    from core.jobs import trials
    from core.jobs.handlers.advise import find_recipe

    trained = []

    def train(_context, recipe, manifest, _emit):
        if len(trained) == 2:
            raise RunStopped("Stopped.")
        trained.append(recipe)
        return manifest.labels[manifest.splits == VALIDATION]

    monkeypatch.setattr(trials, "train_and_predict", train)
    recipe = RECIPE.model_copy(update={"seed": 6})
    spec = FindRecipeSpec(recipe=dump_recipe(recipe), budget_seconds=600, seed=6)
    search = RecipeSearch.model_validate(execute(workspace, find_recipe, spec).search)
    assert [(load_recipe(one.recipe), one.trainings) for one in search.tried] == [(trained[0], 2)]


def test_a_search_without_time_measures_the_default_once(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.advise import find_recipe

    scratch = Backbone(name="Starter", weights="none", input_size=32)
    recipe = RECIPE.model_copy(update={"seed": 7, "strategy": "scratch", "backbone": scratch})
    spec = FindRecipeSpec(recipe=dump_recipe(recipe), budget_seconds=0, seed=7)
    search = RecipeSearch.model_validate(execute(workspace, find_recipe, spec).search)
    assert [one.trainings for one in search.tried] == [1]
    assert {"your recipe", "fine-tuning of all layers"} <= set(search.left_out)


def test_a_recipe_is_measured_at_the_bit_depth_of_the_project(
    workspace: tuple[Settings, Database, str], monkeypatch: pytest.MonkeyPatch
):
    from core.jobs import advise
    from core.jobs.handlers import advise as handlers

    measured = []

    def stop(_context, _dataset, recipe, **_choices):
        measured.append(recipe.bit_depth)
        raise RunStopped("Stopped.")

    monkeypatch.setattr(handlers, "project_bit_depth", lambda *_: 12)
    monkeypatch.setattr(advise, "measure_freezing_curve", stop)
    with pytest.raises(RunStopped):
        execute(workspace, handlers.freezing_curve, CURVE)
    assert measured == [12]


def test_a_stopped_measurement_says_that_it_goes_on(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.advise import freezing_curve

    settings, database, project = workspace
    job = jobs.add_job(database, project, CURVE)
    jobs.start_job(database, job)
    jobs.request_stop(database, job)
    with pytest.raises(RunStopped):
        freezing_curve(JobContext(database, settings, jobs.get_job(database, job)), CURVE)


def test_without_images_there_is_nothing_to_measure(workspace: tuple[Settings, Database, str]):
    from core.jobs.handlers.advise import freezing_curve

    settings, database, _ = workspace
    empty = settings, database, projects.create_project(database, "Empty")
    with pytest.raises(DatasetError, match="no images to measure on"):
        execute(empty, freezing_curve, CURVE)

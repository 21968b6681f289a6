"""Every kind of job once through the real queue, dispatcher and workers."""

import io
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from watching import events_of, wait_for_end

from core.advice.backbone_comparison import HEADS
from core.catalog import edits, items, jobs, labels, projects
from core.catalog.database import Database
from core.catalog.jobs import list_jobs
from core.catalog.runs import get_run
from core.checks.registry import CHECKS
from core.dataset.manifest_file import load_manifest
from core.evaluation.report.report import read_report
from core.jobs import queue
from core.jobs.events import Ended
from core.jobs.specs import (
    SPECS,
    CheckResult,
    CheckSpec,
    CompareBackbonesResult,
    CompareBackbonesSpec,
    CrossValidateResult,
    CrossValidateSpec,
    DownloadWeightsSpec,
    ExplainResult,
    ExplainSpec,
    ExportDatasetResult,
    ExportDatasetSpec,
    ExportModelResult,
    ExportModelSpec,
    FindRecipeResult,
    FindRecipeSpec,
    FreezingCurveResult,
    FreezingCurveSpec,
    IngestResult,
    IngestSpec,
    LearningCurveResult,
    LearningCurveSpec,
    PredictFilesResult,
    PredictFilesSpec,
    PredictResult,
    PredictSpec,
    Result,
    Spec,
    SplitDatasetResult,
    SplitDatasetSpec,
    TrainResult,
    TsneResult,
    TsneSpec,
)
from core.settings import Settings
from core.training.recipe import Backbone, Phase, Recipe, dump_recipe, load_recipe
from core.use.prediction_store import PREDICTIONS_FILE, PredictionFilter, PredictionStore, open_copies
from tests.conftest import end_dispatcher
from tests.unit.checks.photographs import photograph

RECIPE = Recipe(
    backbone=Backbone(name="Starter", weights="starter", input_size=32), head_phase=Phase(epochs=2, learning_rate=1e-2)
)
IMAGES = 24
# The image of 12 bits in 16.
DEEP = 7


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Settings]:
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # nothing is downloaded, wherever this runs
    settings = Settings(workspace=tmp_path / "workspace", warm=False, keras_home=tmp_path / "keras")
    yield settings
    end_dispatcher(settings)


@pytest.fixture
def project(database: Database) -> str:
    return projects.create_project(database, "Patches")


@pytest.fixture
def upload(settings: Settings) -> str:
    """A zip among the uploads, as a job names it."""
    path = settings.uploads / "1234" / "images.zip"
    path.parent.mkdir(parents=True)
    with zipfile.ZipFile(path, "w") as archive:
        for number in range(IMAGES):
            data = io.BytesIO()
            small = photograph(number).resize((40, 40))
            if number == DEEP:
                small = Image.fromarray(np.asarray(small.convert("L")).astype(np.uint16) * 16)
            small.save(data, "PNG")
            archive.writestr(f"{'ab'[number % 2]}/{number}.png", data.getvalue())
    return settings.relative(path)


def test_every_kind_gives_its_result(database: Database, settings: Settings, project: str, upload: str):
    done: list[Spec] = []

    def run(spec: Spec) -> Result | None:
        job = wait_for_end(database, queue.submit(database, settings, project, spec))
        assert job.status == "finished", queue.read_events(database, job.id)[-1]
        assert job.spec == spec
        done.append(spec)
        return job.result

    assert run(IngestSpec(paths=(upload,))) == IngestResult(accepted=IMAGES, rejected=0)
    assert run(SplitDatasetSpec(shares=(50, 25, 25), seed=1)) == SplitDatasetResult()

    # A run waits for the worker that a check keeps busy; the project is changed meanwhile.
    check = queue.submit(database, settings, project, CheckSpec(recipe=dump_recipe(RECIPE)))
    run_id = queue.submit_run(database, settings, project, RECIPE)
    waiting = jobs.get_job(database, run_id)
    before = {(item.digest, item.label, item.split) for item in items.list_items(database, project)}
    first, second, *_ = items.list_items(database, project)
    edits.delete_items(database, project, [first.id], "1 image deleted")
    labels.rename_label(database, project, labels.list_labels(database, project)[1].id, "renamed")
    checked, trained = wait_for_end(database, check), wait_for_end(database, run_id)
    assert (waiting.status, trained.status) == ("queued", "finished")
    assert load_recipe(get_run(database, run_id).recipe) == RECIPE.model_copy(update={"bit_depth": 12})
    assert set(trained.result_as(TrainResult).seconds) >= {"head", "evaluate"}
    manifest = load_manifest(settings.runs / run_id)
    splits = ("train", "validation", "test")
    rows = zip(manifest.digests, manifest.labels, manifest.splits, strict=True)
    assert {(digest, manifest.classes[label], splits[split]) for digest, label, split in rows} == before
    assert read_report(settings.runs / run_id).metrics.test.images == 6
    assert [one["check"] for one in checked.result_as(CheckResult).findings] == list(CHECKS)

    measured = run(CrossValidateSpec(folds=2, include_test=True, recipe=dump_recipe(RECIPE)))
    assert isinstance(measured, CrossValidateResult)
    assert measured.measured["images"] == IMAGES - 1
    _measure_choices(run)
    archive, arranged = run(ExportDatasetSpec()), run(TsneSpec(run=run_id))
    assert isinstance(archive, ExportDatasetResult)
    assert isinstance(arranged, TsneResult)
    bundle = run(ExportModelSpec(run=run_id, formats=("keras",)))
    assert isinstance(bundle, ExportModelResult)
    explained = run(ExplainSpec(run=run_id, digest=second.digest, name=second.name, class_index=0, method="grad-cam"))
    assert isinstance(explained, ExplainResult)
    for path in (archive.path, bundle.path, arranged.path, explained.image, explained.heatmap):
        assert not Path(path).is_absolute()
        assert settings.resolve(path).is_file()
    predicted = run(PredictSpec(run=run_id, paths=(explained.image,)))
    assert isinstance(predicted, PredictResult)
    assert (predicted.classes, len(predicted.probabilities)) == (("a", "b"), 1)
    assert run(upload_images(settings, run_id)) == PredictFilesResult(files=3, unreadable=1)
    check_predicted_files(database, settings, project, (explained.image, explained.heatmap))
    download = DownloadWeightsSpec(backbone="MobileNetV2")
    failed = wait_for_end(database, queue.submit(database, settings, project, download))
    assert (failed.spec, failed.status, failed.result) == (download, "failed", None)
    assert "could not be downloaded" in events_of(database, failed.id, Ended)[0].reason
    assert {spec.kind for spec in (*done, download, checked.spec, trained.spec)} == SPECS.keys()


def _measure_choices(run: Callable[[Spec], Result | None]) -> None:
    recipe, used = dump_recipe(RECIPE), IMAGES - 1 - 6
    frozen, compared, grown = (
        run(kind(recipe=recipe)) for kind in (FreezingCurveSpec, CompareBackbonesSpec, LearningCurveSpec)
    )
    searched = run(FindRecipeSpec(recipe=recipe, budget_seconds=1))
    assert isinstance(searched, FindRecipeResult)
    assert (searched.search["network"], searched.search["images"]) == ("Starter", used)
    assert isinstance(frozen, FreezingCurveResult)
    assert isinstance(compared, CompareBackbonesResult)
    assert isinstance(grown, LearningCurveResult)
    assert frozen.curve["images"] == compared.comparison["images"] == grown.curve["images"] == used
    assert [one["head"] for one in compared.comparison["heads"]] == list(HEADS)


def upload_images(settings: Settings, run_id: str) -> PredictFilesSpec:
    """The explanation of a run among the uploads, and a file that cannot be read."""
    shutil.copytree(settings.runs / run_id / "explanations", settings.uploads / "5678" / "some")
    (settings.uploads / "5678" / "broken.png").write_bytes(b"no image")
    return PredictFilesSpec(run=run_id, folder="uploads/5678")


def check_predicted_files(database: Database, settings: Settings, project: str, images: tuple[str, ...]):
    """Each image that can be read has a copy, and the upload is gone."""
    (job,) = list_jobs(database, project_id=project, kinds=(PredictFilesSpec,))
    folder = settings.predictions / job.id
    with PredictionStore(folder / PREDICTIONS_FILE) as store:
        found = list(store.read(PredictionFilter(unreadable=False)))
    assert sorted(one.file for one in found) == sorted(f"some/{Path(path).name}" for path in images)
    assert all(open_copies(folder).has(one.digest) for one in found)
    assert not (settings.uploads / "5678").exists()

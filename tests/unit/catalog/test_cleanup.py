"""What a deleted project leaves on the disk is removed, and nothing else."""

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.catalog import edits, items, jobs, labels
from core.catalog.cleanup import (
    delete_expired_projects,
    delete_explanations,
    delete_failed_samples,
    delete_for_good,
    delete_project_files,
    delete_unused_image_files,
    forget_deleted_images,
)
from core.catalog.database import Database
from core.catalog.items import count_items, list_items
from core.catalog.jobs import add_job
from core.catalog.projects import (
    DAY_SECONDS,
    TRASH_DAYS,
    create_project,
    delete_project,
    duplicate_project,
    list_projects,
    list_trash,
    trash_project,
)
from core.catalog.runs import create_run
from core.dataset.pixels import PixelSource, TrainingSquares
from core.jobs.events import Ended, dump_event
from core.jobs.handlers.export_dataset import export_dataset
from core.jobs.handlers.ingest import ingest
from core.jobs.specs import ExplainResult, ExplainSpec, ExportDatasetSpec, IngestSpec
from core.jobs.worker import JobContext
from core.settings import Settings
from core.storage.arrays import ArrayStore
from core.storage.blobs import OriginalStore
from tests.finished_runs import Workspace, add_project


def _files(settings: Settings) -> int:
    return sum(path.is_file() for folder in (settings.originals, settings.thumbnails) for path in folder.rglob("*"))


def test_the_images_and_runs_of_a_project_go_with_it(settings: Settings):
    database = Database(settings)
    project = add_project(Workspace(settings, database), images=3)
    run = create_run(database, project, "{}")
    (settings.runs / run).mkdir(parents=True)
    (settings.runs / run / "model.keras").write_bytes(b"model")
    settings.datasets.mkdir()
    (settings.datasets / f"{project}.zip").write_bytes(b"images")
    settings.logs.mkdir()
    (settings.logs / f"{run}.log").write_text("log")
    delete_project_files(database, settings, delete_project(database, project))
    assert _files(settings) == 0
    assert not (settings.runs / run).exists()
    assert list(settings.datasets.iterdir()) == []
    assert not (settings.logs / f"{run}.log").exists()


def test_images_that_another_project_uses_stay(settings: Settings):
    database = Database(settings)
    project = add_project(Workspace(settings, database), images=3)
    copy = duplicate_project(database, project)
    before = _files(settings)
    delete_project_files(database, settings, delete_project(database, project))
    assert _files(settings) == before
    assert len(list_items(database, copy)) == 6


def test_files_that_are_gone_already_are_passed_over(settings: Settings):
    database = Database(settings)
    leftovers = delete_project(database, add_project(Workspace(settings, database), images=1))
    delete_project_files(database, settings, leftovers)
    delete_project_files(database, settings, leftovers)
    assert _files(settings) == 0


def test_what_was_uploaded_and_never_taken_in_goes_with_its_project(settings: Settings, tmp_path):
    database = Database(settings)
    project = add_project(Workspace(settings, database), images=1)
    upload = settings.uploads / "1234" / "images.zip"
    upload.parent.mkdir(parents=True)
    upload.write_bytes(b"zip")
    mine = tmp_path / "mine.zip"
    mine.write_bytes(b"zip")
    paths = (settings.relative(upload), str(mine))
    add_job(database, project, IngestSpec(paths=paths, remove_uploads=True))
    delete_project_files(database, settings, delete_project(database, project))
    assert list(settings.uploads.iterdir()) == []
    assert mine.exists()


SIDE = 64


class Pictures:
    """A project with pictures of noise, and everything that is made of a picture in the workspace."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.database = Database(settings)
        self.project = create_project(self.database, "Noise")
        self.run = create_run(self.database, self.project, "{}")
        upload = settings.uploads / "1234"
        upload.mkdir(parents=True)
        for number in range(4):
            (upload / f"{number}.png").write_bytes(png(number))
        spec = IngestSpec(paths=(settings.relative(upload),), label="noise", remove_uploads=True)
        ingest(self._context(spec), spec)
        self.items = list_items(self.database, self.project)
        digests = [item.digest for item in self.items]
        store = OriginalStore(settings.originals, settings.thumbnails)
        with ArrayStore(settings.arrays, 2**24).open("activations-1") as rows:
            pixels = np.stack([square(number) for number in range(4)])
            rows.append(digests, pixels)
            rows.append([f"{digest}/1/flipped" for digest in digests], pixels[:, :, ::-1])
        list(PixelSource(digests, store, TrainingSquares(SIDE), arrays=ArrayStore(settings.arrays, 2**24)).batches(4))
        for number, digest in enumerate(digests):
            self.explain(number, ExplainSpec(run=self.run, digest=digest, class_index=0, method="grad-cam"))
        spec = ExportDatasetSpec()
        export_dataset(self._context(spec), spec)

    def _context(self, spec) -> JobContext:
        job = jobs.get_job(self.database, add_job(self.database, self.project, spec))
        return JobContext(self.database, self.settings, job)

    def explain(self, number: int, spec: ExplainSpec) -> Path:
        """What the job of an explanation leaves, with the pixels themselves as the heat map."""
        folder = self.settings.runs / self.run / "explanations"
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{number}.png", folder / f"{number}-0-grad-cam.png"]
        for path in paths:
            path.write_bytes(png(number))
        job = add_job(self.database, self.project, spec)
        jobs.start_job(self.database, job)
        result = ExplainResult(image=self.settings.relative(paths[0]), heatmap=self.settings.relative(paths[1]))
        jobs.end_job(self.database, job, "finished", result)
        return paths[0]

    def files_with(self, number: int) -> set[str]:
        """Top folders of the files that hold some bytes of a picture, as a file or as pixels."""
        item = self.items[number]
        traces = [png(number)[200:260], square(number)[20].tobytes(), square(number)[:, ::-1][20].tobytes()]
        found = set()
        for path in self.settings.workspace.rglob("*"):
            if path.is_file() and (item.digest in path.name or any(one in path.read_bytes() for one in traces)):
                found.add(path.relative_to(self.settings.workspace).parts[0])
        return found


def square(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (SIDE, SIDE, 3), np.uint8)


def png(number: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(square(number)).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def pictures(settings: Settings) -> Pictures:
    return Pictures(settings)


EVERYWHERE = {"originals", "thumbnails", "cache", "runs", "datasets"}


def test_no_byte_of_a_deleted_image_stays_once_it_is_forgotten(pictures: Pictures):
    assert all(pictures.files_with(number) == EVERYWHERE for number in range(4))
    edits.delete_items(pictures.database, pictures.project, [pictures.items[1].id], "1 image deleted")
    assert edits.count_deleted_images(pictures.database, pictures.project) == 1
    assert pictures.files_with(1) == EVERYWHERE
    forget_deleted_images(pictures.database, pictures.settings, pictures.project)
    assert pictures.files_with(1) == set()
    assert edits.count_deleted_images(pictures.database, pictures.project) == 0
    assert edits.last_edit(pictures.database, pictures.project) is None
    assert all(pictures.files_with(number) == EVERYWHERE - {"datasets"} for number in (0, 2, 3))
    digests = [item.digest for item in pictures.items]
    present, rows = ArrayStore(pictures.settings.arrays, 2**24).open("activations-1").get(digests)
    assert present.tolist() == [True, False, True, True]
    assert (rows == np.stack([square(number) for number in (0, 2, 3)])).all()


def test_no_byte_of_an_image_stays_when_its_project_is_deleted(pictures: Pictures):
    delete_project_files(pictures.database, pictures.settings, delete_project(pictures.database, pictures.project))
    assert all(pictures.files_with(number) == set() for number in range(4))
    assert not list(pictures.settings.arrays.rglob("*.npy"))


def test_a_deleted_project_keeps_everything_for_30_days_and_then_leaves_no_byte(pictures: Pictures):
    database, settings = pictures.database, pictures.settings
    labels.add_label(database, pictures.project, "glockenspiel")
    items.add_rejected_files(database, pictures.project, [("ward-7/bed-3.jpg", "It is empty.")])
    private = [b"glockenspiel", b"ward-7/bed-3.jpg", pictures.project.encode(), pictures.run.encode()]
    trash_project(database, pictures.project)
    (project,) = list_trash(database)
    delete_expired_projects(database, settings, project.deleted_at + TRASH_DAYS * DAY_SECONDS - 1)
    delete_unused_image_files(database, settings)
    assert all(pictures.files_with(number) == EVERYWHERE for number in range(4))
    assert _files_with(settings, private)

    delete_expired_projects(database, settings, project.deleted_at + TRASH_DAYS * DAY_SECONDS)
    assert list_trash(database) == []
    assert all(pictures.files_with(number) == set() for number in range(4))
    assert _files_with(settings, private) == []


def test_a_project_outside_the_trash_never_expires(pictures: Pictures):
    delete_expired_projects(pictures.database, pictures.settings, 2**40)
    assert [project.id for project in list_projects(pictures.database)] == [pictures.project]


def test_no_name_of_a_project_that_is_deleted_for_good_stays(settings: Settings):
    database = Database(settings)
    project = create_project(database, "Xylophones")
    labels.add_label(database, project, "glockenspiel")
    assert _files_with(settings, [b"Xylophones", b"glockenspiel"])
    delete_for_good(database, settings, project)
    assert _files_with(settings, [b"Xylophones", b"glockenspiel"]) == []


def test_a_sample_set_that_could_not_be_added_leaves_no_empty_project(settings: Settings):
    database = Database(settings)
    failed, used, mine = (create_project(database, name) for name in ("Failed", "Used", "Mine"))
    labels.add_label(database, used, "bees")
    for project, spec in ((failed, IngestSpec(sample="cifar10")), (used, IngestSpec(sample="cifar10")), (mine, None)):
        job = add_job(database, project, spec or IngestSpec(paths=("uploads/1",)))
        jobs.add_event(database, job, "ended", dump_event(Ended(status="failed", reason="No network.", hint="Wait.")))
        jobs.end_job(database, job, "failed")
    assert delete_failed_samples(database, settings) == ["No network. Wait."]
    assert {project.name for project in list_projects(database)} == {"Used", "Mine"}
    assert delete_failed_samples(database, settings) == []


def test_a_sample_set_that_is_added_again_stays(settings: Settings):
    database = Database(settings)
    project = create_project(database, "Again")
    jobs.end_job(database, add_job(database, project, IngestSpec(sample="leaves")), "failed")
    add_job(database, project, IngestSpec(sample="leaves"))
    assert delete_failed_samples(database, settings) == []


def _files_with(settings: Settings, texts: list[bytes]) -> list[Path]:
    files = [path for path in settings.workspace.rglob("*") if path.is_file()]
    return [path for path in files if any(text in path.read_bytes() for text in texts)]


def test_an_image_that_another_project_uses_keeps_everything_but_the_zip(pictures: Pictures):
    copy = duplicate_project(pictures.database, pictures.project)
    edits.delete_items(pictures.database, pictures.project, [pictures.items[1].id], "1 image deleted")
    forget_deleted_images(pictures.database, pictures.settings, pictures.project)
    assert pictures.files_with(1) == EVERYWHERE - {"datasets"}
    assert count_items(pictures.database, copy) == 4


def test_images_of_edits_that_are_too_old_to_undo_are_removed(pictures: Pictures):
    edits.delete_items(pictures.database, pictures.project, [pictures.items[1].id], "1 image deleted")
    delete_unused_image_files(pictures.database, pictures.settings)
    assert "originals" in pictures.files_with(1)
    for _ in range(edits.MAX_EDITS):
        edits.change_items(pictures.database, pictures.project, [pictures.items[0].id], "1 image moved", excluded=True)
    delete_unused_image_files(pictures.database, pictures.settings)
    assert pictures.files_with(1) == set()
    assert pictures.files_with(0) == EVERYWHERE - {"datasets"}


def test_heat_maps_of_other_pictures_go_with_them(pictures: Pictures):
    kept = pictures.settings.uploads / "tried" / "a.png"
    kept.parent.mkdir(parents=True)
    kept.write_bytes(png(7))
    maps = [
        pictures.explain(10 + number, ExplainSpec(run=pictures.run, path=path, class_index=0, method="grad-cam"))
        for number, path in enumerate(["uploads/tried/a.png", "uploads/tried/gone.png", "uploads/tried/removed.png"])
    ]
    delete_explanations(pictures.database, pictures.settings, paths=["uploads/tried/removed.png"])
    assert [path.exists() for path in maps] == [True, True, False]
    delete_unused_image_files(pictures.database, pictures.settings)
    assert [path.exists() for path in maps] == [True, False, False]

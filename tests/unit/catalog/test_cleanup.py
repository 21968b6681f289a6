"""What a deleted project leaves on the disk is removed, and nothing else."""

from core.catalog.cleanup import delete_project_files
from core.catalog.database import Database
from core.catalog.items import list_items
from core.catalog.jobs import add_job
from core.catalog.projects import delete_project, duplicate_project
from core.catalog.runs import create_run
from core.jobs.specs import IngestSpec
from core.settings import Settings
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
    delete_project_files(settings, delete_project(database, project))
    assert _files(settings) == 0
    assert not (settings.runs / run).exists()
    assert list(settings.datasets.iterdir()) == []
    assert not (settings.logs / f"{run}.log").exists()


def test_images_that_another_project_uses_stay(settings: Settings):
    database = Database(settings)
    project = add_project(Workspace(settings, database), images=3)
    copy = duplicate_project(database, project)
    before = _files(settings)
    delete_project_files(settings, delete_project(database, project))
    assert _files(settings) == before
    assert len(list_items(database, copy)) == 6


def test_files_that_are_gone_already_are_passed_over(settings: Settings):
    database = Database(settings)
    leftovers = delete_project(database, add_project(Workspace(settings, database), images=1))
    delete_project_files(settings, leftovers)
    delete_project_files(settings, leftovers)
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
    delete_project_files(settings, delete_project(database, project))
    assert list(settings.uploads.iterdir()) == []
    assert mine.exists()

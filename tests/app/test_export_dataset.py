"""The person's own images as a download on the Images page."""

import pytest
from starlette.requests import Request
from starlette.responses import FileResponse

from core.catalog import jobs
from core.catalog.labels import add_label
from core.catalog.projects import create_project
from core.jobs.specs import ExportDatasetResult, ExportDatasetSpec, ExportModelResult, ExportModelSpec
from pages.routes import downloads
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project


def _open(open_page, project):
    page = open_page(IMAGES, project=project, part="Download")
    assert not page.exception
    return page


def _buttons(page):
    return {button.label: button for button in page.button}


def test_images_are_packed_downloaded_and_packed_again(open_page, settings, database):
    project = fill_project(settings, database, files=False)
    page = _open(open_page, project)
    _buttons(page)["Pack the images"].click().run()
    (job,) = jobs.list_jobs(database, kinds=(ExportDatasetSpec,))
    assert "Cancel" in _buttons(page)

    path = settings.datasets / f"{project}.zip"
    path.parent.mkdir()
    path.write_bytes(b"x" * 2_500_000)
    jobs.start_job(database, job.id)
    jobs.end_job(
        database,
        job.id,
        "finished",
        ExportDatasetResult(path=settings.relative(path), images=40, missing=("gone.jpg",)),
    )
    page = _open(open_page, project)
    (button,) = page.get("link_button")
    assert (button.proto.label, button.proto.url) == ("Download 40 images (2.5 MB)", f"packed/{job.id}")
    assert "Pack them again" in _buttons(page)
    assert "Packed just now." in [caption.value for caption in page.caption]
    assert "1 file is missing" in page.warning[0].value
    assert "gone.jpg" in page.warning[0].value

    add_label(database, project, "wasps")
    assert "changed since" in " ".join(caption.value for caption in _open(open_page, project).caption)


def test_a_packing_that_failed_says_so(open_page, settings, database):
    project = fill_project(settings, database, files=False)
    job = jobs.add_job(database, project, ExportDatasetSpec())
    jobs.start_job(database, job)
    jobs.end_job(database, job, "failed")
    assert "**Packing the images** failed." in _open(open_page, project).error[0].value


@pytest.fixture
def ask(settings, database, monkeypatch):
    """Ask what the web server asks for a link."""
    monkeypatch.setattr(downloads, "database", lambda: database)
    monkeypatch.setattr(downloads, "settings", lambda: settings)
    (route,) = downloads.routes()

    def asked(job):
        assert f"/{downloads.link(job)}" == route.path.format(job_id=job)
        return route.endpoint(Request({"type": "http", "path_params": {"job_id": job}}))

    return asked


def _packed(settings, database, name):
    job = jobs.add_job(database, create_project(database, name), ExportDatasetSpec())
    path = settings.datasets / "some.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"zip" * 100_000)
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", ExportDatasetResult(path=settings.relative(path), images=1, missing=()))
    return job, path


def test_packed_images_are_sent_from_the_disk_under_the_projects_name(ask, settings, database):
    job, path = _packed(settings, database, "Bees/ants: ä")
    answer = ask(job)
    assert isinstance(answer, FileResponse)
    assert (answer.path, answer.media_type) == (path, "application/zip")
    assert "Bees-ants-%20%C3%A4.zip" in answer.headers["content-disposition"]


def test_what_is_not_packed_images_is_not_sent(ask, settings, database):
    assert ask("0123456789abcdef").body.startswith(b"There is no such run or job")
    other = jobs.add_job(database, create_project(database, "Bees"), ExportModelSpec(run="0123", formats=("keras",)))
    jobs.end_job(database, other, "finished", ExportModelResult(path="datasets/some.zip", certificate={}))
    gone, path = _packed(settings, database, "Bees")
    told = b"The packed images are gone. Pack them again on the Images page."
    assert ask(other).body == told
    path.unlink()
    assert (ask(gone).status_code, ask(gone).body) == (404, told)

"""The person's own images as a download on the Images page."""

from core.catalog import jobs
from core.catalog.labels import add_label
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
    (job,) = jobs.list_jobs(database, kind="take-out")
    assert "Cancel" in _buttons(page)

    path = settings.datasets / f"{project}.zip"
    path.parent.mkdir()
    path.write_bytes(b"x" * 2_500_000)
    jobs.start_job(database, job.id)
    jobs.end_job(database, job.id, "finished", {"zip": str(path), "images": 40, "missing": ["gone.jpg"]})
    page = _open(open_page, project)
    assert "Download 40 images (2.5 MB)" in [button.label for button in page.get("download_button")]
    assert "Pack them again" in _buttons(page)
    assert "Packed just now." in [caption.value for caption in page.caption]
    assert "1 file is gone" in page.warning[0].value
    assert "gone\\.jpg" in page.warning[0].value

    add_label(database, project, "wasps")
    assert "changed since" in " ".join(caption.value for caption in _open(open_page, project).caption)


def test_a_packing_that_failed_says_so(open_page, settings, database):
    project = fill_project(settings, database, files=False)
    job = jobs.add_job(database, project, "take-out", {})
    jobs.start_job(database, job)
    jobs.end_job(database, job, "failed")
    assert "**Packing the images** failed." in _open(open_page, project).error[0].value

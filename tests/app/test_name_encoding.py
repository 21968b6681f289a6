"""File names in a zip that do not say their encoding: a person chooses it on the Images page."""

import pytest

from core.catalog import jobs
from core.catalog.projects import create_project
from core.jobs.specs import IngestResult, IngestSpec, NameQuestion, NameReading
from pages.shared.steps import IMAGES

QUESTION = NameQuestion(
    archive="photos.zip",
    readings=(
        NameReading(encoding="cp437", names=("ªába/1.jpg",)),
        NameReading(encoding="cp852", names=("Žába/1.jpg",)),
    ),
)


@pytest.fixture
def upload(settings):
    path = settings.uploads / "1234" / "photos.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"some")
    return path


@pytest.fixture
def page(open_page, settings, database, upload):
    project = create_project(database, "Frogs")
    spec = IngestSpec(paths=(settings.relative(upload),), remove_uploads=True)
    job = jobs.add_job(database, project, spec)
    jobs.end_job(database, job, "finished", IngestResult(accepted=0, rejected=0, names=QUESTION))
    page = open_page(IMAGES, project=project)
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def test_the_readings_are_shown_and_the_choice_starts_a_job(page, database):
    (box,) = [box for box in page.selectbox if box.label == "File names"]
    assert box.options == ["ªába/1.jpg (cp437)", "Žába/1.jpg (cp852)"]
    box.set_value("cp852")
    press(page, "Add the images")
    assert jobs.list_jobs(database, kinds=(IngestSpec,))[-1].spec_as(IngestSpec).name_encoding == "cp852"


def test_the_upload_can_be_left(page, upload):
    press(page, "Do not add them")
    assert not upload.exists()
    assert "Are the file names right?" not in [one.value for one in page.subheader]

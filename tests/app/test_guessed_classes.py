"""Classes by file names: shown and corrected on the Images page."""

import pytest

from core.catalog import jobs
from core.catalog.labels import add_label
from core.catalog.projects import create_project
from core.jobs.specs import ClassGuess, GuessedClass, IngestResult, IngestSpec
from pages.shared.steps import IMAGES

GUESS = ClassGuess(
    classes=(
        GuessedClass(name="cat", images=3, examples=("cat_1.png",)),
        GuessedClass(name="dogs", images=2, examples=("dogs_1.png",)),
    ),
    unnamed=1,
)


@pytest.fixture
def upload(settings):
    path = settings.uploads / "1234" / "images.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"some")
    return path


@pytest.fixture
def project(database):
    return create_project(database, "Pets")


@pytest.fixture
def page(open_page, settings, database, upload, project):
    spec = IngestSpec(paths=(settings.relative(upload),), remove_uploads=True)
    job = jobs.add_job(database, project, spec)
    jobs.end_job(database, job, "finished", IngestResult(accepted=0, rejected=0, guess=GUESS))
    page = open_page(IMAGES, project=project)
    assert not page.exception
    return page


def names_taken(database):
    return jobs.list_jobs(database, kinds=(IngestSpec,))[-1].spec_as(IngestSpec).class_names


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def type_name(page, guessed, name):
    next(one for one in page.text_input if one.label == guessed).set_value(name)


def test_a_guess_is_shown_with_its_counts_and_corrected(page, database):
    told = " ".join(one.value for one in page.markdown)
    assert "6 images" in told
    assert "2 classes" in told
    type_name(page, "Name of the class cat", "dogs")
    type_name(page, "Name of the class of the other images", " birds ")
    press(page, "Add them with these classes")
    assert names_taken(database) == {"cat": "dogs", "dogs": "dogs", "": "birds"}


def test_a_class_that_is_there_is_taken_in_its_own_spelling(open_page, page, database, project):
    assert "Dogs" not in [one.value for one in page.text_input]
    add_label(database, project, "Dogs")
    page = open_page(IMAGES, project=project)
    press(page, "Add them with these classes")
    assert names_taken(database) == {"cat": "cat", "dogs": "Dogs", "": None}


def test_all_are_one_class(page, database):
    press(page, "Add them as one class")
    assert "The class has no name. Type one." in [one.value for one in page.error]
    type_name(page, "No, all of them are one class", "pets")
    press(page, "Add them as one class")
    assert names_taken(database) == {"cat": "pets", "dogs": "pets", "": "pets"}


def test_they_are_taken_in_without_classes(page, database):
    press(page, "Add them without classes")
    assert names_taken(database) == {"cat": None, "dogs": None, "": None}


def test_an_upload_that_is_not_wanted_is_removed(page, database, upload):
    press(page, "Discard the upload")
    assert not upload.exists()
    assert len(jobs.list_jobs(database, kinds=(IngestSpec,))) == 1
    assert "Are these the classes?" not in [one.value for one in page.subheader]

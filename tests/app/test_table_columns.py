"""A table whose class column is unknown: its columns are chosen on the Images page."""

import pytest

from core.catalog import jobs
from core.catalog.projects import create_project
from core.jobs.specs import IngestResult, IngestSpec, TableColumn, TableColumns, TableQuestion
from pages.shared.steps import IMAGES

QUESTION = TableQuestion(
    table="meta/table.csv",
    columns=(
        TableColumn(name="image_id", examples=("I_1", "I_2")),
        TableColumn(name="finding", examples=("nevus", "melanoma")),
        TableColumn(name="site", examples=("arm", "leg")),
    ),
    file="image_id",
    images=24,
)


@pytest.fixture
def upload(settings):
    path = settings.uploads / "1234" / "images.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"some")
    return path


@pytest.fixture
def page(open_page, settings, database, upload):
    project = create_project(database, "Skin")
    spec = IngestSpec(paths=(settings.relative(upload),), remove_uploads=True)
    job = jobs.add_job(database, project, spec)
    jobs.end_job(database, job, "finished", IngestResult(accepted=0, rejected=0, question=QUESTION))
    page = open_page(IMAGES, project=project)
    assert not page.exception
    return page


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def choose(page, column):
    next(box for box in page.selectbox if box.label == "Column of the classes").set_value(column)


def last_spec(database):
    return jobs.list_jobs(database, kinds=(IngestSpec,))[-1].spec_as(IngestSpec)


def test_the_table_is_shown_with_its_columns_and_the_choice_starts_a_job(page, database):
    shown = " ".join(one.value for one in page.markdown)
    assert "24 images" in shown
    assert "meta/table.csv" in shown
    choose(page, "finding")
    press(page, "Add the images")
    assert last_spec(database).columns == {"meta/table.csv": TableColumns(file="image_id", label="finding")}


def test_a_table_may_have_no_classes(page, database):
    choose(page, "The table has no classes")
    press(page, "Add the images")
    assert last_spec(database).columns == {"meta/table.csv": TableColumns(file="image_id", label=None)}


def test_a_column_must_be_chosen(page, database):
    press(page, "Add the images")
    assert [one.value for one in page.warning] == ["Choose the column of the classes."]
    assert last_spec(database).columns == {}


def test_the_upload_can_be_left(page, upload):
    press(page, "Do not add them")
    assert not upload.exists()
    assert "Which column is the class?" not in [one.value for one in page.subheader]

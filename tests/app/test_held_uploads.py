"""Questions about an upload, of which nothing is added before a person answers them on the Images page."""

import pytest

from core.catalog import jobs
from core.catalog.projects import create_project
from core.jobs.specs import (
    IngestResult,
    IngestSpec,
    NameQuestion,
    NameReading,
    TableColumn,
    TableColumns,
    TableQuestion,
)
from pages.shared.steps import IMAGES

NAMES = NameQuestion(
    archive="photos.zip",
    readings=(
        NameReading(encoding="cp437", names=("ªába/1.jpg",)),
        NameReading(encoding="cp852", names=("Žába/1.jpg",)),
    ),
)
TABLE = TableQuestion(
    table="meta/table.csv",
    columns=(
        TableColumn(name="image_id", examples=("I_1", "I_2")),
        TableColumn(name="finding", examples=("nevus", "melanoma")),
        TableColumn(name="site", examples=("arm", "leg")),
    ),
    file="image_id",
    images=24,
)
HEADINGS = {"Are the file names right?": {"names": NAMES}, "Which column is the class?": {"question": TABLE}}


@pytest.fixture
def upload(settings):
    path = settings.uploads / "1234" / "photos.zip"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"some")
    return path


@pytest.fixture
def asked(open_page, settings, database, upload):
    """Opens the Images page of a project whose upload has a question."""

    def ask(**question):
        project = create_project(database, "Frogs")
        spec = IngestSpec(paths=(settings.relative(upload),), remove_uploads=True)
        job = jobs.add_job(database, project, spec)
        jobs.end_job(database, job, "finished", IngestResult(accepted=0, rejected=0, **question))
        page = open_page(IMAGES, project=project)
        assert not page.exception
        return page

    return ask


def press(page, label):
    next(button for button in page.button if button.label == label).click().run()
    assert not page.exception


def choose(page, column):
    next(box for box in page.selectbox if box.label == "Column of the classes").set_value(column)


def specs(database):
    return [job.spec_as(IngestSpec) for job in jobs.list_jobs(database, kinds=(IngestSpec,))]


@pytest.mark.parametrize("heading", HEADINGS)
def test_the_upload_can_be_left(asked, upload, heading):
    page = asked(**HEADINGS[heading])
    assert heading in [one.value for one in page.subheader]
    press(page, "Do not add them")
    assert not upload.exists()
    assert heading not in [one.value for one in page.subheader]


def test_an_upload_that_another_tab_removed_starts_no_job(asked, upload, database):
    page = asked(names=NAMES)
    upload.unlink()
    press(page, "Add the images")
    assert "Are the file names right?" not in [one.value for one in page.subheader]
    assert len(specs(database)) == 1


def test_the_readings_of_names_are_shown_and_the_choice_starts_a_job(asked, database):
    page = asked(names=NAMES)
    (box,) = [box for box in page.selectbox if box.label == "File names"]
    assert box.options == ["ªába/1.jpg (cp437)", "Žába/1.jpg (cp852)"]
    box.set_value("cp852")
    press(page, "Add the images")
    assert specs(database)[-1].name_encoding == "cp852"


def test_the_table_is_shown_with_its_columns_and_the_choice_starts_a_job(asked, database):
    page = asked(question=TABLE)
    shown = " ".join(one.value for one in page.markdown)
    assert "24 images" in shown
    assert "meta/table.csv" in shown
    choose(page, "finding")
    press(page, "Add the images")
    assert specs(database)[-1].columns == {"meta/table.csv": TableColumns(file="image_id", label="finding")}


def test_a_table_may_have_no_classes(asked, database):
    page = asked(question=TABLE)
    choose(page, "The table has no classes")
    press(page, "Add the images")
    assert specs(database)[-1].columns == {"meta/table.csv": TableColumns(file="image_id", label=None)}


def test_a_column_must_be_chosen(asked, database):
    page = asked(question=TABLE)
    press(page, "Add the images")
    assert [one.value for one in page.warning] == ["Choose the column of the classes."]
    assert specs(database)[-1].columns == {}

"""What stays together in one split, on the Images page."""

import pytest

from core.catalog import jobs
from core.jobs.specs import (
    ClassGuess,
    IngestResult,
    IngestSpec,
    SplitDatasetResult,
    SplitDatasetSpec,
    SplitGroup,
    SplitGroups,
)
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project

GROUPS = SplitGroups(
    groups=2,
    images=7,
    largest=(
        SplitGroup(name="patient 7", kinds=("group", "burst"), images=5, splits=("train",)),
        SplitGroup(name="robin.jpg", kinds=("copies",), images=2, splits=("test", "train")),
    ),
)


UNCONFIRMED = IngestResult(accepted=0, rejected=0, guess=ClassGuess(classes=(), unnamed=1))


@pytest.fixture
def project(settings, database):
    return fill_project(settings, database, files=False)


def _finished(database, project, spec, result):
    job = jobs.add_job(database, project, spec)
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", result)


def _said(open_page, project):
    page = open_page(IMAGES, project=project, part="Splits")
    assert not page.exception
    return page, " ".join(element.value for element in page.markdown)


def test_sets_are_listed_with_the_reason_and_the_split(open_page, database, project):
    _finished(database, project, SplitDatasetSpec(), SplitDatasetResult(split_groups=GROUPS))
    _finished(database, project, IngestSpec(), UNCONFIRMED)
    page, text = _said(open_page, project)
    assert "**Kept together:** 7 images in 2 sets" in text
    assert "The largest has 5 images." in text
    assert page.dataframe[0].value.to_numpy().tolist() == [
        ["patient 7", "a group, frames of a burst", 5, "train"],
        ["robin.jpg", "copies of one picture", 2, "test and train"],
    ]


def test_where_every_image_stands_alone_nothing_is_listed(open_page, database, project):
    _finished(database, project, SplitDatasetSpec(), SplitDatasetResult(split_groups=GROUPS))
    _finished(database, project, IngestSpec(), IngestResult(accepted=3, rejected=0))
    assert "Kept together" not in _said(open_page, project)[1]

"""What stays together in one split, on the Images page."""

import pytest

from core.catalog import jobs
from pages.shared.steps import IMAGES
from tests.app.filled import fill_project

KEPT = {
    "sets": 2,
    "images": 7,
    "largest": [
        {"name": "patient 7", "kinds": ["group", "burst"], "images": 5, "splits": ["train"]},
        {"name": "robin.jpg", "kinds": ["copies"], "images": 2, "splits": ["test", "train"]},
    ],
}


@pytest.fixture
def project(settings, database):
    return fill_project(settings, database, files=False)


def _finished(database, project, kind, result):
    job = jobs.add_job(database, project, kind, {"paths": []})
    jobs.start_job(database, job)
    jobs.end_job(database, job, "finished", result)


def _said(open_page, project):
    page = open_page(IMAGES, project=project, part="Splits")
    assert not page.exception
    return page, " ".join(element.value for element in page.markdown)


def test_sets_are_listed_with_the_reason_and_the_split(open_page, database, project):
    _finished(database, project, "draw-splits", {"kept": KEPT})
    _finished(database, project, "take-in", {"taken": 0, "refused": 0, "guess": {"classes": [], "unnamed": 1}})
    page, text = _said(open_page, project)
    assert "**Kept together:** 7 images in 2 sets" in text
    assert "The largest has 5 images." in text
    assert page.dataframe[0].value.to_numpy().tolist() == [
        ["patient 7", "a group, frames of a burst", 5, "train"],
        ["robin.jpg", "copies of one picture", 2, "test and train"],
    ]


def test_where_every_image_stands_alone_nothing_is_listed(open_page, database, project):
    _finished(database, project, "draw-splits", {"kept": KEPT})
    _finished(database, project, "take-in", {"taken": 3, "refused": 0})
    assert "Kept together" not in _said(open_page, project)[1]

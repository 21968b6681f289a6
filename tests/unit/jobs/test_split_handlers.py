"""The splits of a project as its jobs draw them: groups of a table whole, copies together, the person's shares kept."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.items import list_items
from core.catalog.projects import create_project
from core.jobs.handlers import images, splits
from core.jobs.worker import JobContext
from core.settings import Settings
from tests.unit.checks.photographs import photograph


@pytest.fixture
def project(database: Database) -> str:
    return create_project(database, "Moles")


def context(database: Database, settings: Settings, project: str, kind: str, **arguments: object) -> JobContext:
    job = jobs.add_job(database, project, kind, arguments)
    jobs.start_job(database, job)
    return JobContext(database, settings, jobs.get_job(database, job))


def archive(folder: Path, numbers: range, table: str = "") -> Path:
    """A zip of drawn photographs in two classes, perhaps with a table."""
    path = folder / f"{numbers.start}.zip"
    with zipfile.ZipFile(path, "w") as opened:
        for number in numbers:
            data = io.BytesIO()
            photograph(number).resize((40, 40)).save(data, "PNG")
            opened.writestr(f"{'ab'[number % 2]}/{number}-{number * 37 % 101}.png", data.getvalue())
        if table:
            opened.writestr("labels.csv", table)
    return path


def test_images_of_a_patient_stay_in_one_split(database: Database, settings: Settings, project: str, tmp_path: Path):
    rows = [
        f"{'ab'[number % 2]}/{number}-{number * 37 % 101}.png,{'ab'[number % 2]},p{number // 6}" for number in range(60)
    ]
    path = archive(tmp_path, range(60), "\n".join(["file,label,patient", *rows]))
    images.take_in(context(database, settings, project, "take-in", paths=[str(path)]))
    for seed in range(3):
        drawn = splits.draw(context(database, settings, project, "draw-splits", shares=[60, 20, 20], seed=seed))
        found = list_items(database, project)
        of_patient = {(item.group, item.split) for item in found}
        assert len(found) == 60
        assert len(of_patient) == 10
        assert Counter(split for _, split in of_patient) == {"train": 6, "validation": 2, "test": 2}
        assert (drawn["kept"]["sets"], drawn["kept"]["images"]) == (10, 60)
        assert {(one["name"], *one["splits"]) for one in drawn["kept"]["largest"]} == of_patient
        assert {(*one["kinds"], one["images"]) for one in drawn["kept"]["largest"]} == {("group", 6)}


def test_what_stays_together_is_told_with_its_reason(
    database: Database, settings: Settings, project: str, tmp_path: Path
):
    path = archive(tmp_path, range(20), "file,label,patient\n0-0.png,a,p1\n3-10.png,b,p1\n")
    with zipfile.ZipFile(path, "a") as opened:
        for number, name in ((5, "a/copy.png"), (7, "b/IMG_1.png"), (7, "b/IMG_2.png")):
            data = io.BytesIO()
            shift = int(name[-5]) if name[-5].isdigit() else 0
            photograph(number).crop((shift, 0, 157 + shift, 158)).resize((44, 44)).save(data, "PNG")
            opened.writestr(name, data.getvalue())
    kept = images.take_in(context(database, settings, project, "take-in", paths=[str(path)]))["kept"]
    split_of = {item.name: item.split for item in list_items(database, project)}
    found = {(one["name"], tuple(one["kinds"]), one["images"], *one["splits"]) for one in kept["largest"]}
    assert found == {
        ("b/7-57.png", ("copies", "burst"), 3, split_of["b/IMG_1.png"]),
        ("b/5-84.png", ("copies",), 2, split_of["a/copy.png"]),
        ("p1", ("group",), 2, split_of["a/0-0.png"]),
    }


def test_images_that_come_later_follow_the_shares_that_were_drawn_last(
    database: Database, settings: Settings, project: str, tmp_path: Path
):
    images.take_in(context(database, settings, project, "take-in", paths=[str(archive(tmp_path, range(40)))]))
    drawing = context(database, settings, project, "draw-splits", shares=[80, 20, 0], seed=3)
    splits.draw(drawing)
    jobs.end_job(database, drawing.job.id, "finished", {})
    before = [item.split for item in list_items(database, project)]
    images.take_in(context(database, settings, project, "take-in", paths=[str(archive(tmp_path, range(40, 60)))]))
    after = [item.split for item in list_items(database, project)]
    assert after[:40] == before
    assert Counter(after) == {"train": 48, "validation": 12}

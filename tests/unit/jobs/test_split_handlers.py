"""The split job: groups and duplicates stay in one split, and later images follow the person's shares."""

import io
import zipfile
from collections import Counter
from pathlib import Path

import pytest

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.items import list_items
from core.catalog.projects import create_project
from core.jobs.handlers.ingest import ingest
from core.jobs.handlers.split_dataset import split_dataset
from core.jobs.specs import IngestResult, IngestSpec, Spec, SplitDatasetResult, SplitDatasetSpec
from core.jobs.worker import JobContext
from core.settings import Settings
from tests.unit.checks.photographs import photograph


@pytest.fixture
def project(database: Database) -> str:
    return create_project(database, "Moles")


def context(database: Database, settings: Settings, project: str, spec: Spec) -> JobContext:
    job = jobs.add_job(database, project, spec)
    jobs.start_job(database, job)
    return JobContext(database, settings, jobs.get_job(database, job))


def run_ingest(database: Database, settings: Settings, project: str, path: Path) -> IngestResult:
    spec = IngestSpec(paths=(str(path),))
    return ingest(context(database, settings, project, spec), spec)


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
    run_ingest(database, settings, project, path)
    for seed in range(3):
        spec = SplitDatasetSpec(shares=(60, 20, 20), seed=seed)
        drawn = split_dataset(context(database, settings, project, spec), spec).split_groups
        found = list_items(database, project)
        of_patient = {(item.group, item.split) for item in found}
        assert len(found) == 60
        assert len(of_patient) == 10
        assert Counter(split for _, split in of_patient) == {"train": 6, "validation": 2, "test": 2}
        assert (drawn.groups, drawn.images) == (10, 60)
        assert {(one.name, *one.splits) for one in drawn.largest} == of_patient
        assert {(*one.kinds, one.images) for one in drawn.largest} == {("group", 6)}


def test_split_groups_are_returned_with_their_reason(
    database: Database, settings: Settings, project: str, tmp_path: Path
):
    path = archive(tmp_path, range(20), "file,patient\n0-0.png,p1\n3-10.png,p1\n")
    with zipfile.ZipFile(path, "a") as opened:
        for number, name in ((5, "a/copy.png"), (7, "b/IMG_1.png"), (7, "b/IMG_2.png")):
            data = io.BytesIO()
            shift = int(name[-5]) if name[-5].isdigit() else 0
            photograph(number).crop((shift, 0, 157 + shift, 158)).resize((44, 44)).save(data, "PNG")
            opened.writestr(name, data.getvalue())
    groups = run_ingest(database, settings, project, path).split_groups
    split_of = {item.name: item.split for item in list_items(database, project)}
    found = {(one.name, tuple(one.kinds), one.images, *one.splits) for one in groups.largest}
    assert found == {
        ("b/7-57.png", ("copies", "burst"), 3, split_of["b/IMG_1.png"]),
        ("b/5-84.png", ("copies",), 2, split_of["a/copy.png"]),
        ("p1", ("group",), 2, split_of["a/0-0.png"]),
    }


def test_later_images_are_split_by_the_last_shares(
    database: Database, settings: Settings, project: str, tmp_path: Path
):
    run_ingest(database, settings, project, archive(tmp_path, range(40)))
    spec = SplitDatasetSpec(shares=(80, 20, 0), seed=3)
    drawing = context(database, settings, project, spec)
    split_dataset(drawing, spec)
    jobs.end_job(database, drawing.job.id, "finished", SplitDatasetResult())
    before = [item.split for item in list_items(database, project)]
    run_ingest(database, settings, project, archive(tmp_path, range(40, 60)))
    after = [item.split for item in list_items(database, project)]
    assert after[:40] == before
    assert Counter(after) == {"train": 48, "validation": 12}

"""Ingestion and export of a dataset, executed in this process instead of a worker."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import IFD, Base

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.edits import last_edit, undo_edit
from core.catalog.items import list_items, list_rejected_files
from core.catalog.labels import list_labels
from core.catalog.projects import create_project
from core.intake import rejection_messages
from core.jobs.events import Message
from core.jobs.handlers.export_dataset import export_dataset
from core.jobs.handlers.ingest import ingest
from core.jobs.queue import read_events
from core.jobs.specs import ExportDatasetSpec, IngestResult, IngestSpec, TableColumns, WebLink
from core.jobs.worker import JobContext
from core.settings import Settings


@pytest.fixture
def project(database: Database) -> str:
    return create_project(database, "Bees")


def picture(seed: int) -> bytes:
    data = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (24, 24, 3), np.uint8)).save(data, "PNG")
    return data.getvalue()


def upload(settings: Settings, *names: str) -> Path:
    path = settings.uploads / "1234" / "images.zip"
    path.parent.mkdir(parents=True, exist_ok=True)
    with zipfile.ZipFile(path, "w") as archive:
        for seed, name in enumerate(names):
            archive.writestr(name, picture(seed))
    return path


def run_ingest(database: Database, settings: Settings, project: str, spec: IngestSpec) -> IngestResult:
    return ingest(JobContext(database, settings, jobs.get_job(database, jobs.add_job(database, project, spec))), spec)


def photograph(camera: str, time: str) -> bytes:
    exif, data = Image.Exif(), io.BytesIO()
    exif[Base.Model] = camera
    exif.get_ifd(IFD.Exif)[Base.DateTimeOriginal] = time
    Image.new("RGB", (24, 24), "green").save(data, "JPEG", exif=exif)
    return data.getvalue()


def counts(database: Database, project: str) -> dict[str, int]:
    return {label.name: label.images for label in list_labels(database, project)}


def test_the_time_and_camera_of_photographs_are_stored(database, settings, project):
    path = upload(settings)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("deer/a.jpg", photograph("Trail Cam 4", "2024:05:12 06:14:30"))
        archive.writestr("deer/b.png", picture(1))
    run_ingest(database, settings, project, IngestSpec(paths=(settings.relative(path),)))
    stored = {item.name: (item.captured_at, item.camera) for item in list_items(database, project)}
    assert stored == {"deer/a.jpg": ("2024-05-12T06:14:30", "Trail Cam 4"), "deer/b.png": (None, None)}


def test_guessed_classes_are_returned_before_any_image_is_added(database, settings, project):
    path = upload(settings, "cat_1.png", "cat_2.png", "dog_1.png", "dog_2.png", "IMG_1.png")
    spec = IngestSpec(paths=(settings.relative(path),), remove_uploads=True)
    result = run_ingest(database, settings, project, spec)
    assert [(one.name, one.images) for one in result.guess.classes] == [("cat", 2), ("dog", 2)]
    assert (list_items(database, project), path.exists()) == ([], True)

    names = {"cat": "cats", "dog": "cats", "": None}
    result = run_ingest(database, settings, project, spec.model_copy(update={"class_names": names}))
    assert result == IngestResult(accepted=5, rejected=0)
    assert counts(database, project) == {"cats": 4}
    assert list(settings.uploads.iterdir()) == []


def test_images_that_came_together_share_a_group(database, settings, project):
    path = upload(settings, "1.png", "2.png")
    run_ingest(database, settings, project, IngestSpec(paths=(settings.relative(path),), label="ants", group="burst 1"))
    assert [item.group for item in list_items(database, project)] == ["burst 1", "burst 1"]


def test_an_exported_dataset_is_ingested_unchanged(database, settings, project):
    table = (
        'file,label,split,group,excluded\n0.png,"ants, red",test,plant 1,\n1.png,"ants, red",,plant 1,\n'
        "2.png,a/b: c?,validation,,yes\n3.png,a/b: c?,,,\n4.png,Ameisen ä,,,\n5.png,,train,,\n"
        "6.png,=1+1,,,\n"
    )
    path = upload(settings, *(f"{number}.png" for number in range(7)))
    (path.parent / "labels.csv").write_text(table)
    paths = tuple(map(settings.relative, (path, path.parent / "labels.csv")))
    run_ingest(database, settings, project, IngestSpec(paths=paths, remove_uploads=True))

    job = jobs.get_job(database, jobs.add_job(database, project, ExportDatasetSpec()))
    result = export_dataset(JobContext(database, settings, job), ExportDatasetSpec())
    other = create_project(database, "Copy")
    added = run_ingest(database, settings, other, IngestSpec(paths=(result.path,), remove_uploads=True))
    assert (added.accepted, added.rejected, added.split_groups.groups) == (7, 0, 1)
    assert (settings.workspace / result.path).exists()

    def told(project_id: str) -> list[tuple]:
        return sorted(
            (one.digest, one.label or "", one.split, one.split_fixed, one.group, one.excluded)
            for one in list_items(database, project_id)
        )

    assert told(other) == told(project)
    assert {one.label for one in list_items(database, other)} == {"ants, red", "a/b: c?", "Ameisen ä", "=1+1", None}
    assert {(one.split, one.split_fixed) for one in list_items(database, other)} >= {
        ("test", True),
        ("validation", True),
    }


def test_images_of_another_project_are_copied_once(database, settings, project):
    path = upload(settings, *(f"{number}.png" for number in range(4)))
    (path.parent / "labels.csv").write_text(
        "file,label,split,group,excluded\n0.png,ants,test,plant 1,\n1.png,ants,,,yes\n2.png,bees,,,\n3.png,wasps,,,\n"
    )
    paths = tuple(map(settings.relative, (path, path.parent / "labels.csv")))
    run_ingest(database, settings, project, IngestSpec(paths=paths))
    other = create_project(database, "More bees")
    classes = {label.name: label.id for label in list_labels(database, project)}
    spec = IngestSpec(from_project=project, from_classes=(classes["ants"], classes["bees"]))
    assert run_ingest(database, settings, other, spec) == IngestResult(accepted=3, rejected=0, already_present=0)
    assert run_ingest(database, settings, other, spec) == IngestResult(accepted=0, rejected=0, already_present=3)
    copied = {item.name: item for item in list_items(database, other)}
    assert (copied["0.png"].label, copied["0.png"].split, copied["0.png"].group) == ("ants", "test", "plant 1")
    assert (copied["1.png"].excluded, copied["1.png"].split) == (True, None)
    assert (copied["2.png"].label, copied["2.png"].split_fixed) == ("bees", False)
    assert copied["2.png"].split is not None


def test_a_link_into_this_machine_is_refused(database, settings, project):
    spec = IngestSpec(links=(WebLink(url="https://127.0.0.1/a.jpg", label="ants"),))
    assert run_ingest(database, settings, project, spec) == IngestResult(accepted=0, rejected=1)
    assert list_rejected_files(database, project)[0].reason == rejection_messages.LINK_PRIVATE


def test_images_that_lack_their_last_bytes_are_named_among_the_events(database, settings, project):
    path = upload(settings, "0.png")
    for number in range(5):
        data = io.BytesIO()
        Image.new("RGB", (64, 64), (40 * number, 0, 0)).save(data, "JPEG")
        (path.parent / f"{number}.jpg").write_bytes(data.getvalue()[:-2])
    job = jobs.get_job(database, jobs.add_job(database, project, IngestSpec()))
    paths = tuple(settings.relative(path.parent / f"{number}.jpg") for number in range(5))
    spec = IngestSpec(paths=paths, label="ants")
    assert ingest(JobContext(database, settings, job), spec).accepted == 5
    texts = [event.text for _, _, event in read_events(database, job.id) if isinstance(event, Message)]
    assert texts == [f"0.jpg, 1.jpg, 2.jpg and 2 more: {rejection_messages.LACKS_END}"]


def test_a_table_whose_class_column_is_unknown_is_asked_about_before_anything_is_added(database, settings, project):
    path = upload(settings, *(f"part_{number % 2}/{number}.png" for number in range(4)))
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("meta.csv", "image,befund\n0,x\n1,x\n2,y\n3,y\n")
    spec = {"paths": (settings.relative(path),), "remove_uploads": True}
    result = run_ingest(database, settings, project, IngestSpec(**spec))
    assert (result.accepted, list_items(database, project), path.exists()) == (0, [], True)
    assert [column.name for column in result.question.columns] == ["image", "befund"]
    answer = {"meta.csv": TableColumns(file="image", label="befund")}
    assert run_ingest(database, settings, project, IngestSpec(**spec, columns=answer)).accepted == 4
    assert counts(database, project) == {"x": 2, "y": 2}


def test_a_corrected_table_moves_the_images_that_are_there_and_can_be_undone(database, settings, project):
    path = upload(settings, *(f"{number}.png" for number in range(4)))
    table = path.parent / "labels.csv"
    paths = (settings.relative(path), settings.relative(table))
    table.write_text("file,label\n0.png,ants\n1.png,ants\n2.png,bees\n3.png,bees\n")
    run_ingest(database, settings, project, IngestSpec(paths=paths))
    table.write_text("file,label\n0.png,ants\n1.png,wasps\n2.png,bees\n3.png,ants\n")
    result = run_ingest(database, settings, project, IngestSpec(paths=paths))
    assert (result.accepted, result.relabelled) == (0, 2)
    assert {item.name: item.label for item in list_items(database, project)} == {
        "0.png": "ants",
        "1.png": "wasps",
        "2.png": "bees",
        "3.png": "ants",
    }
    edit = last_edit(database, project)
    assert edit.title == "2 images relabelled by a table"
    undo_edit(database, project, edit.id)
    assert {item.name: item.label for item in list_items(database, project)} == {
        "0.png": "ants",
        "1.png": "ants",
        "2.png": "bees",
        "3.png": "bees",
    }


class _RawInfo(zipfile.ZipInfo):
    """An entry whose name is stored in an encoding that it does not declare."""

    def _encodeFilenameFlags(self) -> tuple[bytes, int]:  # noqa: N802 - as in zipfile
        return self.filename.encode("cp852"), self.flag_bits & ~0x800


def test_file_names_of_unknown_encoding_are_shown_before_anything_is_added(database, settings, project):
    path = upload(settings)
    with zipfile.ZipFile(path, "w") as archive:
        for seed, name in enumerate(("Žába/1.png", "Ježek/2.png")):
            info = _RawInfo("x")
            info.filename = name
            archive.writestr(info, picture(seed))
    spec = {"paths": (settings.relative(path),), "remove_uploads": True}
    result = run_ingest(database, settings, project, IngestSpec(**spec))
    assert (result.accepted, list_items(database, project), path.exists()) == (0, [], True)
    assert result.names.archive == "images.zip"
    readings = {one.encoding: one.names for one in result.names.readings}
    assert next(iter(readings)) == "cp437"
    assert readings["cp852"] == ("Žába/1.png", "Ježek/2.png")
    assert run_ingest(database, settings, project, IngestSpec(**spec, name_encoding="cp852")).accepted == 2
    assert counts(database, project) == {"Ježek": 1, "Žába": 1}


def test_a_corrected_table_changes_splits_and_groups_too(database, settings, project):
    path = upload(settings, *(f"{label}/{number}.png" for label in ("ants", "bees") for number in range(2)))
    table = path.parent / "splits.csv"
    paths = (settings.relative(path), settings.relative(table))
    rows = [f"{label}/{number}.png" for label in ("ants", "bees") for number in range(2)]
    table.write_text("file,split,group\n" + "".join(f"{row},train,nest 1\n" for row in rows))
    run_ingest(database, settings, project, IngestSpec(paths=paths))
    before = {item.name: (item.label, item.split, item.group) for item in list_items(database, project)}
    table.write_text(f"file,split,group\n{rows[0]},test,nest 1\n{rows[1]},train,nest 2\n{rows[2]},train,nest 1\n")
    result = run_ingest(database, settings, project, IngestSpec(paths=paths))
    assert (result.accepted, result.relabelled, result.corrected, result.already_present) == (0, 0, 2, 1)
    after = {item.name: (item.label, item.split, item.group) for item in list_items(database, project)}
    assert after == before | {rows[0]: ("ants", "test", "nest 1"), rows[1]: ("ants", "train", "nest 2")}
    edit = last_edit(database, project)
    assert edit.title == "2 images changed by a table"
    undo_edit(database, project, edit.id)
    assert {item.name: (item.label, item.split, item.group) for item in list_items(database, project)} == before


def test_train_and_test_archives_one_after_the_other_keep_their_splits(database, settings, project):
    names = [f"{'ab'[number % 2]}/{number}.png" for number in range(16)]
    train = upload(settings, *(f"train/{name}" for name in names))
    run_ingest(database, settings, project, IngestSpec(paths=(settings.relative(train),)))
    test = train.with_name("test.zip")
    with zipfile.ZipFile(test, "w") as archive:
        for number in range(100, 106):
            archive.writestr(f"test/{'ab'[number % 2]}/{number}.png", picture(number))
    run_ingest(database, settings, project, IngestSpec(paths=(settings.relative(test),)))
    items = list_items(database, project)
    assert {item.name for item in items if item.split == "test"} >= {
        item.name for item in items if item.name.startswith("test/")
    }
    assert all(item.split_fixed for item in items if item.name.startswith("test/"))

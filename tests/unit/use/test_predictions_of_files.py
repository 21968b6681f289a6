"""Predictions are stored once a file, and tables and sorted folders are written from them."""

import contextlib
import csv
import io
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PIL import Image

from core.errors import InputError, WorkspaceError
from core.intake.ingestion import ingest
from core.intake.results import Accepted, Limits
from core.storage.blobs import OriginalStore
from core.use import prediction_store
from core.use.corrections import write_corrections
from core.use.input_files import InputFile
from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction, open_copies
from core.use.prediction_table import COLUMNS, check_table_path, write_table
from core.use.sorted_images import (
    check_sorted_folder,
    sorted_paths,
    write_sorted_folder,
    write_sorted_zip,
)

SURE = StoredPrediction(
    "a/1.jpg", "cat", 0.9, "dog", 0.08, "=cow()", 0.02, False, width=640, height=480, time="2024-05-06T07:08:09",
    camera="Maker X", latitude=-1.5, longitude=2.25, digest="d1",
)  # fmt: skip
UNSURE = StoredPrediction("b/1.jpg", "dog", 0.4, "cat", 0.3, "=cow()", 0.3, False, width=10, height=20, digest="d2")
UNLIKE = StoredPrediction("=2+3.jpg", "cat", 0.99, "dog", 0.01, None, None, True, width=8, height=8, digest="d3")
BROKEN = StoredPrediction("c.jpg", error="The file is empty.")


@pytest.fixture
def store(tmp_path: Path):
    with PredictionStore(tmp_path / "some" / "predictions") as opened:
        opened.add([SURE, UNSURE, UNLIKE, BROKEN])
        yield opened


def test_a_file_has_one_row_and_keeps_it(store: PredictionStore):
    store.add([StoredPrediction("c.jpg", "cat", 1.0)])
    assert list(store.read()) == [SURE, UNSURE, UNLIKE, BROKEN]
    assert (store.has("c.jpg"), store.has("d.jpg")) == (True, False)


def test_rows_survive_the_kill_of_their_process(tmp_path: Path):
    code = (
        "import os, sys; from pathlib import Path;"
        "from core.use.prediction_store import PredictionStore, StoredPrediction;"
        "store = PredictionStore(Path(sys.argv[1])); store.add([StoredPrediction('a'), StoredPrediction('b')]);"
        "os.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "rows")], check=False)
    with PredictionStore(tmp_path / "rows") as store:
        assert [one.file for one in store.read()] == ["a", "b"]


def test_predictions_are_filtered_and_counted(store: PredictionStore):
    def files(**conditions):
        return [one.file for one in store.read(PredictionFilter(**conditions))]

    assert files(final_class="cat") == ["a/1.jpg", "=2+3.jpg"]
    assert files(needs_look_below=0.5) == ["b/1.jpg", "=2+3.jpg"]
    assert files(unreadable=True) == ["c.jpg"]
    assert files(unreadable=False, least_confident_first=True) == ["b/1.jpg", "a/1.jpg", "=2+3.jpg"]
    assert [one.file for one in store.read(start=1, limit=2)] == ["b/1.jpg", "=2+3.jpg"]
    assert store.count(PredictionFilter(needs_look_below=0.95)) == 3
    assert store.count_classes() == {"cat": 2, "dog": 1}


def test_a_correction_counts_and_can_be_taken_back(store: PredictionStore):
    store.correct(["b/1.jpg"], "cow")
    store.correct(["c.jpg"], "cow")  # cannot be read, so there is nothing to correct
    (corrected,) = store.read(PredictionFilter(corrected=True))
    assert (corrected.file, corrected.final_class, corrected.needs_look(0.5)) == ("b/1.jpg", "cow", False)
    assert store.count_classes() == {"cat": 2, "cow": 1}
    store.correct(["b/1.jpg"], "dog")  # as predicted
    assert store.count(PredictionFilter(corrected=True)) == 0


def test_properties_are_read_back(store: PredictionStore):
    assert store.property("threshold") is None
    store.set_property("threshold", 0.75)
    assert store.property("threshold") == 0.75


def test_a_slow_reader_keeps_no_writer_waiting(store: PredictionStore, tmp_path: Path):
    reading = store.read()
    assert next(reading) == SURE
    with PredictionStore(tmp_path / "some" / "predictions") as other:
        other.correct(["b/1.jpg"], "cow")
        other.add([StoredPrediction("d.jpg", "cat", 0.7)])
    assert [one.file for one in reading] == ["b/1.jpg", "=2+3.jpg", "c.jpg"]


def test_all_of_many_predictions_are_read_in_order(store: PredictionStore):
    store.add(StoredPrediction(f"{number}.jpg", "cat", 1 - number / 10_000) for number in range(1200))
    assert [one.file for one in store.read(start=4)] == [f"{number}.jpg" for number in range(1200)]
    least_sure = PredictionFilter(final_class="cat", least_confident_first=True)
    assert [one.file for one in store.read(least_sure, limit=1100)][:2] == ["1199.jpg", "1198.jpg"]


def test_a_store_that_another_process_writes_is_named(
    store: PredictionStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(prediction_store, "WAIT_SECONDS", 0)
    with contextlib.closing(sqlite3.connect(tmp_path / "some" / "predictions")) as other:
        other.execute("BEGIN EXCLUSIVE")
        busy = pytest.raises(WorkspaceError, match=r"^predictions is being written by another process\. Try again")
        with busy, PredictionStore(tmp_path / "some" / "predictions"):
            pass
    store.correct(["b/1.jpg"], "cow")


def test_a_database_of_another_program_is_left_alone(tmp_path: Path):
    with contextlib.closing(sqlite3.connect(tmp_path / "contacts")) as other:
        other.execute("CREATE TABLE people (name TEXT)")
    with pytest.raises(InputError, match=r"contacts holds no predictions\."):
        PredictionStore(tmp_path / "contacts")
    with contextlib.closing(sqlite3.connect(tmp_path / "contacts")) as other:
        assert other.execute("SELECT name FROM sqlite_master").fetchall() == [("people",)]


def test_another_file_is_no_store(tmp_path: Path):
    (tmp_path / "text").write_text("not a database, and long enough to be read as one" * 50)
    with pytest.raises(InputError, match=r"text holds no predictions\. Remove it, or choose another path\."):
        PredictionStore(tmp_path / "text")


def test_the_columns_of_the_csv_are_fixed(store: PredictionStore, tmp_path: Path):
    text = write_table(store, tmp_path / "table.csv", 0.5).read_text(encoding="utf-8")
    header, first, second, third, last = csv.reader(io.StringIO(text))
    assert ",".join(header) == (
        "file,predicted_class,confidence,second_class,second_confidence,third_class,third_confidence,none_of_these,"
        "needs_look,error,width,height,time,camera,latitude,longitude"
    )
    assert first == [
        "a/1.jpg", "cat", "0.9", "dog", "0.08", "'=cow()", "0.02", "false", "false", "", "640", "480",
        "2024-05-06T07:08:09", "Maker X", "-1.5", "2.25",
    ]  # fmt: skip
    assert (second[8], third[0], third[7:9]) == ("true", "'=2+3.jpg", ["true", "true"])
    assert last == ["c.jpg", *[""] * 8, "The file is empty.", *[""] * 6]


def test_corrections_stand_in_a_last_column(store: PredictionStore, tmp_path: Path):
    store.correct(["a/1.jpg"], "dog")
    rows = list(csv.reader(io.StringIO(write_table(store, tmp_path / "table.csv").read_text(encoding="utf-8"))))
    assert (rows[0][-1], rows[1][-1], rows[2][-1]) == ("corrected_class", "dog", "")


def test_excel_holds_the_same_and_computes_nothing(store: PredictionStore, tmp_path: Path):
    book = load_workbook(write_table(store, tmp_path / "table.xlsx", 0.5))
    header, first, _, third, last = book.active.iter_rows()
    assert tuple(cell.value for cell in header) == COLUMNS
    assert [cell.value for cell in first][:9] == ["a/1.jpg", "cat", 0.9, "dog", 0.08, "=cow()", 0.02, False, False]
    assert [first[5].data_type, third[0].data_type, third[0].value] == ["s", "s", "=2+3.jpg"]
    assert third[0].quotePrefix
    assert last[9].value == "The file is empty."


def test_another_suffix_is_no_table(store: PredictionStore, tmp_path: Path):
    with pytest.raises(InputError, match=r"table\.txt is neither \.csv nor \.xlsx\."):
        write_table(store, tmp_path / "table.txt")


def test_a_table_that_no_sheet_can_hold_is_refused_before_it_is_filled():
    check_table_path(Path("table.csv"), 1_048_577)
    check_table_path(Path("table.xlsx"), 1_048_576)
    with pytest.raises(InputError, match=r"holds 1,048,576 rows, and the table has 1,048,577\. Write a \.csv\."):
        check_table_path(Path("table.xlsx"), 1_048_577)


@pytest.fixture
def images(tmp_path: Path) -> dict[str, Path]:
    """The file of each digest."""
    paths = {digest: tmp_path / "files" / digest for digest in ("d1", "d2", "d3")}
    (tmp_path / "files").mkdir()
    for digest, path in paths.items():
        path.write_text(digest)
    return paths


SORTED = {"cat/1.jpg": "d1", "needs a look/1.jpg": "d2", "none of these/=2+3.jpg": "d3"}


def test_images_are_sorted_into_folders(store: PredictionStore, images: dict[str, Path], tmp_path: Path):
    files = [InputFile(one.file, images.get(one.digest)) for one in store.read()]
    assert write_sorted_folder(store, files, tmp_path / "sorted", 0.5) == 3
    found = {path.relative_to(tmp_path / "sorted").as_posix(): path.read_text() for path in tmp_path.glob("sorted/*/*")}
    assert found == SORTED
    assert all(path.exists() for path in images.values())


def test_a_zip_has_the_same_folders_without_seeking(store: PredictionStore, images: dict[str, Path]):
    reader, writer = os.pipe()
    with os.fdopen(reader, "rb") as out, os.fdopen(writer, "wb") as into:
        write_sorted_zip(into, store, 0.5, lambda digest: images[digest])
        into.close()
        archive = zipfile.ZipFile(io.BytesIO(out.read()))
    assert {name: archive.read(name).decode() for name in archive.namelist()} == SORTED


def test_long_names_fit_into_a_file_system(store: PredictionStore, images: dict[str, Path], tmp_path: Path):
    name = "\N{CAT FACE}" * 90
    store.add([StoredPrediction(f"{number}/{name}.jpeg", name, 0.9, digest="d1") for number in range(2)])
    files = [InputFile(one.file, images["d1"]) for one in store.read() if one.predicted_class == name]
    assert write_sorted_folder(store, files, tmp_path / "sorted", 0.5) == 2
    cut = "\N{CAT FACE}" * 50
    assert sorted(path.name for path in (tmp_path / "sorted" / cut).iterdir()) == [f"{cut} 2.jpeg", f"{cut}.jpeg"]


def test_a_correction_decides_on_the_folder(store: PredictionStore, images: dict[str, Path], tmp_path: Path):
    store.correct(["=2+3.jpg"], "..")
    files = [InputFile(one.file, images.get(one.digest)) for one in store.read()]
    write_sorted_folder(store, files, tmp_path / "sorted", 0.0)
    found = {path.relative_to(tmp_path / "sorted").as_posix() for path in tmp_path.glob("sorted/*/*")}
    assert found == {"cat/1.jpg", "dog/1.jpg", "class/=2+3.jpg"}


def test_classes_never_share_a_folder_with_each_other_or_with_the_common_ones(store: PredictionStore):
    names = ("a/b", "a_b", "A_B", "none of these", "Needs a look")
    store.add(StoredPrediction(f"{number}.jpg", name, 0.9) for number, name in enumerate(names))
    folders = [path.partition("/")[0] for one, path in sorted_paths(store, 0.5) if one.predicted_class in names]
    assert folders == ["a_b", "a_b 2", "A_B 3", "none of these 2", "Needs a look 2"]


@pytest.mark.parametrize(
    ("target", "source", "sentence"),
    [
        ("photos/sorted", "photos", "lies in .*photos, whose images are classified"),
        ("photos", "photos", "lies in .*photos, whose images are classified"),
        ("photos", "photos/cat/1.jpg", "1.jpg, which is classified, lies in .*photos"),
        ("link", "photos/cat", "photos/cat, which is classified, lies in .*link"),
        ("filled", "photos", "filled is not empty. Choose an empty folder"),
        ("filled/a.txt", "photos", "a.txt is a file. Choose a folder"),
    ],
)
def test_sorted_copies_overwrite_nothing(tmp_path: Path, target: str, source: str, sentence: str):
    for name in ("photos/cat/1.jpg", "filled/a.txt"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    (tmp_path / "link").symlink_to("photos")
    with pytest.raises(InputError, match=sentence):
        check_sorted_folder(tmp_path / target, [tmp_path / source])


def test_a_sorted_folder_is_continued_at_the_same_threshold_only(
    store: PredictionStore, images: dict[str, Path], tmp_path: Path
):
    target = tmp_path / "sorted"
    files = [InputFile(one.file, images.get(one.digest)) for one in store.read()]
    write_sorted_folder(store, files, target, 0.5)
    check_sorted_folder(target, [tmp_path / "files"], store.property("sorted"), 0.5)
    with pytest.raises(InputError, match="sorted is not empty"):
        check_sorted_folder(target, [tmp_path / "files"], store.property("sorted"), 0.6)


def test_nothing_is_written_through_links(store: PredictionStore, images: dict[str, Path], tmp_path: Path):
    target = tmp_path / "sorted"
    (target / "cat").mkdir(parents=True)
    (tmp_path / "original").write_text("a person's own")
    (target / "cat" / "1.jpg").symlink_to(tmp_path / "original")
    files = [InputFile(one.file, images.get(one.digest)) for one in store.read()]
    write_sorted_folder(store, files, target, 0.5)
    assert ((tmp_path / "original").read_text(), (target / "cat" / "1.jpg").read_text()) == ("a person's own", "d1")
    shutil.rmtree(target / "cat")
    (target / "cat").symlink_to(tmp_path / "files")
    with pytest.raises(InputError, match=r"cat is a link\. Choose an empty folder\."):
        write_sorted_folder(store, files, target, 0.5)


def test_corrected_images_are_taken_in_with_their_class_for_training(store: PredictionStore, tmp_path: Path):
    copies = open_copies(tmp_path / "job")
    for digest, colour in (("d1", "red"), ("d2", "green"), ("d3", "blue")):
        copies.path(digest).parent.mkdir(parents=True, exist_ok=True)
        Image.new("RGB", (20, 20), colour).save(copies.path(digest), "PNG")
    store.correct(["b/1.jpg"], "a new: class")
    store.correct(["=2+3.jpg"], "dog")
    assert write_corrections(store, copies, tmp_path / "corrected") == 2
    taken = OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")
    results = list(ingest(tmp_path / "corrected", taken, limits=Limits(decoders=1)))
    assert [(one.label, one.split) for one in results if isinstance(one, Accepted)] == [
        ("a new: class", "train"),
        ("dog", "train"),
    ]

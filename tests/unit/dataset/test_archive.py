"""A data set that was taken out is a plain zip, and nothing that a name says leads out of it."""

import csv
import io
import zipfile

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from core.catalog.items import Item
from core.dataset.archive import COLUMNS, write_archive
from core.errors import RunStopped, WorkspaceError
from core.intake.file_names import is_ignored, split_path
from core.intake.matching import EXACT, Match, NameIndex
from core.intake.table import read_table
from core.storage.blobs import OriginalStore


def item(number: int, name: str, label: str | None, **changes) -> Item:
    values = {"split": "train", "split_fixed": False, "excluded": False, "group": None} | changes
    facts = {"width": 4, "height": 3, "size_bytes": 1, "brightness": 0, "contrast": 0, "sharpness": 0, "dhash": "0"}
    return Item(id=str(number), digest=f"{number:064x}", name=name, label_id=label, label=label, **values, **facts)


@pytest.fixture
def store(tmp_path):
    store = OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")
    for number in range(20):
        path = store.path(f"{number:064x}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"%d" % number)
    return store


def written(tmp_path, store, items):
    result = write_archive("Ants & bees", items, store, tmp_path / "out" / "set.zip")
    with zipfile.ZipFile(result.path) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    return result, files


def test_a_folder_a_class_and_a_table(tmp_path, store):
    items = [
        item(1, "photos/ants/a.jpg", "ants", group="plant 7", split="test", split_fixed=True),
        item(2, "b/a.jpg", "ants", excluded=True, split=None),
        item(3, "c.png", None),
    ]
    _, files = written(tmp_path, store, items)
    table = files.pop("Ants & bees/labels.csv")
    assert files == {
        "Ants & bees/ants/a.jpg": b"1",
        "Ants & bees/ants/a 2.jpg": b"2",
        "Ants & bees/no class/c.png": b"3",
    }
    rows = list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline="")))
    assert rows == [
        list(COLUMNS),
        ["ants/a.jpg", "ants", "test", "yes", "plant 7", "no", "photos/ants/a.jpg", f"{1:064x}"],
        ["ants/a 2.jpg", "ants", "", "no", "", "yes", "b/a.jpg", f"{2:064x}"],
        ["no class/c.png", "", "train", "no", "", "no", "c.png", f"{3:064x}"],
    ]


@pytest.mark.parametrize(
    "label", ["../up", "/etc", "C:\\x", "..", "CON", ".hidden", "a/b", "a\x00b", "x" * 300, " . ", "__MACOSX"]
)
def test_a_name_leads_nowhere_and_is_no_hidden_file(tmp_path, store, label):
    _, files = written(tmp_path, store, [item(1, f"{label}.jpg", label)])
    for name in files:
        parts = split_path(name)
        assert parts is not None
        assert len(parts) <= 3
        assert not is_ignored(parts)


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.text(min_size=1, max_size=12), st.text(max_size=12)), min_size=1, max_size=12))
def test_every_row_of_the_table_finds_its_own_file(tmp_path, store, names):
    items = [item(number, f"{name}.jpg", label) for number, (label, name) in enumerate(names)]
    _, files = written(tmp_path, store, items)
    at = [split_path(name) for name in files]
    index, folder = NameIndex(dict(enumerate(at))), at[-1][:-1]
    found = [index.find(row[0], folder) for row in read_table(files["Ants & bees/labels.csv"]).rows]
    assert found == [Match(number, EXACT) for number in range(len(items))]
    assert list(files.values())[:-1] == [b"%d" % number for number in range(len(items))]


def test_an_image_whose_file_is_gone_is_told(tmp_path, store):
    result, files = written(tmp_path, store, [item(1, "a.jpg", "ants"), item(99, "gone.jpg", "ants")])
    assert (result.images, result.missing, len(files)) == (1, ("gone.jpg",), 2)


def test_a_stop_leaves_nothing(tmp_path, store):
    with pytest.raises(RunStopped, match="Packing the images was stopped"):
        write_archive("set", [item(1, "a.jpg", "ants")], store, tmp_path / "out" / "set.zip", should_stop=lambda: True)
    assert list((tmp_path / "out").iterdir()) == []


def test_a_disk_that_cannot_be_written_is_told(tmp_path, store):
    (tmp_path / "out").write_text("a file where a folder should be")
    with pytest.raises(WorkspaceError, match="cannot be written"):
        write_archive("set", [item(1, "a.jpg", "ants")], store, tmp_path / "out" / "set.zip")

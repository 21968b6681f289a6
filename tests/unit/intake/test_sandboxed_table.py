"""Tables are read in a child process with limits, and only so many of them."""

import psutil
import pytest
from intake_files import accepted_and_rejected, picture, zipped

from core.intake import rejection_messages, sandboxed_table
from core.intake.sandboxed_table import TableReader
from core.intake.table import Table, TableError
from core.sandbox import SandboxLimits

CSV = b"file,label\n1.png,ants\n"


def test_a_table_is_read_by_a_child_that_ends_with_its_reader():
    before = set(psutil.Process().children())
    with TableReader() as reader:
        assert reader.read(CSV) == Table(("file", "label"), [["1.png", "ants"]])
        many = reader.read(b"file,label\n" + b"".join(b"%d.png,ants\n" % number for number in range(2500)))
        assert (len(many.rows), many.rows[-1]) == (2500, ["2499.png", "ants"])
        with pytest.raises(TableError, match=r"^The table is empty\."):
            reader.read(b"\n\n")
        assert len(set(psutil.Process().children()) - before) == 1
    assert set(psutil.Process().children()) <= before


def test_a_table_that_takes_too_much_time_is_rejected_and_the_next_one_is_read(monkeypatch):
    with TableReader() as reader:
        with monkeypatch.context() as patch:
            patch.setattr(sandboxed_table, "LIMITS", SandboxLimits(seconds=0.05, memory_bytes=1 << 29))
            with pytest.raises(TableError, match=r"^The table is too large"):
                reader.read(b"file,label\n" + b"1.png,ants\n" * 500_000)
        assert reader.read(CSV).rows == [["1.png", "ants"]]


@pytest.mark.parametrize(("limit", "most"), [("MAX_TABLES", 2), ("MAX_BYTES", 2 * len(CSV) + 4)])
def test_more_tables_than_are_read_are_rejected(limit, most, tmp_path, store, monkeypatch):
    monkeypatch.setattr(sandboxed_table, limit, most)
    tables = {f"{name}.csv": CSV.replace(b"ants", name.encode()) for name in ("1st", "2nd", "3rd")}
    _, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", {"1.png": picture(1), **tables}), store)
    assert set(rejected) == {"3rd.csv"}
    limits = {"tables": sandboxed_table.MAX_TABLES, "megabytes": sandboxed_table.MAX_BYTES // 1000**2}
    assert rejected["3rd.csv"] == rejection_messages.TOO_MANY_TABLES.format(**limits)


def test_a_table_in_each_of_43_folders_is_read(tmp_path, store):
    files = {}
    for number in range(43):
        folder = f"Images/{number:05}"
        files[f"{folder}/00000.png"] = picture(number)
        files[f"{folder}/GT-{number:05}.csv"] = f"Filename;Width;ClassId\n00000.png;30;{number}\n".encode()
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert not rejected
    assert {one.label for one in accepted.values()} == {str(number) for number in range(43)}

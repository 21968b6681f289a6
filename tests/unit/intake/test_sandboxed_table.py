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


def test_more_tables_than_are_read_are_rejected(tmp_path, store, monkeypatch):
    monkeypatch.setattr(sandboxed_table, "MAX_TABLES", 2)
    tables = {f"{name}.csv": CSV.replace(b"ants", name.encode()) for name in ("first", "second", "third")}
    _, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", {"1.png": picture(1), **tables}), store)
    assert rejected["third.csv"] == rejection_messages.TOO_MANY_TABLES.format(tables=2)

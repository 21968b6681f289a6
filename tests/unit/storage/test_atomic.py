"""A file or folder appears complete or not at all, whoever is killed when."""

import errno
import os
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from core.errors import WorkspaceError
from core.storage.atomic import atomic_path, write_atomic

DAY = 24 * 3600


def fail(_: Path) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def killed_while_writing(target: Path, *, shared: bool) -> None:
    """A process that writes half of a file and dies."""
    code = textwrap.dedent("""
        import os, sys
        from pathlib import Path
        from core.storage.atomic import write_atomic

        def fill(part):
            part.write_text("half")
            os._exit(9)

        write_atomic(Path(sys.argv[1]), fill, shared=sys.argv[2] == "True")
    """)
    assert subprocess.run([sys.executable, "-c", code, str(target), str(shared)], check=False).returncode == 9


@pytest.mark.parametrize("shared", [False, True])
def test_a_file_is_written_into_a_new_folder_and_replaced(tmp_path: Path, shared: bool):
    target = tmp_path / "new" / "file.json"
    for text in ("first", "second"):
        assert write_atomic(target, lambda part, text=text: part.write_text(text), shared=shared) == target
        assert target.read_text() == text
    assert list(target.parent.iterdir()) == [target]


def test_the_part_has_the_targets_suffix(tmp_path: Path):
    for shared in (False, True):
        with atomic_path(tmp_path / "model.keras", shared=shared) as part:
            assert part.suffix == ".keras"
            part.touch()


def test_a_folder_appears_complete(tmp_path: Path):
    with atomic_path(tmp_path / "network") as part:
        part.mkdir()
        (part / "weights").write_text("w")
        assert not (tmp_path / "network").exists()
    assert (tmp_path / "network" / "weights").read_text() == "w"


@pytest.mark.parametrize("shared", [False, True])
def test_a_full_disk_keeps_the_old_file_and_leaves_no_part(tmp_path: Path, shared: bool):
    target = tmp_path / "file"
    target.write_text("old")
    with pytest.raises(WorkspaceError, match="The disk is full"):
        write_atomic(target, fail, shared=shared)
    assert target.read_text() == "old"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("shared", [False, True])
def test_a_killed_writer_leaves_the_old_file(tmp_path: Path, shared: bool):
    target = tmp_path / "file"
    target.write_text("old")
    killed_while_writing(target, shared=shared)
    assert target.read_text() == "old"


def test_the_next_writer_overwrites_the_part_of_a_killed_one(tmp_path: Path):
    target = tmp_path / "file"
    killed_while_writing(target, shared=False)
    write_atomic(target, lambda part: part.write_text("new"))
    assert list(tmp_path.iterdir()) == [target]


def test_two_writers_of_a_shared_target_do_not_disturb_each_other(tmp_path: Path):
    target = tmp_path / "file"
    with atomic_path(target, shared=True) as slow:
        slow.write_text("slow")
        write_atomic(target, lambda part: part.write_text("fast"), shared=True)
        assert target.read_text() == "fast"
    assert target.read_text() == "slow"


def test_parts_of_killed_writers_of_a_shared_target_go_after_a_day(tmp_path: Path):
    killed_while_writing(tmp_path / "old", shared=True)
    (old,) = tmp_path.iterdir()
    os.utime(old, (time.time() - DAY - 60,) * 2)
    killed_while_writing(tmp_path / "young", shared=True)
    (young,) = tmp_path.iterdir()
    assert young != old

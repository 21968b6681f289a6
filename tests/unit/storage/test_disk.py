"""What the disk refuses is said in a sentence with what to do."""

import errno
from pathlib import Path

import pytest

from core.errors import WorkspaceError
from core.storage.disk import check_free_space, describe_disk_errors


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_called_full(number: int):
    with pytest.raises(WorkspaceError) as error, describe_disk_errors("The report", "Delete runs."):
        raise OSError(number, "full")
    assert str(error.value) == "The disk is full: The report cannot be written. Delete runs."


def test_another_error_keeps_its_reason():
    with pytest.raises(WorkspaceError) as error, describe_disk_errors("The report"):
        raise PermissionError(errno.EACCES, "Permission denied")
    assert error.value.sentence == "The report cannot be written: Permission denied."
    assert "workspace" in error.value.hint


def test_an_upload_leaves_some_space_free(tmp_path: Path):
    check_free_space(tmp_path / "new" / "folder", 0)
    with pytest.raises(
        WorkspaceError, match=r"The disk has [\d.]+ GB free, too little for these 1000000\.0 GB"
    ) as error:
        check_free_space(tmp_path / "new" / "folder", 10**15)
    assert "Free some space" in error.value.hint
    assert not (tmp_path / "new").exists()

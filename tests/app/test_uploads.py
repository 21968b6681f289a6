"""Uploaded files on their way to the disk."""

import errno
import shutil
from pathlib import Path

import pytest
from streamlit.proto.Common_pb2 import FileURLs
from streamlit.runtime.uploaded_file_manager import UploadedFile, UploadedFileRec

from core.errors import WorkspaceError
from core.storage import disk
from pages.shared import uploads


@pytest.fixture(autouse=True)
def _workspace(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(uploads, "settings", lambda: settings)


def _file(name: str, data: bytes = b"bytes") -> UploadedFile:
    return UploadedFile(UploadedFileRec(name, name, "image/jpeg", data), FileURLs())


def test_a_file_of_a_folder_keeps_its_folders(settings):
    folder = uploads.move_to_disk("x", [_file("birds/wrens/1.jpg"), _file("birds/robins/1.jpg", b"other")])
    assert folder.is_relative_to(settings.uploads)
    assert (folder / "birds/wrens/1.jpg").read_bytes() == b"bytes"
    assert (folder / "birds/robins/1.jpg").read_bytes() == b"other"


@pytest.mark.parametrize("name", ["../../evil.jpg", "/etc/evil.jpg", "..\\evil.jpg", "a/../../evil.jpg", "..", "", "/"])
def test_no_name_leads_out_of_the_folder(name, settings):
    folder = uploads.move_to_disk("x", [_file(name)])
    written = [path for path in settings.workspace.rglob("*") if path.is_file()]
    assert len(written) == 1
    assert written[0].is_relative_to(folder)


def test_two_files_of_one_name_are_both_kept():
    folder = uploads.move_to_disk("x", [_file("1.jpg"), _file("1.jpg", b"other")])
    assert sorted(path.read_bytes() for path in folder.rglob("*") if path.is_file()) == [b"bytes", b"other"]


def test_a_full_disk_is_one_sentence_and_leaves_nothing(settings, monkeypatch: pytest.MonkeyPatch):
    def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(WorkspaceError, match="The files could not be stored: No space left on device"):
        uploads.move_to_disk("x", [_file("1.jpg")])
    assert [path for path in Path(settings.uploads).rglob("*") if path.is_file()] == []


def test_an_upload_that_would_fill_the_disk_is_refused_before_it_is_written(settings, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 10**18)
    with pytest.raises(WorkspaceError, match=r"The disk has .* GB free, too little"):
        uploads.move_to_disk("x", [_file("1.jpg")])
    assert not settings.uploads.exists()

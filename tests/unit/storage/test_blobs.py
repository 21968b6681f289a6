"""A file comes to its place whole or not at all."""

import errno
import os
import shutil
from pathlib import Path

import pytest

from core.errors import WorkspaceError
from core.storage.blobs import OriginalStore

DIGEST = "ab" + "0" * 62


@pytest.fixture
def store(tmp_path):
    return OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")


@pytest.fixture
def upload(tmp_path):
    path = tmp_path / "upload"
    path.write_bytes(b"image")
    return path


def full(*_):
    raise OSError(errno.ENOSPC, "No space left on device")


def test_a_file_lies_under_its_digest(store, upload):
    assert not store.has(DIGEST)
    assert store.put_file(upload, DIGEST) == store.path(DIGEST) == store.originals / "ab" / DIGEST
    assert store.has(DIGEST)
    assert store.path(DIGEST).read_bytes() == b"image"


def test_a_file_is_copied_unless_it_may_be_moved(store, upload):
    store.put_file(upload, DIGEST)
    assert upload.exists()
    store.put_file(upload, DIGEST, move=True)
    assert not upload.exists()


def test_a_thumbnail_lies_beside_it(store):
    store.put_thumbnail(DIGEST, b"jpeg")
    assert store.thumbnail_path(DIGEST) == store.thumbnails / "ab" / f"{DIGEST}.jpg"
    assert store.thumbnail_path(DIGEST).read_bytes() == b"jpeg"


def test_removing_takes_both_and_may_be_repeated(store, upload):
    store.put_file(upload, DIGEST)
    store.put_thumbnail(DIGEST, b"jpeg")
    for _ in range(2):
        store.remove(DIGEST)
    assert not store.has(DIGEST)
    assert not store.thumbnail_path(DIGEST).exists()


def test_a_full_disk_leaves_nothing_half_written(store, upload, monkeypatch):
    monkeypatch.setattr(shutil, "copyfile", full)
    with pytest.raises(WorkspaceError, match=r"The disk is full: .* cannot be written") as error:
        store.put_file(upload, DIGEST)
    assert "Free some space" in error.value.hint
    assert list((store.originals / "ab").iterdir()) == []


def test_a_full_disk_keeps_the_thumbnail_that_was_there(store, monkeypatch):
    store.put_thumbnail(DIGEST, b"old")
    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(WorkspaceError):
        store.put_thumbnail(DIGEST, b"new")
    assert store.thumbnail_path(DIGEST).read_bytes() == b"old"


def test_a_workspace_that_cannot_be_written_is_said_in_a_sentence(tmp_path, upload):
    (tmp_path / "file").write_text("in the way")
    store = OriginalStore(tmp_path / "file" / "originals", tmp_path / "file" / "thumbnails")
    for action in (lambda: store.put_file(upload, DIGEST), store.scratch, lambda: store.put_thumbnail(DIGEST, b"x")):
        with pytest.raises(WorkspaceError, match="cannot be written: Not a directory") as error:
            action()
        assert "workspace" in error.value.hint


def test_scratch_files_go_after_a_day(store):
    young, old = store.scratch() / "young", store.scratch() / "old"
    for path in (young, old):
        path.write_bytes(b"x")
    os.utime(old, (0, 0))
    assert list(store.scratch().iterdir()) == [young]

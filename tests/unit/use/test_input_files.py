"""Every file that may be an image is listed once, and one that cannot be read has its reason."""

import zipfile
from pathlib import Path

import pytest

from core.errors import ImageError
from core.use.input_files import InputFiles


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("photos/b/2.JPG", "photos/a/1.png", "photos/raw.cr2", "photos/clip.mp4", "photos/notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "photos" / ".hidden.png").write_bytes(b"hidden")
    with zipfile.ZipFile(tmp_path / "more.zip", "w") as archive:
        archive.writestr("c/3.webp", b"third")
        archive.writestr("../4.png", b"fourth")
        archive.writestr("labels.csv", b"file,label")
    return tmp_path


def test_folders_and_archives_are_listed_with_all_folders_below(folder: Path):
    with InputFiles([folder / "photos", folder / "more.zip"], root=folder) as files:
        read = [(file.name, file.path.read_bytes() if file.path else file.rejection) for file in files.read()]
        assert len(files) == len(read)
    assert read == [
        ("photos/clip.mp4", b"photos/clip.mp4"),
        ("photos/raw.cr2", b"photos/raw.cr2"),
        ("photos/a/1.png", b"photos/a/1.png"),
        ("photos/b/2.JPG", b"photos/b/2.JPG"),
        ("more.zip/../4.png", "Its path leads out of the archive."),
        ("more.zip/c/3.webp", b"third"),
    ]


def test_files_that_are_done_are_not_read_again(folder: Path):
    done = {"photos/raw.cr2", "photos/a/1.png", "more.zip/../4.png"}
    with InputFiles([folder / "photos", folder / "more.zip"], root=folder) as files:
        assert [file.name for file in files.read(done.__contains__)] == [
            "photos/clip.mp4",
            "photos/b/2.JPG",
            "more.zip/c/3.webp",
        ]


def test_a_single_file_is_listed_whatever_its_name_and_once(folder: Path):
    notes = folder / "photos" / "notes.txt"
    with InputFiles([notes, notes]) as files:
        assert [(file.name, file.path) for file in files.read()] == [(notes.as_posix(), notes)]


def test_a_missing_file_and_a_broken_archive_have_a_reason(folder: Path):
    (folder / "broken.zip").write_bytes(b"PK\x03\x04 no zip")
    with InputFiles([folder / "none.png", folder / "broken.zip"], root=folder) as files:
        reasons = {file.name: file.rejection for file in files.read()}
    assert reasons["none.png"] == "The file no longer exists or cannot be read."
    assert reasons["broken.zip"].startswith("broken.zip is damaged or cut off.")


def test_files_of_one_name_get_a_number_before_their_suffix(folder: Path):
    same = [folder / "photos" / "a" / "1.png", folder / "photos" / "a" / ".." / "a" / "1.png"]
    with InputFiles([folder / "photos", *same], root=folder) as files:
        names = [file.name for file in files.read()]
    assert names[-2:] == ["photos/a/1 (2).png", "photos/a/../a/1.png"]


def test_paths_without_images_are_named_unless_others_have_some(folder: Path):
    (folder / "empty").mkdir()
    with zipfile.ZipFile(folder / "text.zip", "w") as archive:
        archive.writestr("notes.txt", b"no image")
    empty = [folder / "empty", folder / "text.zip"]
    named = r"^There is no image in the folder empty or the archive text\.zip\. Name another one\.$"
    with pytest.raises(ImageError, match=named):
        InputFiles(empty, root=folder)
    with InputFiles([*empty, folder / "more.zip"], root=folder) as files:
        reasons = {file.name: file.rejection for file in files.read()}
    assert reasons["empty"] == reasons["text.zip"] == "There is no image in it."
    assert reasons["more.zip/c/3.webp"] == ""


def test_an_upload_without_images_is_said(tmp_path: Path):
    with pytest.raises(ImageError, match=r"^There is no image in the upload\."):
        InputFiles([tmp_path], root=tmp_path)


def test_other_files_beside_an_archive_get_no_row(tmp_path: Path):
    (tmp_path / "notes.txt").write_text("no image")
    with zipfile.ZipFile(tmp_path / "images.zip", "w") as archive:
        archive.writestr("1.png", b"first")
    with InputFiles([tmp_path / "images.zip", tmp_path], root=tmp_path) as files:
        assert [file.name for file in files.read()] == ["images.zip/1.png"]


def test_unpacked_files_are_removed(folder: Path):
    with InputFiles([folder / "more.zip"]) as files:
        paths = [file.path for file in files.read() if file.path]
    assert not any(path.exists() for path in paths)

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
        assert [name for name, _ in read] == list(files.names())
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
        assert {file.name for file in files.read(done.__contains__)} == set(files.names()) - done


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


def test_a_folder_without_images_is_named(tmp_path: Path):
    with pytest.raises(ImageError, match=r"There is no image in the folder .*\. Name another one\."):
        InputFiles([tmp_path])


def test_unpacked_files_are_removed(folder: Path):
    with InputFiles([folder / "more.zip"]) as files:
        paths = [file.path for file in files.read() if file.path]
    assert not any(path.exists() for path in paths)

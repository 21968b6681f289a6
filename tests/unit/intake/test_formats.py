"""One list of suffixes for all upload boxes, the layout and the command line."""

from pathlib import PurePosixPath

import pillow_heif
import pytest
from hypothesis import given
from hypothesis import strategies as st
from intake_files import accepted_and_rejected, picture, tarred, zipped
from PIL import Image

from core.intake.decode_rgb import FORMATS
from core.intake.formats import ARCHIVE_UPLOADS, IMAGE_SUFFIXES, is_image_name, suffix_of


def test_every_suffix_of_a_format_that_is_read_is_in_the_list():
    Image.init()
    pillow_heif.register_heif_opener()
    known = {suffix for suffix, name in Image.registered_extensions().items() if name in FORMATS}
    assert known - set(IMAGE_SUFFIXES) == set()


@pytest.mark.parametrize("suffix", ["jfif", "jpe", "JPG", "mpo"])
def test_rare_suffixes_of_photographs(tmp_path, store, suffix):
    files = {f"a/1.{suffix}": picture(1, "jpg"), "b/2.jpg": picture(2, "jpg"), "c/readme.txt": b"words"}
    accepted, _ = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert {name: one.label for name, one in accepted.items()} == {f"a/1.{suffix}": "a", "b/2.jpg": "b"}


@pytest.mark.parametrize("name", ["a.tar.xz", "a.tar.bz2", "a.txz", "a.tbz2", "a.tgz"])
def test_compressed_tars_can_be_uploaded(tmp_path, store, name):
    mode = {"z2": "w:bz2", "xz": "w:xz", "gz": "w:gz"}[name[-2:]]
    accepted, _ = accepted_and_rejected(tarred(tmp_path / name, {"a/1.png": picture(1)}, mode), store)
    assert name.rpartition(".")[2] in ARCHIVE_UPLOADS
    assert len(accepted) == 1


def test_a_project_file_of_teachable_machine_is_an_archive(tmp_path, store):
    files = {f"Class {n}-samples/0.png": picture(n) for n in (1, 2)}
    accepted, _ = accepted_and_rejected(zipped(tmp_path / "project.tm", files), store)
    assert {one.label for one in accepted.values()} == {"Class 1", "Class 2"}


@given(st.lists(st.text("ab./", max_size=6)).map("".join).filter(lambda name: name and not name.endswith("/")))
def test_suffixes_are_those_of_pathlib(name):
    assert suffix_of(name) == PurePosixPath("x/" + name.rpartition("/")[2]).suffix
    assert is_image_name(f"{name}.JPG") or name.endswith((".", "/"))

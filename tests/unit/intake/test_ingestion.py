"""Every file of a source is accepted or rejected once, with its class."""

import errno
import hashlib
import os
import sys
from pathlib import Path

import pytest
from intake_files import ONE, accepted_and_rejected, files_below, picture, tarred, zipped
from PIL import Image

from core.errors import ArchiveError
from core.intake import rejection_messages
from core.intake.ingestion import ingest


def test_an_image_of_a_zip_is_stored_under_its_digest(tmp_path, store):
    data = picture(1, suffix="jpg", size=(300, 200))
    accepted, _ = accepted_and_rejected(
        zipped(tmp_path / "a.zip", {"ants/1.jpg": data, "bees/2.jpg": picture(2)}), store
    )
    one = accepted["ants/1.jpg"]
    assert (one.label, one.split, one.group, one.width, one.height) == ("ants", None, None, 300, 200)
    assert (one.format, one.size_bytes, one.digest) == ("JPEG", len(data), hashlib.sha256(data).hexdigest())
    assert store.path(one.digest).read_bytes() == data
    with Image.open(store.thumbnail_path(one.digest)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("JPEG", (256, 171))


def test_a_jpeg_without_its_last_bytes_is_accepted_with_a_note(tmp_path, store):
    data = picture(1, suffix="jpg", size=(300, 200))
    accepted, rejected = accepted_and_rejected(
        zipped(tmp_path / "a.zip", {"ants/1.jpg": data[:-2], "ants/2.jpg": picture(2)}), store
    )
    assert {name: one.note for name, one in accepted.items()} == {
        "ants/1.jpg": rejection_messages.LACKS_END,
        "ants/2.jpg": "",
    }
    assert not rejected
    assert store.path(accepted["ants/1.jpg"].digest).read_bytes() == data[:-2]


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz"])
def test_tars_are_accepted(tmp_path, store, name):
    mode = {".tar": "w"}.get(Path(name).suffix, f"w:{Path(name).suffix[1:]}")
    files = {f"set/{label}/{seed}.png": picture(seed) for seed, label in enumerate(["ants", "bees", "ants"])}
    accepted, rejected = accepted_and_rejected(tarred(tmp_path / name, files, mode), store)
    assert {name: one.label for name, one in accepted.items()} == {name: name.split("/")[1] for name in files}
    assert rejected == {}


def test_a_folder_is_accepted_and_left_as_it_was(tmp_path, store):
    for seed, name in enumerate(["train/ants/1.png", "train/bees/2.png", "val/ants/3.png", "test/bees/4.png"]):
        path = tmp_path / "set" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(picture(seed))
    before = files_below(tmp_path / "set")
    accepted, _ = accepted_and_rejected(tmp_path / "set", store)
    assert {name: (one.label, one.split) for name, one in accepted.items()} == {
        "train/ants/1.png": ("ants", "train"),
        "train/bees/2.png": ("bees", "train"),
        "val/ants/3.png": ("ants", "validation"),
        "test/bees/4.png": ("bees", "test"),
    }
    assert files_below(tmp_path / "set") == before


def test_single_files_get_the_given_class(tmp_path, store):
    paths = [tmp_path / "1.png", tmp_path / "2.png"]
    for seed, path in enumerate(paths):
        path.write_bytes(picture(seed))
    accepted, _ = accepted_and_rejected(paths, store, label="ants")
    assert {name: one.label for name, one in accepted.items()} == {"1.png": "ants", "2.png": "ants"}


def test_a_given_class_does_not_replace_a_folders(tmp_path, store):
    source = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "bees/2.png": picture(2), "3.png": picture(3)})
    accepted, _ = accepted_and_rejected(source, store, label="wasps")
    assert [one.label for one in accepted.values()] == ["ants", "bees", "wasps"]


def test_several_sources_at_once(tmp_path, store):
    (tmp_path / "3.png").write_bytes(picture(3))
    sources = [
        zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "bees/2.png": picture(2)}),
        tmp_path / "3.png",
        zipped(tmp_path / "empty.zip", {}),
    ]
    accepted, rejected = accepted_and_rejected(sources, store)
    assert set(accepted) == {"ants/1.png", "bees/2.png", "3.png"}
    assert rejected == {"empty.zip": "empty.zip is empty."}


def test_a_table_gives_classes_splits_and_groups(tmp_path, store):
    table = "file,label,split,group\n1.png,ants,test,p1\n2.png,bees,,\n9.png,bees,,\n"
    files = {"images/1.png": picture(1), "images/2.png": picture(2), "labels.csv": table}
    for source in (zipped(tmp_path / "a.zip", files), _tar_with_text(tmp_path / "a.tgz", files)):
        accepted, rejected = accepted_and_rejected(source, store)
        assert {name: (one.label, one.split, one.group) for name, one in accepted.items()} == {
            "images/1.png": ("ants", "test", "p1"),
            "images/2.png": ("bees", None, None),
        }
        assert rejected == {"9.png": rejection_messages.NAMED_BUT_NOT_THERE}


def _tar_with_text(path, files):
    return tarred(path, {name: data.encode() if isinstance(data, str) else data for name, data in files.items()})


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        (b"a,b\n7,8\n", rejection_messages.TABLE_WITHOUT_FILE.format(columns="a, b")),
        (b"file,label\n\0\0", rejection_messages.TABLE_UNREADABLE),
    ],
)
def test_a_table_about_other_things_is_rejected_and_the_folders_count(tmp_path, store, table, reason):
    files = {"ants/1.png": picture(1), "bees/2.png": picture(2), "notes.csv": table}
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert [one.label for one in accepted.values()] == ["ants", "bees"]
    assert rejected == {"notes.csv": reason}


def test_hidden_files_are_passed_over(tmp_path, store):
    files = {"ants/1.png": picture(1), "__MACOSX/ants/._1.png": b"x", ".DS_Store": b"x", "ants/Thumbs.db": b"x"}
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert set(accepted) == {"ants/1.png"}
    assert rejected == {}


@pytest.mark.parametrize("label", ["قطط", "猫", "🐝🐜", "Ängste"])
def test_names_of_any_script_come_through(tmp_path, store, label):
    files = {f"{label}/{label}.png": picture(1), "x/2.png": picture(2)}
    for source in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "a.tgz", files)):
        accepted, _ = accepted_and_rejected(source, store)
        assert accepted[f"{label}/{label}.png"].label == label


def test_a_name_that_an_old_program_wrote_without_saying_how_is_recovered(tmp_path, store):
    path = zipped(tmp_path / "a.zip", {"????/1.png": picture(1), "x/2.png": picture(2)})
    path.write_bytes(path.read_bytes().replace(b"????", "猫咪".encode("gb2312")))
    accepted, _ = accepted_and_rejected(path, store)
    assert accepted["猫咪/1.png"].label == "猫咪"


@pytest.mark.skipif(sys.platform != "linux", reason="only here can a name be no text")
def test_a_file_name_that_is_no_unicode_can_be_shown(tmp_path, store):
    folder = tmp_path / "set" / "ants"
    folder.mkdir(parents=True)
    Path(os.fsdecode(os.fsencode(folder) + b"/M\x81ller.png")).write_bytes(picture(1))
    accepted, _ = accepted_and_rejected(tmp_path / "set", store)
    assert list(accepted) == ["ants/Müller.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no links and pipes")
def test_links_to_files_of_a_folder_are_followed_and_others_are_not(tmp_path, store):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "1.png").write_bytes(picture(1))
    ants = tmp_path / "set" / "ants"
    ants.mkdir(parents=True)
    (ants / "1.png").symlink_to(tmp_path / "elsewhere" / "1.png")
    (ants / "gone.png").symlink_to(tmp_path / "nowhere")
    (ants / "loop").symlink_to(tmp_path / "set")
    os.mkfifo(ants / "pipe.png")
    accepted, rejected = accepted_and_rejected(tmp_path / "set", store)
    assert set(accepted) == {"ants/1.png"}
    assert rejected == {
        "ants/gone.png": rejection_messages.LINK,
        "ants/loop": rejection_messages.LINK,
        "ants/pipe.png": rejection_messages.NOT_A_FILE,
    }


def test_files_that_are_no_images_are_rejected(tmp_path, store):
    files = {"ants/1.png": picture(1), "ants/readme.txt": b"words", "ants/2.jpg": b"words", "ants/3.png": b""}
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert set(accepted) == {"ants/1.png"}
    assert rejected == {
        "ants/readme.txt": rejection_messages.NOT_AN_IMAGE,
        "ants/2.jpg": rejection_messages.NOT_AN_IMAGE,
        "ants/3.png": rejection_messages.EMPTY,
    }


def test_a_zip_without_images_rejects_each_file(tmp_path, store):
    accepted, rejected = accepted_and_rejected(
        zipped(tmp_path / "a.zip", {"a.txt": b"words", "b.txt": b"other"}), store
    )
    assert accepted == {}
    assert len(rejected) == 2


def test_the_same_file_twice_in_a_class_is_accepted_once(tmp_path, store):
    files = {"ants/1.png": picture(1), "ants/2.png": picture(1), "bees/3.png": picture(1)}
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert set(accepted) == {"ants/1.png", "bees/3.png"}
    assert rejected == {"ants/2.png": rejection_messages.SAME_FILE.format(name="ants/1.png")}


def test_the_same_broken_file_twice_is_rejected_twice_with_its_reason(tmp_path, store):
    _, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", {"ants/1.png": b"x", "ants/2.png": b"x"}), store)
    assert set(rejected.values()) == {rejection_messages.NOT_AN_IMAGE}


def test_known_digests_are_not_accepted_again(tmp_path, store):
    source = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "bees/2.png": picture(2)})
    known = {hashlib.sha256(picture(1)).hexdigest()}
    accepted, rejected = accepted_and_rejected(source, store, known=known)
    assert set(accepted) == {"bees/2.png"}
    assert rejected == {"ants/1.png": rejection_messages.ALREADY_THERE}


def test_a_known_image_can_be_accepted_into_another_class(tmp_path, store):
    source = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "bees/1.png": picture(1)})
    known = {(hashlib.sha256(picture(1)).hexdigest(), "ants"): "photo.png"}
    accepted, rejected = accepted_and_rejected(source, store, known=known)
    assert set(accepted) == {"bees/1.png"}
    assert rejected == {"ants/1.png": rejection_messages.SAME_FILE.format(name="photo.png")}


def test_a_source_that_is_not_there(tmp_path, store):
    with pytest.raises(ArchiveError, match=r"gone\.zip cannot be read: No such file or directory\."):
        list(ingest(tmp_path / "gone.zip", store))


def test_a_folder_that_may_not_be_read(tmp_path, store, monkeypatch):
    def forbidden(_):
        raise PermissionError(errno.EACCES, "Permission denied")

    (tmp_path / "set").mkdir()
    monkeypatch.setattr(os, "scandir", forbidden)
    with pytest.raises(ArchiveError, match=r"The folder set cannot be read: Permission denied\."):
        list(ingest(tmp_path / "set", store))


def test_progress_counts_every_file(tmp_path, store):
    steps = []
    files = {"ants/1.png": picture(1), "ants/2.png": b"x", "../3.png": b"x"}
    list(ingest(zipped(tmp_path / "a.zip", files), store, limits=ONE, on_progress=lambda *step: steps.append(step)))
    assert steps == [(1, 3), (2, 3), (3, 3)]


def test_every_reason_has_a_test():
    tests = "".join(path.read_text() for path in Path(__file__).parent.glob("test_*.py"))
    names = [name for name in vars(rejection_messages) if name.isupper() and not name.startswith("_")]
    assert [name for name in names if f"rejection_messages.{name}" not in tests] == []


def test_twenty_thousand_files_are_each_accounted_for(tmp_path, store):
    pictures = {f"{label}/{seed}.png": picture(seed) for seed in range(100) for label in ("ants", "bees")}
    files = dict.fromkeys((f"ants/{number}.txt" for number in range(19_800)), b"not a picture") | pictures
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store)
    assert set(accepted) == set(pictures)
    assert len(accepted) + len(rejected) == 20_000

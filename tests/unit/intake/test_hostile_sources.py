"""A hostile or broken file affects nothing else and is listed."""

import os
import random
import re
import stat
import tarfile
import zipfile

import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_files import ONE, accepted_and_rejected, files_below, large_png, picture, tarred, zipped
from PIL import Image

from core.errors import ArchiveError, RunStopped
from core.intake import rejection_messages, sandboxed_archive
from core.intake.archives import Zip
from core.intake.ingestion import ingest
from core.intake.results import Accepted, Limits, Rejected
from core.storage.blobs import OriginalStore
from tests.hostile.corpus import endless_tar


@pytest.mark.parametrize("name", ["../1.png", "/etc/1.png", "ants/../../1.png", "C:/1.png", "..\\1.png"])
def test_a_path_that_leads_out_is_rejected(tmp_path, store, name):
    for source in (
        zipped(tmp_path / "a.zip", {name: picture(1), "ok/2.png": picture(2)}),
        tarred(tmp_path / "a.tgz", {name: picture(1), "ok/2.png": picture(2)}),
    ):
        accepted, rejected = accepted_and_rejected(source, store)
        assert set(accepted) == {"ok/2.png"}
        assert rejected == {name: rejection_messages.LEADS_OUT}


HOSTILE_PARTS = st.sampled_from(["..", ".", "", "/", "\\", "C:", "~", "a", "ants", "con", "..\\..", "x\0y", "é", "🐝"])
HOSTILE_NAMES = st.lists(HOSTILE_PARTS | st.text(max_size=8), min_size=1, max_size=6).map("/".join).filter(bool)


@settings(max_examples=5, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(names=st.lists(HOSTILE_NAMES, min_size=10, max_size=30, unique=True))
def test_no_path_of_an_archive_leaves_the_workspace(tmp_path_factory, names):
    outer = tmp_path_factory.mktemp("outer")
    folder = outer / "a" / "b" / "c"
    folder.mkdir(parents=True)
    store = OriginalStore(folder / "originals", folder / "thumbnails")
    files = {name: picture(seed) for seed, name in enumerate(names)}
    with zipfile.ZipFile(folder / "a.zip", "w") as archive:
        for name, data in files.items():
            info = zipfile.ZipInfo("x")
            info.filename = name.encode(errors="replace").decode()
            archive.writestr(info, data)
    accepted = [one for one in ingest(folder / "a.zip", store, limits=ONE) if isinstance(one, Accepted)]
    allowed = re.compile(r"a/b/c/(a\.zip|originals/../[0-9a-f]{64}|thumbnails/../[0-9a-f]{64}\.jpg)")
    assert [path for path in files_below(outer) if not allowed.fullmatch(path)] == []
    assert len(files_below(folder / "originals")) == len({one.digest for one in accepted})


def test_a_file_without_a_name_is_passed_over(tmp_path, store):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr("ants/1.png", picture(1))
        archive.writestr("x", picture(2))
        archive.filelist[-1].filename = ""
    accepted, rejected = accepted_and_rejected(tmp_path / "a.zip", store)
    assert set(accepted) == {"ants/1.png"}
    assert rejected == {}


def test_links_of_archives_are_rejected(tmp_path, store):
    link = zipfile.ZipInfo("ants/link.png")
    link.create_system, link.external_attr = 3, (stat.S_IFLNK | 0o777) << 16
    source = zipped(tmp_path / "a.zip", [(link, "/etc/passwd"), ("ants/1.png", picture(1))])
    assert accepted_and_rejected(source, store)[1] == {"ants/link.png": rejection_messages.LINK}
    symbolic, hard, pipe = (tarfile.TarInfo(f"ants/{kind}.png") for kind in ("symbolic", "hard", "pipe"))
    symbolic.type, hard.type, pipe.type = tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE
    symbolic.linkname = hard.linkname = "/etc/passwd"
    files = {"s": symbolic, "h": hard, "p": pipe, "ants/2.png": picture(2)}
    assert accepted_and_rejected(tarred(tmp_path / "a.tgz", files), store)[1] == {
        "ants/symbolic.png": rejection_messages.LINK,
        "ants/hard.png": rejection_messages.LINK,
        "ants/pipe.png": rejection_messages.NOT_A_FILE,
    }


@pytest.mark.parametrize("name", ["more.zip", "more.tar.gz", "more.7z", "MORE.RAR"])
def test_an_archive_in_an_archive_is_rejected(tmp_path, store, name):
    accepted, rejected = accepted_and_rejected(
        zipped(tmp_path / "a.zip", {name: b"PK", "ants/1.png": picture(1)}), store
    )
    assert len(accepted) == 1
    assert rejected == {name: rejection_messages.NESTED}


def test_a_protected_file_is_rejected(tmp_path, store):
    path = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "ants/2.png": picture(2)})
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    path.write_bytes(data)
    assert accepted_and_rejected(path, store)[1] == {"ants/1.png": rejection_messages.PROTECTED}


def test_a_file_that_is_compressed_in_an_unknown_way_is_rejected(tmp_path, store):
    path = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "ants/2.png": picture(2)})
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\x03\x04") + 8, data.index(b"PK\x01\x02") + 10):
        data[at] = 97
    path.write_bytes(data)
    assert accepted_and_rejected(path, store)[1] == {"ants/1.png": rejection_messages.UNKNOWN_COMPRESSION}


def test_a_file_whose_data_is_damaged_in_the_zip_is_rejected(tmp_path, store):
    path = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1), "ants/2.png": picture(2)})
    path.write_bytes(path.read_bytes().replace(picture(1)[60:70], b"0123456789"))
    assert accepted_and_rejected(path, store)[1] == {"ants/1.png": rejection_messages.DAMAGED_IN_ARCHIVE}


def test_a_file_larger_than_an_image_may_be_is_rejected(tmp_path, store):
    limits = Limits(decoders=1, file_bytes=2_000_000)
    files = {"ants/1.png": bytes(2_000_001), "ants/2.png": picture(2)}
    for source in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "a.tgz", files, "w")):
        assert accepted_and_rejected(source, store, limits=limits)[1] == {
            "ants/1.png": rejection_messages.TOO_LARGE.format(megabytes=2)
        }


def test_a_bomb_in_a_zip_is_rejected_unread(tmp_path, store):
    limits = Limits(decoders=1, ratio_from_bytes=10_000_000)
    files = {"ants/1.png": bytes(20_000_000), "ants/2.png": picture(2)}
    source = zipped(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED)
    assert accepted_and_rejected(source, store, limits=limits)[1] == {
        "ants/1.png": rejection_messages.BOMB.format(ratio=200)
    }


def test_a_small_drawing_that_compresses_well_is_no_bomb(tmp_path, store):
    Image.new("RGB", (1000, 1000)).save(tmp_path / "a.bmp")
    source = zipped(tmp_path / "a.zip", {"ants/1.bmp": (tmp_path / "a.bmp").read_bytes()}, zipfile.ZIP_DEFLATED)
    assert len(accepted_and_rejected(source, store)[0]) == 1


def sentence_of(source, store, **limits):
    with pytest.raises(ArchiveError) as error:
        list(ingest(source, store, limits=Limits(decoders=1, **limits)))
    assert error.value.hint
    return error.value.sentence


def test_an_empty_archive(tmp_path, store):
    assert sentence_of(zipped(tmp_path / "a.zip", {}), store) == "a.zip is empty."
    assert sentence_of(zipped(tmp_path / "b.zip", {"folder/": b""}), store) == "b.zip is empty."
    assert sentence_of(tarred(tmp_path / "c.tar", {}, "w"), store) == "c.tar is empty."


def test_a_protected_zip(tmp_path, store):
    path = zipped(tmp_path / "a.zip", {"ants/1.png": picture(1)})
    data = bytearray(path.read_bytes())
    for at in (data.index(b"PK\x03\x04") + 6, data.index(b"PK\x01\x02") + 8):
        data[at] |= 1
    path.write_bytes(data)
    assert sentence_of(path, store) == "a.zip is protected by a password."


@pytest.mark.parametrize("name", ["a.zip", "a.tar", "a.tar.gz"])
def test_a_file_that_is_no_archive(tmp_path, store, name):
    (tmp_path / name).write_bytes(b"words " * 1000)
    assert sentence_of(tmp_path / name, store) == f"{name} is damaged or cut off."


def test_archives_that_are_cut_off(tmp_path, store):
    files = {f"ants/{seed}.png": picture(seed) for seed in range(20)}
    for path in (zipped(tmp_path / "a.zip", files), tarred(tmp_path / "a.tgz", files)):
        os.truncate(path, path.stat().st_size // 2)
        assert sentence_of(path, store) == f"{path.name} is damaged or cut off."


@pytest.mark.parametrize(
    ("magic", "kind"), [(b"7z\xbc\xaf\x27\x1c", "a 7z archive"), (b"Rar!\x1a\x07\0", "a RAR archive")]
)
def test_an_archive_of_another_kind(tmp_path, store, magic, kind):
    (tmp_path / "a.bin").write_bytes(magic + bytes(100))
    assert sentence_of(tmp_path / "a.bin", store) == f"a.bin is {kind}, which cannot be read here."


def test_too_many_files(tmp_path, store):
    files = {f"{number}.txt": b"x" for number in range(11)}
    expected = "has more than 10 files."
    assert sentence_of(zipped(tmp_path / "a.zip", files), store, files=10) == f"a.zip {expected}"
    assert sentence_of(tarred(tmp_path / "a.tgz", files), store, files=10) == f"a.tgz {expected}"


def test_a_list_of_files_that_would_fill_the_memory_is_not_read(tmp_path, monkeypatch):
    path = zipped(tmp_path / "a.zip", {f"{number:0100}.txt": b"" for number in range(8000)})
    monkeypatch.setattr(zipfile.ZipFile, "infolist", None)
    with pytest.raises(ArchiveError, match=r"^a\.zip has more than 1,000 files\."):
        Zip(path, "a.zip", Limits(files=1000))


def test_too_large_in_all(tmp_path, store):
    files = {f"{number}.bmp": bytes(1_000_000) for number in range(5)}
    expected = "is larger than 0.004 GB when unpacked."
    limits = {"total_bytes": 4_000_000, "ratio": 10_000}
    assert sentence_of(zipped(tmp_path / "a.zip", files, zipfile.ZIP_DEFLATED), store, **limits) == f"a.zip {expected}"
    assert sentence_of(tarred(tmp_path / "a.tgz", files), store, **limits) == f"a.tgz {expected}"
    (tmp_path / "set").mkdir()
    for name, data in files.items():
        (tmp_path / "set" / name).write_bytes(data)
    assert sentence_of(tmp_path / "set", store, **limits) == f"set {expected}"


def test_a_tar_that_is_a_bomb(tmp_path, store):
    path = tarred(tmp_path / "a.tgz", {f"{number}.bmp": bytes(5_000_000) for number in range(8)})
    expected = "a.tgz grows more than 200 times when unpacked, like a zip bomb."
    assert sentence_of(path, store, ratio_from_bytes=1_000_000) == expected


def test_a_tar_whose_header_asks_for_all_memory(tmp_path, store):
    header = tarfile.TarInfo("x")
    header.type, header.size = tarfile.XHDTYPE, 10**12
    (tmp_path / "a.tar").write_bytes(header.tobuf() + bytes(2048))
    assert sentence_of(tmp_path / "a.tar", store) == "a.tar is damaged or cut off."


def test_a_tar_that_leads_back_to_its_start_is_damaged(tmp_path, store):
    suffix, data = endless_tar(random.Random(0))
    path = tmp_path / f"a{suffix}"
    path.write_bytes(data)
    assert sentence_of(path, store) == "a.tar is damaged or cut off."


def test_a_path_through_too_many_folders_is_rejected_and_the_others_are_taken(tmp_path, store):
    deep = "d/" * 16_000 + "1.png"
    for source in (
        zipped(tmp_path / "a.zip", {deep: picture(1), "ok/2.png": picture(2)}),
        tarred(tmp_path / "a.tgz", {deep: picture(1), "ok/2.png": picture(2)}),
    ):
        accepted, rejected = accepted_and_rejected(source, store)
        assert set(accepted) == {"ok/2.png"}
        assert rejected == {deep[:200] + "…": rejection_messages.TOO_DEEP}


def test_listing_is_stopped_when_a_person_asks(tmp_path, store):
    path = tarred(tmp_path / "a.tgz", {f"{number}.png": b"" for number in range(20_000)})
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(RunStopped, match=r"^Stopped while a file was read\."):
        list(ingest(path, store, should_stop=lambda: True))
    assert set(psutil.Process().children(recursive=True)) <= before


def test_an_archive_that_takes_too_much_memory_or_time_is_refused(tmp_path, store, monkeypatch):
    path = tarred(tmp_path / "a.tgz", {f"{number}.png": b"" for number in range(20_000)})
    with monkeypatch.context() as patch:
        patch.setattr(sandboxed_archive, "MEMORY_BYTES", 12 << 20)
        assert sentence_of(path, store) == "a.tgz takes too much memory to read; it may be damaged."
    monkeypatch.setattr(sandboxed_archive, "BASE_SECONDS", 0.05)
    assert sentence_of(path, store) == "a.tgz takes too long to read; it may be damaged."


def test_a_slow_image_is_rejected_and_the_others_are_taken(tmp_path, store):
    files = {"ants/1.png": picture(1), "ants/2.png": large_png(80), "ants/3.png": picture(3)}
    limits = Limits(decoders=1, seconds=0.1)
    accepted, rejected = accepted_and_rejected(zipped(tmp_path / "a.zip", files), store, limits=limits)
    assert set(accepted) == {"ants/1.png", "ants/3.png"}
    assert rejected == {"ants/2.png": rejection_messages.TOO_SLOW.format(seconds=0.1)}


@pytest.mark.data
def test_every_messy_file_is_accepted_or_rejected_for_a_reason(sample_data, store):
    results = []
    before = set(psutil.Process().children(recursive=True))
    for result in ingest(sample_data / "messy", store, limits=Limits(decoders=2)):
        results.append(result)
        if len(results) == 1:
            decoders = set(psutil.Process().children(recursive=True)) - before
    assert len(results) == len(list((sample_data / "messy").iterdir())) == 58
    assert sum(isinstance(one, Accepted) for one in results) == 45
    assert all(one.reason.endswith(".") for one in results if isinstance(one, Rejected))
    assert len(decoders) == 2

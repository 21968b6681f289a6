"""What people bring, through the command line: classes, splits, and what is said before training."""

import json
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from pathlib import Path

import pytest

from core.cli.main import main
from tests.unit.checks.photographs import photograph

CASES = {
    "file-beside-the-wrapper": (["wrap_readme_num.zip"], {("daisy", None): 8, ("rose", None): 8}),
    "folder-nfc-and-nfd": (["nfcnfd_folder"], {("daisy", None): 10, ("ros\u00e9", None): 10}),
    "sample-submission-as-labels": (
        ["seedlings.zip"],
        {("daisy", "train"): 8, ("rose", "train"): 8, (None, "test"): 8},
    ),
    "split-in-the-wrapper": (
        ["train.zip", "test.zip"],
        {("daisy", "train"): 9, ("rose", "train"): 9, ("daisy", "test"): 3, ("rose", "test"): 3},
    ),
    "table-forgets-folder-split": (
        ["folders_split_table_label.zip"],
        {("daisy", "train"): 9, ("rose", "train"): 9, ("daisy", "test"): 3, ("rose", "test"): 3},
    ),
    "table-names-in-two-cases": (["csv_case.zip"], {("daisy", None): 8, ("rose", None): 8}),
    "table-picks-id-column": (["csv_id_first.zip"], {("daisy", None): 12, ("rose", None): 12}),
    "unread-table-then-folder-classes": (["ham.zip"], {("nv", None): 12, ("mel", None): 12}),
    "zip-unicode-path-field": (["cp949_upath.zip"], {("고양이", None): 6, ("강아지", None): 6}),
}


def check(capsys: pytest.CaptureFixture[str], *arguments: str | Path) -> dict:
    assert main(["check", *map(str, arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def counted(result: dict) -> Counter:
    return Counter((one["label"], one["split"]) for one in result["taken"])


@pytest.mark.data
@pytest.mark.parametrize("case", CASES)
def test_public_cases(sample_data: Path, capsys: pytest.CaptureFixture[str], case: str):
    files, expected = CASES[case]
    assert counted(check(capsys, *(sample_data / "cases" / case / name for name in files))) == expected


@pytest.fixture
def pack(tmp_path: Path):
    """Pack drawn photographs, by name and seed, and tables, by name and text."""

    def make(images: list[str], tables: dict[str, str] | None = None, name: str = "images.zip") -> Path:
        with zipfile.ZipFile(tmp_path / name, "w") as archive:
            for seed, image in enumerate(images):
                with archive.open(image, "w") as file:
                    photograph(seed).resize((48, 48)).save(file, "PNG")
            for table, text in (tables or {}).items():
                archive.writestr(table, text)
        return tmp_path / name

    return make


HALVES = [f"part_{number % 2}/{number}.png" for number in range(8)]
FINDINGS = {"meta.csv": "image,befund\n" + "".join(f"{number},{'xy'[number // 4]}\n" for number in range(8))}


def error_of(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert main([str(one) for one in arguments]) == 2
    return capsys.readouterr().err.splitlines()[-1]


def test_training_stops_at_a_table_whose_class_column_is_unknown(pack, capsys, tmp_path: Path):
    line = error_of(capsys, "train", pack(HALVES, FINDINGS), "--out", tmp_path / "out")
    assert "meta.csv: The table names 8 images" in line
    assert "image, befund" in line
    assert "--label-column" in line


def test_check_leaves_the_class_of_such_images_open_and_lists_the_table(pack, capsys):
    result = check(capsys, pack(HALVES, FINDINGS))
    assert counted(result) == {(None, None): 8}
    assert [one["file"] for one in result["refused"]] == ["meta.csv"]


def test_the_class_column_can_be_named(pack, capsys):
    assert counted(check(capsys, pack(HALVES, FINDINGS), "--label-column", "Befund")) == {
        ("x", None): 4,
        ("y", None): 4,
    }


def test_the_table_can_be_left_to_the_folders(pack, capsys):
    found = counted(check(capsys, pack(HALVES, FINDINGS), "--label-column", "none"))
    assert found == {("part_0", None): 4, ("part_1", None): 4}


@pytest.mark.parametrize("option", ["--label-column", "--file-column"])
def test_a_column_that_no_table_has_is_said(pack, capsys, option: str):
    line = error_of(capsys, "check", pack(HALVES, FINDINGS), option, "diagnose")
    assert f"{option} is 'diagnose', which no table has. Columns of the tables: image, befund." in line


def test_an_unknown_encoding_is_said(pack, capsys):
    assert "--name-encoding is 'klingon', which is unknown" in error_of(
        capsys, "check", pack(HALVES), "--name-encoding", "klingon"
    )


def test_the_encoding_of_old_names_can_be_given(pack, capsys):
    path = pack(["?Name?/1.png", "!Name!/2.png"])
    data = path.read_bytes()
    for mark, name in ((b"?Name?", "Жёлудь"), (b"!Name!", "щавель")):
        data = data.replace(mark, name.encode("cp866"))
    path.write_bytes(data)
    found = counted(check(capsys, path, "--name-encoding", "cp866"))
    assert found == {("Жёлудь", None): 1, ("щавель", None): 1}


def test_an_image_without_class_is_listed_with_its_split(pack, capsys):
    images = ["train/a/1.png", "train/b/2.png", "test/3.png"]
    result = check(capsys, pack(images))
    assert {one["file"]: (one["label"], one["split"]) for one in result["taken"]}["test/3.png"] == (None, "test")


def test_a_class_that_lost_all_its_files_stops_the_training(pack, capsys, tmp_path: Path):
    path = pack([f"{label}/{number}.png" for label in "ab" for number in range(4)], {"c/1.jpg": "no image"})
    line = error_of(capsys, "train", path, "--out", tmp_path / "out")
    assert "Every file was rejected of the class 'c'." in line
    assert "--allow-missing-classes" in line


def test_a_class_that_lost_all_its_files_can_be_left_out(pack, capsys, tmp_path: Path):
    path = pack([f"{label}/{number}.png" for label in "ab" for number in range(4)], {"c/1.jpg": "no image"})
    options = ["--out", tmp_path / "out", "--allow-missing-classes", "--batch-size", "4096"]
    assert "batch" in error_of(capsys, "train", path, *options)  # which is said later


def test_training_prints_what_it_read(pack, capsys, tmp_path: Path):
    images = [f"{label}/{number}.png" for label in ("ants", "Ants", "bees") for number in range(3)]
    path = pack([*images, "alone.png"], {"bees/text.jpg": "no image"})
    main(["train", str(path), "--out", str(tmp_path / "out"), "--batch-size", "4096"])
    printed = capsys.readouterr().out
    assert "9 images in 3 classes: Ants (3), ants (3), bees (3)" in printed
    assert "1 image has no class and takes no part in training" in printed
    assert "these classes differ only by case, and are probably one: Ants, ants" in printed
    assert "rejected bees/text.jpg: It is not an image" in printed


def test_folders_in_two_normal_forms_are_one_class(tmp_path: Path, capsys):
    for seed, form in enumerate(("NFC", "NFD")):
        folder = tmp_path / "set" / unicodedata.normalize(form, "ros\u00e9")
        folder.mkdir(parents=True)
        photograph(seed).resize((48, 48)).save(folder / "1.png")
    (tmp_path / "set" / "daisy").mkdir()
    photograph(9).resize((48, 48)).save(tmp_path / "set" / "daisy" / "1.png")
    result = check(capsys, tmp_path / "set")
    assert counted(result) == {("ros\u00e9", None): 2, ("daisy", None): 1}
    assert len({one["file"] for one in result["taken"]}) == 3


def test_the_unicode_path_field_of_a_zip_is_read(tmp_path: Path, capsys):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for seed, name in enumerate(("кот/1.png", "собака/2.png")):
            raw = name.encode("cp866").decode("cp437")
            info = zipfile.ZipInfo("x")
            info.filename = "?" * len(raw)
            field = struct.pack("<BL", 1, zlib.crc32(info.filename.encode())) + name.encode()
            info.extra = struct.pack("<HH", 0x7075, len(field)) + field
            with archive.open(info, "w") as file:
                photograph(seed).resize((48, 48)).save(file, "PNG")
    assert counted(check(capsys, tmp_path / "a.zip")) == {("кот", None): 1, ("собака", None): 1}


def test_folders_that_end_in_a_backslash_are_no_files(tmp_path: Path, capsys):
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for seed, name in enumerate(("a", "b")):
            archive.writestr(f"set\\{name}\\", b"")
            with archive.open(f"set\\{name}\\1.png", "w") as file:
                photograph(seed).resize((48, 48)).save(file, "PNG")
    result = check(capsys, tmp_path / "a.zip")
    assert (counted(result), result["refused"]) == ({("a", None): 1, ("b", None): 1}, [])

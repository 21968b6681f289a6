import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from core.cli.main import main, options_of
from core.cli.train import recipe_from
from core.storage import tables
from core.use.prediction_store import PredictionStore

ROOT = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GRAFT_WORKSPACE", str(tmp_path / "workspace"))
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "no-weights-here"))


def picture(seed: int) -> bytes:
    data = BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 255, (40, 40, 3), np.uint8)).save(data, "PNG")
    return data.getvalue()


@pytest.fixture
def make_zip(tmp_path: Path) -> Callable[[dict[str, bytes]], Path]:
    def make(files: dict[str, bytes]) -> Path:
        path = tmp_path / "images.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return path

    return make


def two_classes(images: int = 4) -> dict[str, bytes]:
    return {f"{label}/{number}.png": picture(100 * number + ord(label)) for label in "ab" for number in range(images)}


def error_line(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    """Give the one line that a failing call prints, with exit status 2."""
    try:
        status = main(arguments)
    except SystemExit as left:
        status = left.code
    lines = [line for line in capsys.readouterr().err.splitlines() if "graft:" in line or "python -m core" in line]
    assert status == 2
    assert len(lines) == 1
    return lines[0]


BAD_SETS = {
    "empty zip": ({}, "no images|empty|nothing"),
    "one class": ({"a/1.png": picture(1), "a/2.png": picture(2)}, "only one class, 'a'"),
    "no images at all": ({"a/readme.txt": b"hello", "b/readme.txt": b"hello"}, "no labelled images|no images"),
    "text named jpg": ({"a/1.jpg": b"not a picture", "b/1.jpg": b"not a picture"}, "no labelled images|no images"),
}


@pytest.mark.parametrize(("files", "sentence"), BAD_SETS.values(), ids=list(BAD_SETS))
def test_a_data_set_that_cannot_be_learned_gives_one_sentence(
    make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path, files: dict, sentence: str
):
    line = error_line(["train", str(make_zip(files)), "--out", str(tmp_path / "out")], capsys)
    assert any(part.lower() in line.lower() for part in sentence.split("|")), line


BAD_OPTIONS = {
    "an unknown network": (["--backbone", "MobileNetV9"], "MobileNetV9"),
    "no epochs": (["--epochs", "0"], "epochs is 0"),
    "a batch larger than the data": (["--batch-size", "4096"], "batch"),
    "shares that are no numbers": (["--split", "most,some"], "not three numbers"),
    "a cut and a number of layers": (["--cut", "block_13_add", "--frozen-layers", "3"], "not allowed with"),
    "a cut without fine-tuning": (["--cut", "block_13_add", "--strategy", "full"], "belong to partial"),
    "scratch with weights": (["--strategy", "scratch", "--weights", "imagenet"], "from scratch"),
    "more frozen layers than there are": (["--frozen-layers", "100000"], "100000"),
    "weights that are neither a kind nor a file": (["--weights", "imagenett"], "'imagenett', which is none of"),
    "an unknown strategy": (["--strategy", "magic"], "invalid choice"),
}


@pytest.mark.parametrize(("options", "sentence"), BAD_OPTIONS.values(), ids=list(BAD_OPTIONS))
def test_a_wrong_option_gives_one_line(
    make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path, options: list[str], sentence: str
):
    line = error_line(["train", str(make_zip(two_classes())), "--out", str(tmp_path / "out"), *options], capsys)
    assert sentence.lower() in line.lower()


def test_out_must_be_a_folder(make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    (tmp_path / "file").write_text("in the way")
    for out in (tmp_path / "file", tmp_path / "file" / "out"):
        assert f"--out is {out}, which cannot be a folder" in error_line(
            ["train", str(make_zip(two_classes())), "--out", str(out)], capsys
        )


def test_a_recipe_of_a_newer_version_is_rejected(
    make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(json.dumps({"version": 99}))
    options = ["--recipe", str(recipe), "--out", str(tmp_path / "out")]
    assert "version 99" in error_line(["train", str(make_zip(two_classes())), *options], capsys)


@pytest.mark.parametrize("text", ["{not json", "[1, 2]", '{"surprise": 1}'])
def test_an_invalid_recipe_is_rejected(
    make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path, text: str
):
    recipe = tmp_path / "recipe.json"
    recipe.write_text(text)
    options = ["--recipe", str(recipe), "--out", str(tmp_path / "out")]
    assert "recipe" in error_line(["train", str(make_zip(two_classes())), *options], capsys)


def test_a_budget_that_is_no_duration_is_named(make_zip: Callable, capsys: pytest.CaptureFixture[str]):
    options = ["--budget", "soon", "--backbone", "Starter"]
    assert "--budget is 'soon', not a duration" in error_line(
        ["advise", str(make_zip(two_classes())), *options], capsys
    )


def test_a_time_of_a_search_that_is_no_duration_is_named(
    make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path
):
    options = ["--auto=-2m", "--out", str(tmp_path / "out")]
    assert "--auto is '-2m', not a duration" in error_line(["train", str(make_zip(two_classes())), *options], capsys)


@pytest.mark.parametrize("command", [["check"], ["train", "--out", "out"]])
def test_a_source_that_is_not_there_is_named(capsys: pytest.CaptureFixture[str], tmp_path: Path, command: list[str]):
    assert "nowhere.zip" in error_line([*command, str(tmp_path / "nowhere.zip")], capsys)


def test_a_recipe_that_is_not_there_is_named(make_zip: Callable, capsys: pytest.CaptureFixture[str], tmp_path: Path):
    options = ["--recipe", str(tmp_path / "none.json"), "--out", str(tmp_path / "out")]
    assert "none.json cannot be read" in error_line(["train", str(make_zip(two_classes())), *options], capsys)


def test_a_wrong_setting_gives_one_line(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("GRAFT_CACHE_GB", "plenty")
    assert "'plenty', which is not a positive number" in error_line(["backbones"], capsys)


def test_check_accounts_for_every_file(make_zip: Callable, capsys: pytest.CaptureFixture[str]):
    files = {"a/1.png": picture(1), "a/again.png": picture(1), "b/ä 😀.png": picture(2), "b/text.jpg": b"no picture"}
    assert main(["check", str(make_zip(files)), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    accounted = sorted(entry["file"] for entry in result["taken"] + result["refused"])
    assert accounted == sorted(files)
    assert [entry["file"] for entry in result["refused"]] == ["a/again.png", "b/text.jpg"]
    assert [finding["check"] for finding in result["findings"]] == ["class-balance"]


def test_images_without_a_class_are_checked_too(make_zip: Callable, capsys: pytest.CaptureFixture[str]):
    black = BytesIO()
    Image.new("RGB", (40, 30)).save(black, "PNG")
    files = {"b/1.png": picture(1), "c/2.png": picture(2), "alone.png": black.getvalue()}
    assert main(["check", str(make_zip(files)), "--json"]) == 0
    found = {one["check"]: one["items"] for one in json.loads(capsys.readouterr().out)["findings"]}
    assert found["too-dark"] == ["alone.png"]
    assert "alone.png" not in found["class-balance"]


def test_backbones_are_listed_as_text_and_as_json(capsys: pytest.CaptureFixture[str]):
    assert main(["backbones"]) == 0
    assert "MobileNetV2" in capsys.readouterr().out
    assert main(["backbones", "--json"]) == 0
    names = {entry["name"] for entry in json.loads(capsys.readouterr().out)}
    assert {"MobileNetV2", "ResNet50", "ConvNeXtTiny", "NASNetLarge"} <= names


@pytest.mark.parametrize(("file", "kind"), [("saved_model.pb", "a TensorFlow SavedModel"), ("notes.txt", "a folder")])
def test_a_folder_as_weights_is_named(
    make_zip, tmp_path: Path, capsys: pytest.CaptureFixture[str], file: str, kind: str
):
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / file).touch()
    source = make_zip({"a/1.png": picture(1), "b/2.png": picture(2)})
    assert main(["train", str(source), "--out", str(tmp_path / "out"), "--weights", str(folder)]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(
        f"graft: --weights is {str(folder)!r}, {kind}, not a weights file. Name a .keras or .h5 file"
    )


def test_classes_from_file_names_are_used_and_printed(make_zip, capsys: pytest.CaptureFixture[str]):
    files = {
        f"{label} ({number}).png": picture(10 * number + len(label)) for label in ("ant", "Wasp") for number in (1, 2)
    }
    assert main(["check", str(make_zip(files)), "--json"]) == 0
    printed = capsys.readouterr()
    assert {one["label"] for one in json.loads(printed.out)["taken"]} == {"ant", "Wasp"}
    assert "the file names give: ant (2), Wasp (2)" in printed.err


def test_classes_that_differ_only_by_case_are_listed(make_zip, capsys: pytest.CaptureFixture[str]):
    files = {
        f"{label}/{number}.png": picture(7 * number + ord(label[0])) for label in ("Ants", "ants") for number in (1, 2)
    }
    source = str(make_zip(files))
    assert main(["check", source]) == 0
    assert "differ only by case, and are probably one: Ants, ants" in capsys.readouterr().out
    assert main(["check", source, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["case_twins"] == [["Ants", "ants"]]


FULL_DISK = Path("/dev/full")


@pytest.mark.skipif(not FULL_DISK.exists(), reason="this system has no device that is always full")
def test_output_that_cannot_be_written_gives_one_line():
    with FULL_DISK.open("w") as full:
        run = run_core("backbones", stdout=full)
    assert (run.returncode, run.stderr) == (2, "graft: A file could not be read or written: No space left on device.\n")


def test_a_closed_pipe_is_no_error():
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "w") as closed:
        run = run_core("backbones", "--json", stdout=closed)
    assert (run.returncode, run.stderr) == (0, "")


def run_core(*arguments: str, **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "core", *arguments], cwd=ROOT, stderr=subprocess.PIPE, text=True, check=False, **options
    )


RECIPE = {"strategy": "partial", "cut": "block_13_add", "seed": 7, "background": "#00ff00"}
CHANGED = {
    "nothing": ([], ("partial", "block_13_add", None)),
    "the strategy": (["--strategy", "full"], ("full", None, None)),
    "the same strategy": (["--strategy", "partial"], ("partial", "block_13_add", None)),
    "the cut": (["--cut", "block_2_add"], ("partial", "block_2_add", None)),
    "a number for the cut": (["--frozen-layers", "9"], ("partial", None, 9)),
}


@pytest.mark.parametrize(("options", "expected"), CHANGED.values(), ids=list(CHANGED))
def test_options_override_the_recipe(tmp_path: Path, options: list[str], expected: tuple):
    (tmp_path / "recipe.json").write_text(json.dumps(RECIPE))
    given = options_of(["train", "x.zip", "--out", "out", "--recipe", str(tmp_path / "recipe.json"), *options])
    recipe = recipe_from(given)
    assert (recipe.strategy, recipe.cut, recipe.frozen_layers, recipe.seed) == (*expected, 7)
    assert recipe.background == "#00ff00"


PREDICT_OPTIONS = {
    "a threshold above 1": (["--threshold", "2"], "--threshold is 2. Give a confidence from 0 to 1."),
    "nothing to resume": (["--resume"], "--resume continues a table, and none is named. Add --out."),
    "events without a table": (["--events", "burst"], "--events writes a second table, and no first one is named."),
    "a table of another format": (["--out", "table.txt"], "table.txt is neither .csv nor .xlsx."),
    "a folder that is classified": (["--sort", "photos/sorted"], "whose images are classified"),
    "a folder that is filled": (["--sort", "filled"], "filled is not empty. Choose an empty folder."),
    "more of a complete table": (
        ["--out", "complete.csv", "--resume", "--events", "burst", "--sort", "sorted"],
        "complete.csv is complete, and was written without --events and --sort. Leave out --resume to classify the",
    ),
    "no images": ([], "There is no image in the folder photos."),
}


@pytest.mark.parametrize(("options", "sentence"), PREDICT_OPTIONS.values(), ids=list(PREDICT_OPTIONS))
def test_a_prediction_that_cannot_be_made_gives_one_sentence(
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    options: list[str],
    sentence: str,
):
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Path("filled").mkdir()
    Path("filled", "notes.txt").touch()
    Path("complete.csv").touch()
    assert sentence in error_line(["predict", "model.keras", "photos", *options], capsys)


def test_a_prediction_is_resumed_with_the_same_paths_only(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    with PredictionStore(Path("table.csv.unfinished")) as store:
        store.set_property("inputs", [["a.png", str(tmp_path / "a.png")]])
    line = error_line(["predict", "model.keras", "b.png", "--out", "table.csv", "--resume"], capsys)
    assert "The rows in table.csv.unfinished are those of other images. Name the same paths in the same" in line


def test_a_table_that_excel_cannot_hold_is_refused_before_anything_is_classified(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(tables, "EXCEL_ROWS", 2)
    line = error_line(["predict", "model.keras", "a.png", "b.png", "--out", "table.xlsx"], capsys)
    assert "An Excel sheet holds 2 rows, and the table has 3. Write a .csv." in line

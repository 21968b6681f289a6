"""Training and prediction on the command line, without a network.

A training and a prediction run in processes of their own, as a person starts them; the others in this process, which
imports the frameworks once.
"""

import contextlib
import csv
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.util.tensor_util import make_ndarray

from core.backbones.speed import read_speeds
from core.cli import train
from core.cli.main import main
from core.evaluation.report.report import read_report
from core.intake.samples import write_sample
from core.jobs.events import Epoch, load_event
from core.settings import Settings
from core.training.recipe import dump_recipe, load_recipe

ROOT = Path(__file__).parents[3]


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def environment(folder: Path, runtime_only: dict[str, str]) -> dict[str, str]:
    """That of a person who installed nothing but `requirements.txt`."""
    own = {"GRAFT_WORKSPACE": str(folder / "workspace"), "KERAS_HOME": str(folder / "no-weights-here")}
    return os.environ | runtime_only | own


@pytest.fixture(scope="module")
def run_core(environment: dict[str, str]) -> Run:
    """Run the command line."""
    return lambda *arguments: subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def call_core(folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command line in this process."""
    monkeypatch.setenv("GRAFT_WORKSPACE", str(folder / "workspace"))

    def call(*arguments: object) -> "subprocess.CompletedProcess[str]":
        status = main([str(argument) for argument in arguments])
        return subprocess.CompletedProcess(arguments, status, *capsys.readouterr())

    return call


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("command-line")


@pytest.fixture(scope="module")
def sample(folder: Path) -> Path:
    return write_sample("shapes", folder)


@pytest.fixture(scope="module")
def trained(run_core: Run, folder: Path, sample: Path) -> dict:
    options = ["--backbone", "Starter", "--epochs", 20, "--seed", 3, "--json"]
    run = run_core("train", sample, "--out", folder / "out", *options)
    assert run.returncode == 0, run.stderr
    return json.loads(run.stdout.splitlines()[-1])


def test_the_last_line_is_json_with_the_documented_keys(trained: dict):
    assert trained.keys() >= {"run", "classes", "images", "refused", "seconds", "metrics", "model"}
    assert trained["refused"] == []
    assert set(trained["images"]) == {"train", "validation", "test"}
    assert trained["seconds"]["total"] >= trained["seconds"]["features"] > 0
    test = trained["metrics"]["test"]
    assert test["interval"][0] <= test["accuracy"] <= test["interval"][1]
    assert [entry["name"] for entry in test["per_class"]] == trained["classes"]


def test_the_starter_learns_the_drawn_shapes_without_a_network(trained: dict):
    assert trained["metrics"]["test"]["interval"][0] > 1 / len(trained["classes"])


def test_the_measured_speed_is_stored_for_the_card_of_the_network(folder: Path, trained: dict):
    speeds = read_speeds(Settings(workspace=folder / "workspace"))
    assert speeds["Starter"] > sum(trained["images"].values()) / 600  # it took less than ten minutes


def test_the_output_folder_holds_all_files_that_reproduce_the_run(folder: Path, trained: dict):
    out = folder / "out"
    names = {"model.keras", "labels.json", "recipe.json", "report.json", "events.jsonl"}
    assert {path.name for path in out.iterdir()} >= names
    assert json.loads((out / "labels.json").read_text()) == trained["classes"]
    assert load_recipe((out / "recipe.json").read_text()).seed == 3
    assert [load_event(line) for line in (out / "events.jsonl").read_text().splitlines()]
    assert read_report(out).metrics.test.accuracy == trained["metrics"]["test"]["accuracy"]


def test_tensorboard_reads_the_history_of_the_run(folder: Path, trained: dict):  # noqa: ARG001 - it has run
    out = folder / "out"
    events = [load_event(line) for line in (out / "events.jsonl").read_text().splitlines()]
    epochs = [event for event in events if isinstance(event, Epoch)]
    for split, values in (
        ("train", [epoch.loss for epoch in epochs]),
        ("validation", [epoch.val_loss for epoch in epochs]),
    ):
        accumulator = EventAccumulator(str(out / "tensorboard" / split), size_guidance={"tensors": 0})
        read = accumulator.Reload().Tensors("epoch/loss")
        assert accumulator.SummaryMetadata("epoch/loss").plugin_data.plugin_name == "scalars"
        assert [float(make_ndarray(one.tensor_proto)) for one in read] == pytest.approx(values, rel=1e-6)


def test_the_exported_model_classifies_a_picture_in_another_process(
    run_core: Run, folder: Path, sample: Path, trained: dict
):
    with zipfile.ZipFile(sample) as archive:
        picture = archive.extract(archive.namelist()[0], folder)
    run = run_core("predict", folder / "out", picture, "--json")
    assert (run.returncode, run.stderr) == (0, "")  # no notes of TensorFlow either
    (result,) = json.loads(run.stdout.splitlines()[-1])
    assert set(result["probabilities"]) == set(trained["classes"])
    assert result["class"] == max(result["probabilities"], key=result["probabilities"].get)
    assert sum(result["probabilities"].values()) == pytest.approx(1)


def test_a_transparent_image_gets_the_background_of_the_recipe_beside_the_model(
    call_core: Run, folder: Path, trained: dict
):
    out, copy = Path(trained["run"]), folder / "on-black"
    copy.mkdir()
    for name in ("model.keras", "labels.json"):
        shutil.copy(out / name, copy)
    recipe = load_recipe((out / "recipe.json").read_text())
    (copy / "recipe.json").write_text(dump_recipe(recipe.model_copy(update={"background": "#000000"})))
    Image.new("RGBA", (64, 64), (200, 30, 30, 0)).save(folder / "clear.png")
    for colour in ("white", "black"):
        Image.new("RGB", (64, 64), colour).save(folder / f"{colour}.png")
    for run, colour in ((out, "white"), (copy, "black")):
        done = call_core("predict", run, folder / "clear.png", folder / f"{colour}.png", "--json")
        assert done.returncode == 0, done.stderr
        clear, opaque = json.loads(done.stdout.splitlines()[-1])
        assert clear["probabilities"] == pytest.approx(opaque["probabilities"], abs=1e-6)


def test_a_broken_file_does_not_keep_the_others_from_being_classified(call_core: Run, folder: Path, trained: dict):
    pictures = folder / "some"
    (pictures / "below").mkdir(parents=True)
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (64, 64), colour).save(pictures / "below" / f"{colour}.png")
    (pictures / "broken.jpg").write_bytes(b"no image")
    (pictures / "notes.txt").write_text("not listed")
    run = call_core("predict", trained["model"], pictures, folder / "nothing.png")
    assert run.returncode == 2
    assert [Path(line.partition(": ")[0]).name for line in run.stdout.splitlines()] == [
        "blue.png", "green.png", "red.png",
    ]  # fmt: skip
    first, second = run.stderr.splitlines()
    assert first.startswith("graft: broken.jpg cannot be read")
    assert second.startswith("graft: nothing.png cannot be read")


def test_predictions_as_json_have_an_entry_for_a_broken_file(call_core: Run, folder: Path, trained: dict):
    Image.new("RGB", (64, 64), "red").save(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no image")
    run = call_core("predict", trained["model"], folder / "bad.png", folder / "good.png", "--json")
    assert run.returncode == 2
    bad, good = json.loads(run.stdout)
    assert (bad["class"], good["class"] in trained["classes"]) == (None, True)
    assert bad["error"].startswith("bad.png cannot be read")
    assert isinstance(good["none_of_these"], bool)


def test_a_killed_table_is_resumed_and_nothing_is_done_twice(
    call_core: Run, environment: dict[str, str], folder: Path, sample: Path, trained: dict
):
    pictures, table, unfinished = folder / "many", folder / "table.csv", folder / "table.csv.unfinished"
    with zipfile.ZipFile(sample) as archive:
        archive.extractall(pictures / "0")
    (pictures / "1").mkdir()
    for number in range(8):  # they keep the process busy once the rows of the others are on the disk
        Image.new("RGB", (3000, 2000), (20 * number, 0, 0)).save(pictures / "1" / f"{number:02}.jpg")
    (pictures / "1" / "broken.jpg").write_bytes(b"no image")
    arguments = ["predict", str(trained["model"]), str(pictures), "--out", str(table)]

    with subprocess.Popen([sys.executable, "-m", "core", *arguments], cwd=ROOT, env=environment) as process:
        done: list[Path] = []
        while not done:
            assert process.poll() is None
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(0.02)
            done = read_rows(unfinished)
        process.kill()
    assert not table.exists()
    done = read_rows(unfinished)
    for path in done:
        path.write_bytes(b"no longer an image")  # so it shows if one is read again

    refused = call_core(*arguments)
    assert (refused.returncode, table.exists()) == (2, False)
    assert "Add --resume to continue it" in refused.stderr.splitlines()[-1]
    resumed = call_core(*arguments, "--resume", "--events", "folder")
    assert resumed.returncode == 0, resumed.stderr
    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    images = sorted(path for path in pictures.rglob("*") if path.is_file())
    assert sorted(Path(row["file"]) for row in rows) == images
    assert len(done) < len(rows)
    assert [Path(row["file"]).name for row in rows if row["error"]] == ["broken.jpg"]
    with (folder / "table-events.csv").open(encoding="utf-8", newline="") as file:
        assert sum(int(row["files"]) for row in csv.DictReader(file)) == len(rows) - 1
    assert not unfinished.exists()
    assert "1 could not be read" in resumed.stderr.splitlines()[-1]


def read_rows(unfinished: Path) -> list[Path]:
    """The files that have a row; none before the first are stored."""
    if not unfinished.exists():
        return []
    with contextlib.suppress(sqlite3.OperationalError), contextlib.closing(sqlite3.connect(unfinished)) as rows:
        return [Path(name) for (name,) in rows.execute("SELECT file FROM predictions")]
    return []


def test_a_good_recipe_is_found_first_and_then_trained(
    call_core: Run, folder: Path, sample: Path, monkeypatch: pytest.MonkeyPatch
):
    found = []

    def execute(recipe, *_others):  # the training itself is tested above
        found.append(recipe)
        return {"seconds": {}, "metrics": {}}

    monkeypatch.setattr(train, "_execute", execute)
    few = folder / "few.zip"
    with zipfile.ZipFile(sample) as whole, zipfile.ZipFile(few, "w") as archive:
        for name in [name for name in whole.namelist() if "circle" in name or "star" in name][::5]:
            archive.writestr(name, whole.read(name))
    options = ["--backbone", "Starter", "--seed", 3, "--json"]
    advised = call_core("advise", few, "--only", "recipe", "--budget", "1s", *options)
    run = call_core("train", few, "--auto", "1s", "--out", folder / "auto", *options)
    search = json.loads(run.stdout.splitlines()[-1])["search"]
    assert [one.model_dump(mode="json") for one in found] == [search["tried"][search["best"]]["recipe"]]
    assert json.loads(advised.stdout)["recipe"]["tried"][0]["recipe"] == search["tried"][0]["recipe"]
    assert search["sentence"].startswith("**")


def test_a_missing_model_gives_one_line(call_core: Run, folder: Path):
    run = call_core("predict", folder / "nothing.keras", folder / "text.jpg")
    assert run.returncode == 2
    assert "nothing.keras" in run.stderr.splitlines()[-1]

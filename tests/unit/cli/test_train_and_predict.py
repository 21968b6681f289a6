"""Training and prediction on the command line, in processes of their own, without a network."""

import json
import os
import shutil
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
from core.evaluation.report.report import read_report
from core.intake.samples import write_sample
from core.jobs.events import Epoch, load_event
from core.settings import Settings
from core.training.recipe import dump_recipe, load_recipe

ROOT = Path(__file__).parents[3]


Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def run_core(folder: Path, runtime_only: dict[str, str]) -> Run:
    """Run the command line as a person would who installed nothing but `requirements.txt`."""
    environment = os.environ | runtime_only
    environment |= {"GRAFT_WORKSPACE": str(folder / "workspace"), "KERAS_HOME": str(folder / "no-weights-here")}
    return lambda *arguments: subprocess.run(
        [sys.executable, "-m", "core", *map(str, arguments)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )


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
    assert run.returncode == 0, run.stderr
    (result,) = json.loads(run.stdout.splitlines()[-1])
    assert set(result["probabilities"]) == set(trained["classes"])
    assert result["class"] == max(result["probabilities"], key=result["probabilities"].get)
    assert sum(result["probabilities"].values()) == pytest.approx(1)


def test_a_transparent_image_gets_the_background_of_the_recipe_beside_the_model(
    run_core: Run, folder: Path, trained: dict
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
        done = run_core("predict", run, folder / "clear.png", folder / f"{colour}.png", "--json")
        assert done.returncode == 0, done.stderr
        clear, opaque = json.loads(done.stdout.splitlines()[-1])
        assert clear["probabilities"] == pytest.approx(opaque["probabilities"], abs=1e-6)


def test_a_file_that_is_no_image_gives_one_line(run_core: Run, folder: Path, trained: dict):
    (folder / "text.jpg").write_text("not a picture")
    run = run_core("predict", trained["model"], folder / "text.jpg")
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].startswith("graft: text.jpg cannot be read")


def test_a_broken_file_does_not_keep_the_others_from_being_classified(run_core: Run, folder: Path, trained: dict):
    pictures = folder / "some"
    (pictures / "below").mkdir(parents=True)
    for colour in ("red", "green", "blue"):
        Image.new("RGB", (64, 64), colour).save(pictures / "below" / f"{colour}.png")
    (pictures / "broken.jpg").write_bytes(b"no image")
    (pictures / "notes.txt").write_text("not listed")
    run = run_core("predict", trained["model"], pictures, folder / "nothing.png")
    assert run.returncode == 2
    assert [Path(line.partition(": ")[0]).name for line in run.stdout.splitlines()] == [
        "blue.png", "green.png", "red.png",
    ]  # fmt: skip
    first, second = run.stderr.splitlines()
    assert first.startswith("graft: broken.jpg cannot be read")
    assert second.startswith("graft: nothing.png cannot be read")


def test_predictions_as_json_have_an_entry_for_a_broken_file(run_core: Run, folder: Path, trained: dict):
    Image.new("RGB", (64, 64), "red").save(folder / "good.png")
    (folder / "bad.png").write_bytes(b"no image")
    run = run_core("predict", trained["model"], folder / "bad.png", folder / "good.png", "--json")
    assert run.returncode == 2
    bad, good = json.loads(run.stdout)
    assert (bad["class"], good["class"] in trained["classes"]) == (None, True)
    assert bad["error"].startswith("bad.png cannot be read")
    assert isinstance(good["none_of_these"], bool)


def test_tensorflow_prints_no_notes(run_core: Run, folder: Path, trained: dict):
    Image.new("RGB", (64, 64), "red").save(folder / "good.png")
    run = run_core("predict", trained["model"], folder / "good.png")
    assert (run.returncode, run.stderr, len(run.stdout.splitlines())) == (0, "", 1)


def test_a_missing_model_gives_one_line(run_core: Run, folder: Path):
    run = run_core("predict", folder / "nothing.keras", folder / "text.jpg")
    assert run.returncode == 2
    assert "nothing.keras" in run.stderr.splitlines()[-1]

"""The bundle works without Graft, gives the app's predictions and certifies them."""

import csv
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import replace

import keras
import numpy as np
import pytest
from PIL import Image
from PIL.ExifTags import GPS, IFD, Base

from core.errors import InputError, NotFoundError, RunStopped
from core.evaluation.inference.predictions import read_predictions
from core.evaluation.report.report import read_report
from core.export import bundle as module
from core.export.bundle import build_bundle
from core.export.bundle_files.preprocess import read_input, square
from core.export.card import write_card
from core.export.certificate import Certificate
from core.export.formats import FORMATS, bundle_file_name
from core.export.predictor import Predictor
from core.export.writers import WRITERS, Answer
from core.intake.decode_rgb import WHITE
from core.training.recipe import Recipe, dump_recipe
from core.use.input_files import InputFiles
from core.use.predict_files import predict_files
from core.use.prediction_store import PredictionStore
from core.use.prediction_table import write_table
from tests.unit.dataset.transparent import KINDS, save_transparent

pytestmark = [
    # Keras' own way of reading variables, while it saves a model, with NumPy 2.
    pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def packed(evaluated, tmp_path_factory):
    """A bundle in all formats, unpacked."""
    folder = tmp_path_factory.mktemp("bundle")
    told = []
    certificate = build_bundle(
        evaluated.out,
        folder / "colours.zip",
        originals=evaluated.originals,
        name="Colours",
        formats=tuple(FORMATS),
        on_progress=lambda *steps: told.append(steps),
    )
    with zipfile.ZipFile(folder / "colours.zip") as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked", certificate, told


def test_the_bundle_contains_all_files(packed):
    assert {path.name for path in packed[0].iterdir()} == {
        "model.keras", "saved_model", "model.tflite", "openvino", "labels.json", "recipe.json", "report.json",
        "README.md", "predict.py", "output.py", "preprocess.py", "input.json", "requirements.txt", "certificate.json",
        "ood.npz",
    }  # fmt: skip


def test_every_format_is_certified_on_test_images(packed):
    folder, certificate, _ = packed
    assert Certificate.model_validate_json((folder / "certificate.json").read_text()) == certificate
    assert certificate.images == 16
    assert certificate.formats.keys() == {listed.path for listed in FORMATS.values()}
    assert not certificate.left_out
    assert certificate.formats["model.keras"].largest_difference < 1e-5
    assert all(one.same_class == 16 for one in certificate.formats.values())
    assert all(one.largest_ood_difference < 0.01 for one in certificate.formats.values())


def test_progress_counts_the_formats(packed):
    assert packed[2] == [(0, 4), (1, 4), (2, 4), (3, 4), (4, 4)]


def test_the_script_works_in_a_fresh_process_without_graft(packed, evaluated, tmp_path):
    picture = tmp_path / "picture.png"
    table = read_predictions(evaluated.out / "predictions.csv")
    shutil.copy(evaluated.originals.path(table.digests[0]), picture)
    done = subprocess.run(
        [sys.executable, packed[0] / "predict.py", picture],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = f"{table.classes[table.predicted[0]]} ({table.confidence[0]:.1%})"
    assert done.stdout.strip().endswith(f"picture.png: {expected}")


# Runs predict.py for each picture, and keeps the probabilities that it printed one of.
SCRIPT_RUNNER = """
import json, runpy, sys
folder, *pictures = sys.argv[1:]
sys.path.insert(0, folder)
answers = []
for picture in pictures:
    sys.argv = ["predict.py", picture]
    answers.append(runpy.run_path(f"{folder}/predict.py")["probabilities"].tolist())
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def on_blue(evaluated, tmp_path_factory):
    """A run that lies on a blue background, and its bundle, unpacked."""
    folder = tmp_path_factory.mktemp("on-blue")
    shutil.copytree(evaluated.out, folder / "run")
    (folder / "run" / "recipe.json").write_text(dump_recipe(Recipe(background="#8080a0")), encoding="utf-8")
    build_bundle(folder / "run", folder / "blue.zip", originals=evaluated.originals)
    with zipfile.ZipFile(folder / "blue.zip") as archive:
        archive.extractall(folder / "unpacked")
    return folder


@pytest.mark.parametrize("background", ["#8080a0", "#ffffff"])
def test_the_script_and_the_app_agree_on_transparent_images(background, on_blue, packed, evaluated, tmp_path):
    run, bundle = (on_blue / "run", on_blue / "unpacked") if background != WHITE else (evaluated.out, packed[0])
    pictures = [save_transparent(kind, tmp_path) for kind in KINDS]
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT_RUNNER, bundle, *pictures],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    answers = json.loads(done.stdout.splitlines()[-1])
    np.testing.assert_allclose(answers, Predictor(run / "model.keras").predict(pictures), atol=1e-4)
    assert np.ptp([answer[2] for answer in answers]) < 0.2  # the background decides, not what lies under it


def test_the_background_is_described(on_blue):
    assert read_input(on_blue / "unpacked") == (32, "crop", "#8080a0", None)
    assert "transparent pixels on `#8080a0`" in (on_blue / "unpacked" / "README.md").read_text()


def test_the_script_has_about_ten_lines(packed):
    text = (packed[0] / "predict.py").read_text()
    assert len([line for line in text.splitlines() if line.strip()]) <= 15


def test_the_card_gives_the_figures_with_their_intervals(packed, evaluated):
    card = (packed[0] / "README.md").read_text()
    test = evaluated.report.metrics.test
    assert card.startswith("# Colours\n\nClassifies images into 3 classes: red, green, blue.")
    assert f"| accuracy | {test.accuracy:.1%} ({test.interval.low:.1%} to {test.interval.high:.1%}) |" in card
    validation = evaluated.report.metrics.validation
    assert "The kept epoch is the one with the lowest validation loss." in card
    assert f"accuracy of {validation.accuracy:.1%} (" in card
    assert f"`model.keras` was written by Keras {keras.__version__} for Keras 3.10 and later." in card
    assert "| red | 10 | 10 | 10 |" in card
    assert "| `saved_model` | For TensorFlow Serving" in card


def test_requirements_name_exact_versions(packed):
    lines = (packed[0] / "requirements.txt").read_text().splitlines()
    assert f"keras=={keras.__version__}" in lines
    assert f"openvino=={importlib.metadata.version('openvino')}" in lines
    assert all("==" in line for line in lines)


def test_requirements_list_only_what_the_packed_formats_need(evaluated, tmp_path):
    build_bundle(evaluated.out, tmp_path / "plain.zip", originals=evaluated.originals)
    with zipfile.ZipFile(tmp_path / "plain.zip") as archive:
        lines = archive.read("requirements.txt").decode().splitlines()
    assert [line.partition("==")[0] for line in lines] == ["keras", "tensorflow", "numpy", "pillow"]


def test_a_bundle_is_named_after_its_project_and_run():
    assert bundle_file_name("Bees / ants", "Run 3: full") == "Bees - ants - Run 3- full.zip"
    assert bundle_file_name("..", "???") == "model.zip"


def test_names_in_the_card_are_no_markup(evaluated, packed):
    name = "# a [link](http://example.org) | <img src=x> `b`\n*c*"
    manifest = replace(evaluated.manifest, classes=(name, "b", "c"))
    card = write_card(name, evaluated.report, Recipe(), manifest, packed[1])
    escaped = r"\# a \[link\]\(http://example.org\) \| \<img src=x\> \`b\` \*c\*"
    assert card.startswith(f"# {escaped}\n")
    assert f"| {escaped} | 10 |" in card


def test_the_script_reads_folders_and_goes_on_after_a_broken_file(packed, evaluated, tmp_path):
    table = read_predictions(evaluated.out / "predictions.csv")
    (tmp_path / "images" / "below").mkdir(parents=True)
    for row, name in ((0, "a.png"), (1, "below/b.png")):
        shutil.copy(evaluated.originals.path(table.digests[row]), tmp_path / "images" / name)
    (tmp_path / "images" / "cut.jpg").write_bytes(b"no image")
    (tmp_path / "images" / "notes.txt").write_text("not listed")
    done = subprocess.run(
        [sys.executable, packed[0] / "predict.py", tmp_path / "images"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert [line.partition(": ")[0] for line in done.stdout.splitlines()] == [
        str(tmp_path / "images" / "a.png"), str(tmp_path / "images" / "below" / "b.png"),
    ]  # fmt: skip
    assert f"{tmp_path / 'images' / 'cut.jpg'}: cannot be read as an image" in done.stderr


def test_the_script_writes_the_table_of_the_app(packed, evaluated, tmp_path):
    folder = tmp_path / "=images"
    folder.mkdir()
    exif = Image.Exif()
    exif.update({Base.Make: "Maker", Base.Model: "X1", Base.DateTime: "2026:01:02 03:04:05"})
    exif.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitude: (1.0, 30.0, 0.0),
            GPS.GPSLatitudeRef: "S",
            GPS.GPSLongitude: (2.0, 0.0, 0.0),
            GPS.GPSLongitudeRef: "E",
        }
    )
    for number in range(3):
        with Image.open(evaluated.originals.path(evaluated.manifest.digests[number])) as image:
            image.convert("RGB").save(folder / f"{number}.jpg", exif=exif if number else Image.Exif(), quality=95)
    (folder / "broken.jpg").write_bytes(b"no image")
    subprocess.run(
        [sys.executable, packed[0] / "predict.py", "=images", "--out", "table.csv", "--threshold", "0.9"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    with InputFiles([folder], root=tmp_path) as files, PredictionStore(tmp_path / "rows") as store:
        predictor = Predictor(packed[0] / "model.keras")
        store.add(one.to_row(predictor.classes) for one in predict_files(predictor, files.read(), 4))
        write_table(store, tmp_path / "app.csv", 0.9)
    texts = ((tmp_path / name).read_text(encoding="utf-8") for name in ("table.csv", "app.csv"))
    theirs, ours = (list(csv.DictReader(text.splitlines())) for text in texts)
    assert [row["file"] for row in theirs] == [row["file"] for row in ours]
    assert len(theirs) == 4
    for there, here in zip(theirs, ours, strict=True):
        assert there.keys() == here.keys()
        for column, cell in here.items():
            if column.endswith("confidence") and cell:
                assert float(there[column]) == pytest.approx(float(cell), abs=1e-4)
            elif column == "error":
                assert bool(there[column]) == bool(cell)
            else:
                assert there[column] == cell


def test_the_script_marks_images_that_are_none_of_these(packed, evaluated, tmp_path):
    Image.fromarray(np.full((40, 40, 3), (250, 250, 5), np.uint8)).save(tmp_path / "yellow.png")
    shutil.copy(evaluated.originals.path(evaluated.manifest.digests[0]), tmp_path / "known.png")
    batch = Predictor(evaluated.out / "model.keras").predict_batch([tmp_path / "known.png", tmp_path / "yellow.png"])
    done = subprocess.run(
        [sys.executable, packed[0] / "predict.py", "known.png", "yellow.png"],
        cwd=tmp_path, capture_output=True, text=True, check=True,
    )  # fmt: skip
    marked = ["none of these?" in line for line in done.stdout.splitlines()]
    assert marked == [batch.is_ood(0), batch.is_ood(1)]


def test_report_and_labels_are_those_of_the_run(packed, evaluated):
    assert read_report(packed[0]) == evaluated.report
    assert json.loads((packed[0] / "labels.json").read_text()) == ["red", "green", "blue"]


def test_the_plain_bundle_holds_one_model(evaluated, tmp_path):
    certificate = build_bundle(evaluated.out, tmp_path / "plain.zip", originals=evaluated.originals)
    assert certificate.formats.keys() == {"model.keras"}
    names = zipfile.ZipFile(tmp_path / "plain.zip").namelist()
    assert set(names) == {
        "model.keras", "labels.json", "recipe.json", "report.json", "README.md", "predict.py", "output.py",
        "preprocess.py", "input.json", "requirements.txt", "certificate.json", "ood.npz",
    }  # fmt: skip


def test_every_format_can_be_written_and_opened():
    assert WRITERS.keys() == FORMATS.keys()


def test_a_format_that_fails_is_left_out_with_the_reason(evaluated, tmp_path, monkeypatch):
    def fail(_served, path, _ood):
        path.write_bytes(b"half")
        raise TypeError("no such operation")

    monkeypatch.setitem(module.WRITERS, "tflite", (fail, WRITERS["tflite"][1]))
    certificate = build_bundle(
        evaluated.out, tmp_path / "b.zip", originals=evaluated.originals, formats=["tflite"], name="Colours"
    )
    assert certificate.left_out == {"model.tflite": "it cannot be written (TypeError)."}
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert "model.tflite" not in archive.namelist()
        assert "`model.tflite` is left out: it cannot be written" in archive.read("README.md").decode()


def test_a_format_with_other_predictions_is_left_out(evaluated, tmp_path, monkeypatch):
    monkeypatch.setitem(
        module.WRITERS,
        "saved-model",
        (lambda _served, path, _ood: path.mkdir(), lambda _path: lambda _image: Answer(np.eye(3)[0], 0.0)),
    )
    certificate = build_bundle(
        evaluated.out, tmp_path / "b.zip", originals=evaluated.originals, formats=["saved-model"]
    )
    assert certificate.left_out["saved_model"].startswith("its probabilities differ by up to ")


def test_a_model_that_was_not_evaluated_is_refused(evaluated, tmp_path):
    from tests.unit.evaluation.colours import save_colour_model

    shutil.copytree(evaluated.out, tmp_path / "run")
    save_colour_model(tmp_path / "run", sharpness=1.0)
    with pytest.raises(InputError, match=r"^The model is not the one that the report is about\."):
        build_bundle(tmp_path / "run", tmp_path / "b.zip", originals=evaluated.originals)
    assert not (tmp_path / "b.zip").exists()


def test_an_unknown_format_is_refused(evaluated, tmp_path):
    with pytest.raises(InputError, match=r"^There is no format 'onyx'\. Choose from keras, saved-model"):
        build_bundle(evaluated.out, tmp_path / "b.zip", originals=evaluated.originals, formats=["onyx"])


def test_a_missing_recipe_is_named(evaluated, tmp_path):
    shutil.copytree(evaluated.out, tmp_path / "run")
    (tmp_path / "run" / "recipe.json").unlink()
    with pytest.raises(NotFoundError, match=r"^The recipe of this run is gone\."):
        build_bundle(tmp_path / "run", tmp_path / "b.zip", originals=evaluated.originals)


def test_it_can_be_stopped(evaluated, tmp_path):
    with pytest.raises(RunStopped, match=r"^The export was stopped\."):
        build_bundle(evaluated.out, tmp_path / "b.zip", originals=evaluated.originals, should_stop=lambda: True)
    assert not (tmp_path / "b.zip").exists()


@pytest.mark.parametrize("resize", ["crop", "pad", "stretch"])
@pytest.mark.parametrize("shape", [(40, 61), (61, 40), (300, 201), (96, 96), (95, 1), (128, 128)])
def test_squares_equal_those_of_the_graph(resize, shape):
    pixels = np.random.default_rng(0).integers(0, 256, (*shape, 3), np.uint8)
    layer = keras.layers.Resizing(
        96, 96, antialias=True, crop_to_aspect_ratio=resize == "crop", pad_to_aspect_ratio=resize == "pad"
    )
    expected = np.round(layer(pixels[None].astype(np.float32)))
    difference = np.abs(square(Image.fromarray(pixels), 96, resize) - expected)
    assert difference.max() <= 1  # where a half is rounded up or down
    assert difference.mean() < 0.02


def test_the_input_of_a_bundle_is_described(packed):
    assert read_input(packed[0]) == (32, "crop", "#ffffff", None)

"""A run is evaluated on its exported model."""

import json
import shutil
from dataclasses import replace

import keras
import numpy as np
import pytest
from jsonschema import Draft202012Validator

from core.dataset.manifest import SPLIT_NAMES, TEST
from core.dataset.pixels import load_image
from core.errors import DatasetError, ImageError, NotFoundError, RunStopped, WeightsError
from core.evaluation import evaluate as module
from core.evaluation.evaluate import evaluate, measured_rows
from core.evaluation.inference import extraction
from core.evaluation.inference.predictions import read_predictions
from core.evaluation.metrics.embedding import read_embedding
from core.evaluation.report.json_schema import report_schema
from core.evaluation.report.report import read_report
from core.jobs.events import Epoch, Message, dump_event
from core.storage.blobs import OriginalStore
from tests.unit.evaluation.colours import CLASSES, colour_pictures, save_colour_model

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pictures")
    store = OriginalStore(folder / "originals", folder / "thumbnails")
    return store, colour_pictures(store, folder / "made")


@pytest.fixture(scope="module")
def run(pictures, tmp_path_factory):
    """An evaluated run whose model is far too sure of itself."""
    out = tmp_path_factory.mktemp("run")
    save_colour_model(out, sharpness=30.0)
    store, manifest = pictures
    return out, evaluate(out, manifest, originals=store)


def test_the_returned_report_is_the_written_one(run):
    out, report = run
    assert read_report(out) == report
    Draft202012Validator(report_schema()).validate(json.loads((out / "report.json").read_text(encoding="utf-8")))
    assert report.classes == CLASSES
    assert {path.name for path in out.iterdir()} == {
        "model.keras", "labels.json", "report.json", "predictions.csv", "features.npz",
    }  # fmt: skip


def test_predictions_are_those_of_the_exported_file(run, pictures):
    out, _ = run
    model, store = keras.models.load_model(out / "model.keras"), pictures[0]
    table = read_predictions(out / "predictions.csv")
    for digest, probabilities in list(zip(table.digests, table.probabilities, strict=True))[:8]:
        pixels = load_image(store.path(digest))
        np.testing.assert_allclose(model(pixels[None]).numpy()[0], probabilities, atol=1e-6)


def test_all_images_are_evaluated_in_their_splits(run, pictures):
    out, report = run
    table, manifest = read_predictions(out / "predictions.csv"), pictures[1]
    assert table.digests == manifest.digests
    for split, name in enumerate(SPLIT_NAMES):
        assert getattr(report.metrics, name).images == (manifest.splits == split).sum()
    np.testing.assert_array_equal(table.true, manifest.labels)


def test_no_image_is_lost_between_batches(pictures, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "BATCH", 7)
    save_colour_model(tmp_path)
    evaluate(tmp_path, pictures[1], originals=pictures[0])
    assert read_predictions(tmp_path / "predictions.csv").digests == pictures[1].digests


def test_a_network_is_not_converted_for_few_photographs(pictures, settings, tmp_path):
    save_colour_model(tmp_path)
    store, manifest = pictures
    said = []
    evaluate(tmp_path, manifest, originals=store, settings=settings, say=said.append)
    assert not said
    assert not (settings.cache / "networks").exists()


def test_openvino_gives_the_same_predictions(run, pictures, settings, tmp_path, monkeypatch):
    monkeypatch.setattr(extraction, "MIN_IMAGES_TO_CONVERT", 1)
    save_colour_model(tmp_path)
    store, manifest = pictures
    evaluate(tmp_path, manifest, originals=store, settings=settings)
    assert list((settings.cache / "networks").glob("*/network.xml"))
    slow, fast = (read_predictions(out / "predictions.csv") for out in (run[0], tmp_path))
    np.testing.assert_allclose(fast.probabilities, slow.probabilities, atol=1e-4)


@pytest.fixture
def own_pictures(tmp_path):
    """Pictures whose files a test may take away."""
    store = OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")
    return store, colour_pictures(store, tmp_path / "made")


def test_cached_features_are_not_computed_again(own_pictures, settings, tmp_path):
    store, manifest = own_pictures
    reports = []
    for name in ("first", "second"):
        save_colour_model(tmp_path / name)
        reports.append(evaluate(tmp_path / name, manifest, originals=store, settings=settings))
        shutil.rmtree(store.originals, ignore_errors=True)
    assert reports[0] == reports[1]


def test_another_network_uses_the_cached_squares(own_pictures, run, settings, tmp_path):
    store, manifest = own_pictures
    save_colour_model(tmp_path / "first")
    evaluate(tmp_path / "first", manifest, originals=store, settings=settings)
    shutil.rmtree(store.originals)
    save_colour_model(tmp_path / "second", sharpness=15.0, gain=2.0)
    evaluate(tmp_path / "second", manifest, originals=store, settings=settings)
    table, alike = (read_predictions(out / "predictions.csv") for out in (tmp_path / "second", run[0]))
    np.testing.assert_allclose(table.probabilities, alike.probabilities, atol=1e-5)


def test_another_resizing_reads_the_files_again(own_pictures, settings, tmp_path):
    store, manifest = own_pictures
    save_colour_model(tmp_path / "first")
    evaluate(tmp_path / "first", manifest, originals=store, settings=settings)
    shutil.rmtree(store.originals)
    save_colour_model(tmp_path / "second", resize="stretch")
    with pytest.raises(ImageError, match="cannot be used any more"):
        evaluate(tmp_path / "second", manifest, originals=store, settings=settings)


def test_overconfidence_is_corrected_in_the_exported_model(run):
    _, report = run
    assert report.calibration.applied
    assert report.calibration.temperature > 1.2
    assert report.calibration.validation_loss[1] < report.calibration.validation_loss[0]
    assert report.calibration.after.error < report.calibration.before.error


def test_the_temperature_changes_no_predicted_class(run, pictures, tmp_path):
    raw = keras.models.load_model(save_colour_model(tmp_path))
    table = read_predictions(run[0] / "predictions.csv")
    for digest, predicted in zip(table.digests, table.predicted, strict=True):
        assert np.argmax(raw(load_image(pictures[0].path(digest))[None])) == predicted


def test_evaluating_again_gives_the_same_report(run, pictures):
    out, report = run
    before = (out / "model.keras").stat().st_mtime_ns
    again = evaluate(out, pictures[1], originals=pictures[0])
    assert again.metrics == report.metrics
    assert again.calibration.temperature == pytest.approx(report.calibration.temperature, rel=1e-4)
    assert again.calibration.before.error == pytest.approx(report.calibration.before.error, abs=1e-5)
    assert (out / "model.keras").stat().st_mtime_ns == before


def test_baselines_are_measured(run):
    _, report = run
    assert report.baselines.largest_class_accuracy == pytest.approx(1 / 3)
    assert report.metrics.test.accuracy > report.baselines.largest_class_accuracy


def test_the_embedding_is_written(run, pictures):
    embedding = read_embedding(run[0])
    assert embedding.digests == pictures[1].digests
    assert embedding.map.shape == (90, 2)
    assert np.mean(
        embedding.distances(embedding.features[embedding.splits == TEST]) > embedding.threshold
    ) == pytest.approx(run[1].ood.refused_test)


def test_progress_ends_at_all_images(pictures, tmp_path):
    save_colour_model(tmp_path)
    told = []
    evaluate(tmp_path, pictures[1], originals=pictures[0], on_progress=lambda *steps: told.append(steps))
    assert told == [(32, 90), (64, 90), (90, 90)]


def test_the_fit_is_diagnosed_from_the_events(pictures, tmp_path):
    save_colour_model(tmp_path)
    course = {"phase": "head", "epochs": 2, "accuracy": 0.5, "val_accuracy": 0.6, "learning_rate": 0.1, "seconds": 1}
    epoch = Epoch(**course, epoch=1, loss=0.9, val_loss=0.5)
    worse = epoch.model_copy(update={"epoch": 2, "loss": 0.5, "val_loss": 0.9})
    lines = [dump_event(event) for event in (epoch, worse, worse, Message(text="begun again"), epoch, worse)]
    (tmp_path / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    report = evaluate(tmp_path, pictures[1], originals=pictures[0])
    assert {path.name for path in (tmp_path / "tensorboard").iterdir()} == {"train", "validation"}
    assert any(
        "After epoch 1 the validation loss rose from 0.500 to 0.900" in finding.text for finding in report.fit_diagnosis
    )


def test_many_training_images_are_sampled_evenly(pictures, monkeypatch):
    monkeypatch.setattr(module, "TRAIN_SAMPLE", 9)
    rows = measured_rows(pictures[1])
    chosen = rows[pictures[1].splits[rows] == 0]
    assert np.bincount(pictures[1].labels[chosen]).tolist() == [3, 3, 3]
    assert len(rows) == 9 + 60


def test_a_stopped_evaluation_writes_nothing(pictures, tmp_path):
    save_colour_model(tmp_path)
    with pytest.raises(RunStopped, match=r"^The evaluation was stopped\."):
        evaluate(tmp_path, pictures[1], originals=pictures[0], should_stop=lambda: True)
    assert not (tmp_path / "report.json").exists()


def test_a_missing_image_is_named(pictures, tmp_path):
    save_colour_model(tmp_path / "run")
    elsewhere = OriginalStore(tmp_path / "originals", tmp_path / "thumbnails")
    with pytest.raises(ImageError, match=r"^0\.png cannot be used any more\."):
        evaluate(tmp_path / "run", pictures[1], originals=elsewhere)


def test_an_empty_split_is_refused(pictures, tmp_path):
    store, manifest = pictures
    with pytest.raises(DatasetError, match=r"^The test split is empty\."):
        evaluate(tmp_path, replace(manifest, splits=manifest.splits % 2), originals=store)


def test_a_run_without_a_model_says_so(pictures, tmp_path):
    with pytest.raises(NotFoundError, match=r"^There is no model .*model\.keras\. Train first"):
        evaluate(tmp_path, pictures[1], originals=pictures[0])


def test_a_damaged_model_is_refused(pictures, tmp_path):
    (tmp_path / "model.keras").write_bytes(b"PK no model")
    with pytest.raises(WeightsError, match=r"^model\.keras cannot be loaded as a Keras model\."):
        evaluate(tmp_path, pictures[1], originals=pictures[0])


@pytest.mark.parametrize(
    ("layers", "what"),
    [
        ((), "has no layer 'logits'"),
        (
            (keras.layers.Dense(3, name="logits"), keras.layers.Softmax(name="probabilities")),
            "does not resize its images",
        ),
    ],
)
def test_a_foreign_model_is_refused(layers, what, pictures, tmp_path):
    keras.Sequential([keras.Input((3,)), *layers, keras.layers.Flatten()]).save(tmp_path / "model.keras")
    with pytest.raises(WeightsError, match=rf"^The model {what}.*not one that Graft exported"):
        evaluate(tmp_path, pictures[1], originals=pictures[0])

"""Evaluates a finished run on its exported model. Worker only: imports Keras.

The full-size upright pixels of the original files go through the graph of `model.keras`, including its resizing, so the
report is about the file that is exported.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.errors import GraftError
from core.evaluation.inference.extraction import Progress, extract_features
from core.evaluation.inference.predictions import PREDICTIONS_FILE, Predictions, write_predictions
from core.evaluation.inference.served_model import ServedModel
from core.evaluation.metrics.baselines import measure_baselines
from core.evaluation.metrics.calibration import fit_temperature, is_noticeable
from core.evaluation.metrics.embedding import make_embedding, measure_ood, write_embedding
from core.evaluation.rendering.tensorboard import write_tensorboard
from core.evaluation.report.report import REPORT_FILE, Report, read_report, write_report
from core.evaluation.report.summary import Temperature, summarise
from core.jobs.events import EVENTS_FILE, Epoch, load_event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import MODEL_FILE, read_recipe
from core.training.serving import save_model, set_temperature

# Training images that are evaluated, at most: enough to see overfitting and to set the out-of-distribution threshold.
TRAIN_SAMPLE: Final = 1000


def evaluate(
    out: Path,
    manifest: Manifest,
    *,
    originals: OriginalStore,
    settings: Settings | None = None,
    say: Callable[[str], None] = lambda _sentence: None,
    on_progress: Progress = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
    relabelled_by_model: int = 0,
) -> Report:
    """Evaluate the model of a run's folder and write the results beside it.

    Writes `report.json`, `predictions.csv`, `features.npz` and the TensorBoard logs, and `model.keras` again where a
    temperature improves its confidence. Evaluating twice gives the same report.

    Args:
        out: The run's folder with `model.keras`, and `events.jsonl` where there is one.
        manifest: The images of the run.
        originals: The store of their files.
        settings: Where converted networks and features are cached; None caches nothing and computes with TensorFlow.
        say: Called with sentences for the run's log.
        on_progress: Called with the images done and their total.
        should_stop: Called between batches.
        relabelled_by_model: Test images whose label was changed after a network had disagreed with it.

    Raises:
        DatasetError: A split is empty.
        NotFoundError: There is no model.
        WeightsError: The model cannot be loaded.
        ImageError: An image is missing.
        RunStopped: `should_stop` returned True.
        WorkspaceError: The disk is full or not writable.
    """
    manifest.check()
    served = ServedModel.load(out / MODEL_FILE)
    rows = measured_rows(manifest)
    extracted = extract_features(
        served,
        [manifest.digests[row] for row in rows],
        originals=originals,
        names=[manifest.names[row] for row in rows],
        settings=settings,
        say=say,
        on_progress=on_progress,
        should_stop=should_stop,
    )
    splits, true = manifest.splits[rows], manifest.labels[rows]
    temperature = _calibrate(served, out, manifest, extracted.features, splits, true)
    predictions = Predictions(
        manifest.classes,
        tuple(manifest.digests[row] for row in rows),
        tuple(manifest.names[row] for row in rows),
        splits,
        true,
        served.classify(extracted.features)[1],
    )
    epochs = _epochs(out)
    embedding = make_embedding(predictions.digests, splits, extracted.features)
    report = summarise(
        predictions,
        temperature=temperature,
        baselines=measure_baselines(
            manifest.classes,
            train=(extracted.thumbnails[splits == TRAIN], true[splits == TRAIN]),
            test=(extracted.thumbnails[splits == TEST], true[splits == TEST]),
        ),
        ood=measure_ood(embedding, true, manifest.classes),
        epochs=epochs,
        recipe=read_recipe(out),
        relabelled_by_model=relabelled_by_model,
    )
    write_embedding(embedding, out)
    if epochs:
        write_tensorboard(epochs, out)
    write_predictions(predictions, out / PREDICTIONS_FILE)
    write_report(report, out)
    return report


def measured_rows(manifest: Manifest) -> NDArray[np.int64]:
    """Choose the images to evaluate: all of validation and test, and evenly spread training images of each class."""
    train = manifest.rows(TRAIN)
    if len(train) > TRAIN_SAMPLE:
        by_class = train[np.argsort(manifest.labels[train], kind="stable")]
        train = by_class[np.linspace(0, len(train) - 1, TRAIN_SAMPLE).round().astype(int)]
    return np.sort(np.concatenate([train, manifest.rows(VALIDATION), manifest.rows(TEST)]))


def _calibrate(
    served: ServedModel,
    out: Path,
    manifest: Manifest,
    features: NDArray[np.float32],
    splits: NDArray[np.int8],
    true: NDArray[np.int64],
) -> Temperature:
    """Fit the temperature on the validation split, and put it into the exported model if it makes a difference."""
    earlier = _earlier_temperature(out)
    logits = served.classify(features)[0].astype(np.float64) * earlier
    validation = splits == VALIDATION
    fitted = fit_temperature(logits[validation], true[validation])
    applied = is_noticeable(fitted)
    wanted = fitted if applied else 1.0
    if abs(wanted / earlier - 1) > 1e-6:  # noqa: PLR2004 - the resolution of float32 weights
        set_temperature(served.model, wanted / earlier)
        save_model(served.model, manifest.classes, out)
    return Temperature(fitted, applied, logits[validation], logits[splits == TEST])


def _earlier_temperature(out: Path) -> float:
    """The temperature that the model has already; a report older than the model belongs to another model."""
    report = out / REPORT_FILE
    if not report.exists() or report.stat().st_mtime_ns < (out / MODEL_FILE).stat().st_mtime_ns:
        return 1.0
    try:
        return read_report(out).calibration.temperature
    except GraftError:
        return 1.0


def _epochs(out: Path) -> list[Epoch]:
    path = out / EVENTS_FILE
    if not path.exists():
        return []
    epochs: list[Epoch] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        event = load_event(line)
        if isinstance(event, Epoch):  # a restarted training counts its epochs again
            epochs = [*(earlier for earlier in epochs if earlier.epoch < event.epoch), event]
    return epochs

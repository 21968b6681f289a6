"""Measures a finished run on its exported model. Worker only: imports Keras.

What is measured is what a person takes home: the full-size upright pixels of the original files go through the graph of
`model.keras`, resizing and all.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.errors import GraftError
from core.evaluation.inference import predictions as table
from core.evaluation.inference.extraction import Progress, look
from core.evaluation.inference.predictions import Predictions, write_predictions
from core.evaluation.inference.served_model import ServedModel
from core.evaluation.metrics.baselines import measure_baselines
from core.evaluation.metrics.calibration import fit_temperature, is_worth_it
from core.evaluation.metrics.embedding import make_embedding, measure_ood, write_embedding
from core.evaluation.rendering.tensorboard import write_tensorboard
from core.evaluation.report.report import FILE_NAME, Report, read_report, write_report
from core.evaluation.report.summary import Temperature, summarise
from core.jobs.events import EVENTS_FILE, Epoch, load_event
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.serving import MODEL_FILE, save_model, set_temperature

# Training images that are looked at again, at the most: enough to see overfitting and to know what is familiar.
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
) -> Report:
    """Measure the model of a run's folder and write what is found beside it.

    `report.json`, `predictions.csv`, `features.npz` and the TensorBoard logs are written; `model.keras` is written anew
    where a temperature makes its confidences better. Evaluating again gives the same report.

    Args:
        out: The run's folder with `model.keras`, and `events.jsonl` where there is one.
        manifest: The images of the run.
        originals: Where their files lie.
        settings: Where converted networks and what was seen before are kept; None keeps nothing and computes with
            TensorFlow.
        say: Takes sentences for the run's story.
        on_progress: Told the images done and the images altogether.
        should_stop: Asked between batches.

    Raises:
        DatasetError: A split is empty.
        NotFoundError: There is no model.
        WeightsError: The model cannot be loaded.
        ImageError: An image is gone; names it.
        RunStopped: `should_stop` said so.
        WorkspaceError: The disk is full or not writable.
    """
    manifest.check()
    served = ServedModel.load(out / MODEL_FILE)
    rows = measured_rows(manifest)
    looked = look(
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
    temperature = _calibrate(served, out, manifest, looked.features, splits, true)
    predictions = Predictions(
        manifest.classes,
        tuple(manifest.digests[row] for row in rows),
        tuple(manifest.names[row] for row in rows),
        splits,
        true,
        served.conclude(looked.features)[1],
    )
    epochs = _epochs(out)
    space = make_embedding(predictions.digests, splits, looked.features)
    report = summarise(
        predictions,
        temperature=temperature,
        baselines=measure_baselines(
            manifest.classes,
            known=(looked.thumbnails[splits == TRAIN], true[splits == TRAIN]),
            asked=(looked.thumbnails[splits == TEST], true[splits == TEST]),
        ),
        unknown=measure_ood(space, true, manifest.classes),
        epochs=epochs,
    )
    write_embedding(space, out)
    if epochs:
        write_tensorboard(epochs, out)
    write_predictions(predictions, out / table.FILE_NAME)
    write_report(report, out)
    return report


def measured_rows(manifest: Manifest) -> NDArray[np.int64]:
    """The images that are measured: all validation and test images, and evenly chosen training images of each class."""
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
    """Fit the temperature on the validation split, and put it into the exported model where it changes anything."""
    earlier = _earlier_temperature(out)
    logits = served.conclude(features)[0].astype(np.float64) * earlier
    validation = splits == VALIDATION
    fitted = fit_temperature(logits[validation], true[validation])
    kept = is_worth_it(fitted)
    wanted = fitted if kept else 1.0
    if abs(wanted / earlier - 1) > 1e-6:  # noqa: PLR2004 - what float32 weights can hold
        set_temperature(served.model, wanted / earlier)
        save_model(served.model, manifest.classes, out)
    return Temperature(fitted, kept, logits[validation], logits[splits == TEST])


def _earlier_temperature(out: Path) -> float:
    """What the model's logits were divided by already; a report that is older than the model is of another one."""
    report = out / FILE_NAME
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
        if isinstance(event, Epoch):  # where training began anew, epochs are counted anew
            epochs = [*(earlier for earlier in epochs if earlier.epoch < event.epoch), event]
    return epochs

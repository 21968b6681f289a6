"""Jobs of a trained model: predictions, explanations, the bundle. The models used last stay loaded.

Worker only: imports Keras.
"""

import hashlib
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.catalog.runs import get_run
from core.dataset.pixels import load_image
from core.evaluation.explanation.saliency import EXPLANATIONS
from core.export.bundle import build_bundle
from core.export.predictor import Predictor
from core.jobs.specs import (
    ExplainResult,
    ExplainSpec,
    ExportModelResult,
    ExportModelSpec,
    PredictResult,
    PredictSpec,
)
from core.jobs.worker import JobContext
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore
from core.training.recipe import MODEL_FILE

LOADED_MODELS = 4


def predict(context: JobContext, spec: PredictSpec) -> PredictResult:
    """Classify images."""
    predictor = load_predictor(context, spec.run)
    batch = predictor.predict_batch([context.settings.resolve(path) for path in spec.paths])
    out_of_distribution: tuple[bool, ...] | None = None
    if batch.distances is not None and batch.threshold is not None:
        out_of_distribution = tuple((batch.distances > batch.threshold).tolist())
    return PredictResult(
        classes=predictor.classes,
        probabilities=tuple(map(tuple, batch.probabilities.tolist())),
        out_of_distribution=out_of_distribution,
    )


def explain(context: JobContext, spec: ExplainSpec) -> ExplainResult:
    """Compute a saliency map."""
    settings, served = context.settings, load_predictor(context, spec.run).served
    path = settings.resolve(spec.path) if spec.path is not None else _originals(context).path(spec.digest or "")
    square = served.preprocess(load_image(path, spec.name, served.background, served.bit_depth))
    heat = EXPLANATIONS[spec.method](served, square, spec.class_index)
    folder = _run_folder(context, spec.run) / "explanations"
    folder.mkdir(exist_ok=True)
    key = hashlib.sha256(square.tobytes()).hexdigest()[:32]
    image = _save(square, folder / f"{key}.png")
    name = f"{key}-{spec.class_index}-{spec.method}.png"
    heatmap = _save(np.round(255 * heat).astype(np.uint8), folder / name)
    return ExplainResult(image=settings.relative(image), heatmap=settings.relative(heatmap))


def _save(pixels: NDArray[np.uint8], path: Path) -> Path:
    return write_atomic(path, lambda temporary: Image.fromarray(pixels).save(temporary, "PNG"))


def export_model(context: JobContext, spec: ExportModelSpec) -> ExportModelResult:
    """Pack the bundle of a run."""
    folder = _run_folder(context, spec.run)
    target = folder / f"bundle-{'-'.join(sorted(spec.formats))}.zip"
    certificate = build_bundle(
        folder,
        target,
        originals=_originals(context),
        name=get_run(context.database, folder.name).name,
        formats=spec.formats,
        on_progress=context.progress("Packing the bundle", unit="formats"),
        should_stop=context.should_stop,
    )
    return ExportModelResult(path=context.settings.relative(target), certificate=certificate.model_dump(mode="json"))


def _run_folder(context: JobContext, run_id: str) -> Path:
    """Give the folder of a run.

    Raises:
        NotFoundError: There is no such run.
    """
    return context.settings.runs / get_run(context.database, run_id).id


def _originals(context: JobContext) -> OriginalStore:
    return OriginalStore(context.settings.originals, context.settings.thumbnails)


def load_predictor(context: JobContext, run_id: str) -> Predictor:
    """Give the model of a run, which stays loaded.

    Raises:
        NotFoundError: There is no such run, or it has no model.
        WeightsError: The model cannot be loaded.
    """
    model = _run_folder(context, run_id) / MODEL_FILE
    return _load(model, model.stat().st_mtime_ns if model.exists() else 0)


@lru_cache(maxsize=LOADED_MODELS)
def _load(model: Path, _changed_at: int) -> Predictor:
    return Predictor(model)

"""Answers of a trained model: predictions, explanations, the bundle. The models used last stay warm.

Worker only: imports Keras.
"""

import hashlib
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from core.catalog.runs import get_run
from core.dataset.pixels import load_image
from core.evaluation.explanation.saliency import EXPLANATIONS
from core.export.bundle import build_bundle
from core.export.predictor import Predictor
from core.jobs.worker import JobContext
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore
from core.training.serving import MODEL_FILE

WARM_MODELS = 4


def predict(context: JobContext) -> dict[str, Any]:
    """Classify pictures. Arguments of the job: `run`, its id, and `paths` of image files."""
    predictor = _predictor(context)
    judgement = predictor.judge([Path(path) for path in context.job.arguments["paths"]])
    unlike: list[bool] | None = None
    if judgement.distances is not None and judgement.threshold is not None:
        unlike = (judgement.distances > judgement.threshold).tolist()
    return {
        "classes": list(predictor.classes),
        "probabilities": judgement.probabilities.tolist(),
        "unlike_training": unlike,
    }


def explain(context: JobContext) -> dict[str, Any]:
    """Find what spoke for a class.

    Arguments of the job: `run`; the `digest` of an image or the `path` of a picture, and its `name`; the index of a
    `class`; a `method` of `EXPLANATIONS`. Gives the square that the network sees and the heat map of it, both as files.
    """
    arguments = context.job.arguments
    served = _predictor(context).served
    path = Path(arguments["path"]) if "path" in arguments else _originals(context).path(arguments["digest"])
    square = served.shrink(load_image(path, arguments.get("name", ""), served.background))
    heat = EXPLANATIONS[arguments["method"]](served, square, arguments["class"])
    folder = _run_folder(context) / "explanations"
    folder.mkdir(exist_ok=True)
    key = hashlib.sha256(square.tobytes()).hexdigest()[:32]
    name = f"{key}-{arguments['class']}-{arguments['method']}.png"
    return {
        "square": str(_save(square, folder / f"{key}.png")),
        "heat": str(_save(np.round(255 * heat).astype(np.uint8), folder / name)),
    }


def _save(pixels: NDArray[np.uint8], path: Path) -> Path:
    return write_atomic(path, lambda temporary: Image.fromarray(pixels).save(temporary, "PNG"))


def export(context: JobContext) -> dict[str, Any]:
    """Pack the bundle of a run. Arguments of the job: `run`, its id, and the `formats`."""
    folder = _run_folder(context)
    formats = context.job.arguments["formats"]
    target = folder / f"bundle-{'-'.join(sorted(formats))}.zip"
    certificate = build_bundle(
        folder,
        target,
        originals=_originals(context),
        name=get_run(context.database, folder.name).name,
        formats=formats,
        on_progress=context.progress("Packing the bundle", unit="formats"),
        should_stop=context.should_stop,
    )
    return {"bundle": str(target), "certificate": certificate.model_dump(mode="json")}


def _run_folder(context: JobContext) -> Path:
    """Give the folder of the run that the job names.

    Raises:
        NotFoundError: There is no such run.
    """
    return context.settings.runs / get_run(context.database, context.job.arguments["run"]).id


def _originals(context: JobContext) -> OriginalStore:
    return OriginalStore(context.settings.originals, context.settings.thumbnails)


def _predictor(context: JobContext) -> Predictor:
    model = _run_folder(context) / MODEL_FILE
    return _warm(model, model.stat().st_mtime_ns if model.exists() else 0)


@lru_cache(maxsize=WARM_MODELS)
def _warm(model: Path, _changed_at: int) -> Predictor:
    return Predictor(model)

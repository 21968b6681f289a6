"""`python -m core predict`: classify images with a trained model."""

import argparse
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from core.errors import ImageError
from core.settings import Settings

if TYPE_CHECKING:
    from core.export.predictor import FilePrediction

OUT_OF_DISTRIBUTION = "unlike the training images: none of these?"


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Print the most probable class of each image, or with `--json` all probabilities.

    All files that can be read are classified; each other one gets its reason on standard error.

    Raises:
        ImageError: A file could not be read, or a folder has no images; raised after all others were classified.
    """
    from core.export.predictor import Predictor
    from core.training.serving import MODEL_FILE

    paths = list(_list_images(options.images))
    predictor = Predictor(options.model / MODEL_FILE if options.model.is_dir() else options.model)
    predictions = predictor.predict_files(paths)
    if options.json:
        print(json.dumps([_as_json(one, predictor.classes) for one in predictions]))
    else:
        for one in predictions:
            _print(one, predictor.classes)
    sys.stdout.flush()
    errors = [one.error for one in predictions if one.error is not None]
    for error in errors[:-1]:
        print(f"graft: {error}", file=sys.stderr)
    if errors:
        raise ImageError(errors[-1])


def _list_images(paths: Iterable[Path]) -> Iterator[Path]:
    """List files as they are, and of folders all files with the suffix of an image format, in order."""
    suffixes = {".heic", ".heif", *Image.registered_extensions()}
    for path in paths:
        if path.is_dir():
            found = sorted(
                one
                for one in path.rglob("*")
                if one.suffix.lower() in suffixes and one.is_file() and not one.name.startswith(".")
            )
            if not found:
                raise ImageError(f"There is no image in the folder {path}.", "Name another one.")
            yield from found
        else:
            yield path


def _as_json(one: "FilePrediction", classes: tuple[str, ...]) -> dict[str, Any]:
    if one.probabilities is None:
        return {"file": str(one.path), "class": None, "confidence": None, "probabilities": {}, "error": one.error}
    return {
        "file": str(one.path),
        "class": classes[int(one.probabilities.argmax())],
        "confidence": float(one.probabilities.max()),
        "probabilities": dict(zip(classes, map(float, one.probabilities), strict=True)),
        "none_of_these": one.is_ood,
    }


def _print(one: "FilePrediction", classes: tuple[str, ...]) -> None:
    if one.probabilities is None:
        return
    note = f" - {OUT_OF_DISTRIBUTION}" if one.is_ood else ""
    print(f"{one.path}: {classes[int(one.probabilities.argmax())]} ({one.probabilities.max():.1%}){note}")

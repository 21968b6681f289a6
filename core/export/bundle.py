"""The bundle: one zip with the model in certified formats and all that is needed to use and trust it.

Worker only: imports Keras and TensorFlow.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from core.dataset.manifest import TEST
from core.dataset.manifest_file import load_manifest
from core.dataset.pixels import load_image
from core.errors import GraftError, InputError, NotFoundError, RunStopped
from core.evaluation.inference import predictions as table
from core.evaluation.inference.predictions import read_predictions
from core.evaluation.inference.served_model import ServedModel
from core.evaluation.report import report as report_file
from core.evaluation.report.report import read_report
from core.export import bundle_files, card, certificate
from core.export.bundle_files.preprocess import square
from core.export.card import model_card
from core.export.certificate import Certificate, Certified
from core.export.formats import FORMATS, Format
from core.export.writers import WRITERS
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors
from core.training.recipe import RECIPE_FILE, read_recipe
from core.training.serving import LABELS_FILE, MODEL_FILE

INPUT_FILE: Final = "input.json"
# Real images that each format is asked about, spread over the test split.
ASKED: Final = 16
# What predict.py imports; everything else comes with these.
PACKAGES: Final = ("keras", "tensorflow", "numpy", "pillow")
# Numbers hardly get smaller by packing; text does.
TEXT: Final = (".json", ".md", ".py", ".txt", ".xml")


@dataclass(frozen=True)
class _Verification:
    """Test images and what the app says about them."""

    pixels: list[NDArray[np.uint8]]
    probabilities: NDArray[np.float64]


def build_bundle(
    out: Path,
    target: Path,
    *,
    originals: OriginalStore,
    name: str = "Model",
    formats: Sequence[str] = ("keras",),
    on_progress: Callable[[int, int], None] = lambda _done, _total: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Certificate:
    """Pack an evaluated run.

    Args:
        out: The run's folder: model, labels, recipe, manifest, report and predictions.
        target: The zip to write; appears whole or not at all.
        originals: Where the images lie that the files are certified on.
        name: What the model card calls the model.
        formats: Keys of `FORMATS`; `keras` is always in. A format that cannot be written or does not agree with the
            app is left out, and the certificate says why.
        on_progress: Told the formats done and the formats altogether.
        should_stop: Asked between formats.

    Raises:
        InputError: A format that does not exist, a damaged file of the run, or a model that is not the one evaluated.
        NotFoundError: The run was not evaluated, or a file of it is gone.
        WeightsError: The model cannot be loaded.
        ImageError: An image that it is certified on is gone.
        RunStopped: `should_stop` said so.
        WorkspaceError: The disk is full or not writable.
    """
    wanted = _wanted(formats)
    report, recipe, manifest = read_report(out), read_recipe(out), load_manifest(out)
    if recipe is None:
        raise NotFoundError("The recipe of this run is gone.", "Train again.")
    served = ServedModel.load(out / MODEL_FILE)
    asked = _ask(out, originals, served.background)
    with tempfile.TemporaryDirectory(prefix="graft-bundle-") as temporary:
        folder = Path(temporary)
        certified: dict[str, Certified] = {}
        left_out: dict[str, str] = {}
        for done, listed in enumerate(wanted):
            if should_stop():
                raise RunStopped("The export was stopped.")
            on_progress(done, len(wanted))
            try:
                certified[listed.path] = _write_and_prove(listed, served, folder / listed.path, asked)
            except _NotCertifiedError as error:
                left_out[listed.path] = str(error)
        proved = Certificate(images=len(asked.pixels), formats=certified, left_out=left_out, made_with=_versions())
        text = model_card(name, report, recipe, manifest, proved)
        _accompany(folder, out, served, proved, text)
        write_atomic(target, lambda path: _pack(folder, path))
    on_progress(len(wanted), len(wanted))
    return proved


class _NotCertifiedError(Exception):
    """A format stays out of the bundle; its words are the reason."""


def _wanted(formats: Sequence[str]) -> list[Format]:
    if unknown := [key for key in formats if key not in FORMATS]:
        raise InputError(f"There is no format {unknown[0]!r}.", f"Choose from {', '.join(FORMATS)}.")
    return [listed for key, listed in FORMATS.items() if key == "keras" or key in formats]


def _ask(out: Path, originals: OriginalStore, background: str) -> _Verification:
    test = read_predictions(out / table.FILE_NAME).of_split(TEST)
    rows = np.unique(np.linspace(0, len(test) - 1, ASKED).round().astype(np.int64))
    pixels = [load_image(originals.path(test.digests[row]), test.names[row], background) for row in rows]
    return _Verification(pixels, test.probabilities[rows])


def _write_and_prove(listed: Format, served: ServedModel, path: Path, asked: _Verification) -> Certified:
    """Write a format and compare what was written with what the app says."""
    write, open_written = WRITERS[listed.key]
    try:
        write(served, path)
        answer = open_written(path)
        answers = np.stack([answer(_fed(listed, served, pixels)) for pixels in asked.pixels])
    except (GraftError, OSError):
        raise
    except Exception as error:  # converters raise nearly everything
        _remove(path)
        raise _NotCertifiedError(f"it cannot be written ({type(error).__name__}).") from error
    difference = float(np.abs(answers - asked.probabilities).max())
    if difference > listed.tolerance:
        _remove(path)
        if listed.key == "keras":
            raise InputError("The model is not the one that the report is about.", "Evaluate the run again.")
        raise _NotCertifiedError(f"its probabilities differ by up to {difference:.2g}.")
    same = int(np.sum(answers.argmax(axis=1) == asked.probabilities.argmax(axis=1)))
    return Certified(largest_difference=difference, same_class=same, tolerance=listed.tolerance)


def _fed(listed: Format, served: ServedModel, pixels: NDArray[np.uint8]) -> NDArray[np.uint8] | NDArray[np.float32]:
    if listed.any_size:
        return pixels[np.newaxis]
    return square(pixels, served.size, served.resize)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _versions() -> dict[str, str]:
    return {package: version(package) for package in PACKAGES}


def _accompany(folder: Path, out: Path, served: ServedModel, proved: Certificate, text: str) -> None:
    """Everything in the bundle but the model itself."""
    for file in (LABELS_FILE, RECIPE_FILE, report_file.FILE_NAME):
        shutil.copyfile(out / file, folder / file)
    described = {"size": served.size, "resize": served.resize, "background": served.background}
    for script in ("predict.py", "preprocess.py"):
        shutil.copyfile(Path(bundle_files.__file__).with_name(script), folder / script)
    (folder / INPUT_FILE).write_text(json.dumps(described) + "\n", encoding="utf-8")
    (folder / certificate.FILE_NAME).write_text(proved.model_dump_json(indent=1) + "\n", encoding="utf-8")
    (folder / card.FILE_NAME).write_text(text, encoding="utf-8")
    pinned = "".join(f"{package}=={number}\n" for package, number in proved.made_with.items())
    (folder / "requirements.txt").write_text(pinned, encoding="utf-8")


def _pack(folder: Path, target: Path) -> None:
    with describe_disk_errors(target.name), zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            packing = zipfile.ZIP_DEFLATED if path.suffix in TEXT else zipfile.ZIP_STORED
            archive.write(path, path.relative_to(folder), packing)

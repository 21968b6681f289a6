"""Builds the bundle: one zip with the model in certified formats and everything that is needed to use it.

Worker only: imports Keras and TensorFlow.
"""

import json
import shutil
import tempfile
import zipfile
from collections.abc import Callable, Container, Sequence
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
from core.evaluation.inference.predictions import PREDICTIONS_FILE, read_predictions
from core.evaluation.inference.served_model import ServedModel
from core.evaluation.metrics.embedding import FEATURES_FILE, read_embedding
from core.evaluation.report.report import REPORT_FILE, read_report
from core.export import bundle_files
from core.export.bundle_files.preprocess import square
from core.export.card import CARD_FILE, write_card
from core.export.certificate import CERTIFICATE_FILE, Certificate, FormatCertificate
from core.export.formats import FORMATS, OOD_TOLERANCE, Format
from core.export.ood import OodReference, read_reference
from core.export.writers import WRITERS, Answer
from core.storage.atomic import write_atomic
from core.storage.blobs import OriginalStore
from core.storage.disk import describe_disk_errors
from core.training.recipe import LABELS_FILE, MODEL_FILE, RECIPE_FILE, read_recipe

INPUT_FILE: Final = "input.json"
# Images that each format is verified on, spread over the test split.
VERIFICATION_IMAGES: Final = 16
# The packages that predict.py imports, directly or through Keras.
PACKAGES: Final = ("keras", "tensorflow", "numpy", "pillow")
# Compressed in the zip; weights hardly compress.
TEXT_SUFFIXES: Final = (".json", ".md", ".py", ".txt", ".xml")


@dataclass(frozen=True)
class _Verification:
    """Test images and the app's predictions of them."""

    pixels: list[NDArray[np.uint8]]
    probabilities: NDArray[np.float64]
    ood_scores: NDArray[np.float64] | None


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
        target: The zip, written atomically.
        originals: The store of the images that the files are verified on.
        name: Title of the model card.
        formats: Keys of `FORMATS`; `keras` is always included. A format that cannot be written, or differs from the
            app, is left out with its reason in the certificate.
        on_progress: Called with the formats done and their total.
        should_stop: Called between formats.

    Raises:
        InputError: An unknown format, a damaged file of the run, or a model other than the evaluated one.
        NotFoundError: The run was not evaluated, or a file of it is missing.
        WeightsError: The model cannot be loaded.
        ImageError: An image that it is verified on is missing.
        RunStopped: `should_stop` returned True.
        WorkspaceError: The disk is full or not writable.
    """
    chosen = _chosen(formats)
    report, recipe, manifest = read_report(out), read_recipe(out), load_manifest(out)
    if recipe is None:
        raise NotFoundError("The recipe of this run is gone.", "Train again.")
    served = ServedModel.load(out / MODEL_FILE)
    ood, verification = read_reference(out), _load_verification(out, originals, served)
    with tempfile.TemporaryDirectory(prefix="graft-bundle-") as temporary:
        folder = Path(temporary)
        certified: dict[str, FormatCertificate] = {}
        left_out: dict[str, str] = {}
        for done, listed in enumerate(chosen):
            if should_stop():
                raise RunStopped("The export was stopped.")
            on_progress(done, len(chosen))
            try:
                certified[listed.path] = _write_and_verify(listed, served, folder / listed.path, ood, verification)
            except _NotCertifiedError as error:
                left_out[listed.path] = str(error)
        certificate = Certificate(
            images=len(verification.pixels),
            formats=certified,
            left_out=left_out,
            made_with=_versions(certified),
        )
        _write_bundle_files(folder, out, served, certificate)
        card = write_card(name, report, recipe, manifest, certificate)
        (folder / CARD_FILE).write_text(card, encoding="utf-8")
        write_atomic(target, lambda path: _pack(folder, path))
    on_progress(len(chosen), len(chosen))
    return certificate


class _NotCertifiedError(Exception):
    """A format is left out of the bundle; the message is the reason."""


def _chosen(formats: Sequence[str]) -> list[Format]:
    if unknown := [key for key in formats if key not in FORMATS]:
        raise InputError(f"There is no format {unknown[0]!r}.", f"Choose from {', '.join(FORMATS)}.")
    return [listed for key, listed in FORMATS.items() if key == "keras" or key in formats]


def _load_verification(out: Path, originals: OriginalStore, served: ServedModel) -> _Verification:
    test = read_predictions(out / PREDICTIONS_FILE).of_split(TEST)
    rows = np.unique(np.linspace(0, len(test) - 1, VERIFICATION_IMAGES).round().astype(np.int64))
    pixels = [
        load_image(originals.path(test.digests[row]), test.names[row], served.background, served.bit_depth)
        for row in rows
    ]
    return _Verification(pixels, test.probabilities[rows], _ood_scores(out, [test.digests[row] for row in rows]))


def _ood_scores(out: Path, digests: Sequence[str]) -> NDArray[np.float64] | None:
    if not (out / FEATURES_FILE).exists():
        return None
    embedding = read_embedding(out)
    rows = [embedding.digests.index(digest) for digest in digests]
    return embedding.distances(embedding.features[rows]) / embedding.threshold


def _write_and_verify(
    listed: Format, served: ServedModel, path: Path, ood: OodReference | None, verification: _Verification
) -> FormatCertificate:
    """Write a format and compare its predictions with the app's."""
    write, load = WRITERS[listed.key]
    try:
        write(served, path, ood)
        predict = load(path)
        answers = [predict(_model_input(listed, served, pixels)) for pixels in verification.pixels]
    except (GraftError, OSError):
        raise
    except Exception as error:  # converters raise exceptions of any type
        _remove(path)
        raise _NotCertifiedError(f"it cannot be written ({type(error).__name__}).") from error
    probabilities = np.stack([answer.probabilities for answer in answers])
    difference = float(np.abs(probabilities - verification.probabilities).max())
    ood_difference = _ood_difference(answers, verification)
    if difference > listed.tolerance:
        _remove(path)
        if listed.key == "keras":
            raise InputError("The model is not the one that the report is about.", "Evaluate the run again.")
        raise _NotCertifiedError(f"its probabilities differ by up to {difference:.2g}.")
    if ood_difference is not None and ood_difference > OOD_TOLERANCE:
        _remove(path)
        raise _NotCertifiedError(f"its out-of-distribution scores differ by up to {ood_difference:.2g}.")
    same = int(np.sum(probabilities.argmax(axis=1) == verification.probabilities.argmax(axis=1)))
    return FormatCertificate(
        largest_difference=difference,
        same_class=same,
        tolerance=listed.tolerance,
        largest_ood_difference=ood_difference,
    )


def _ood_difference(answers: Sequence[Answer], verification: _Verification) -> float | None:
    if verification.ood_scores is None:
        return None
    scores = [np.inf if answer.ood_score is None else answer.ood_score for answer in answers]
    return float(np.abs(np.array(scores) - verification.ood_scores).max())


def _model_input(
    listed: Format, served: ServedModel, pixels: NDArray[np.uint8]
) -> NDArray[np.uint8] | NDArray[np.float32]:
    if listed.any_size:
        return pixels[np.newaxis]
    return square(pixels, served.size, served.resize)


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _versions(paths: Container[str]) -> dict[str, str]:
    """Give the versions of the packages that run `predict.py` and the formats with these paths."""
    packages = [*PACKAGES, *(package for one in FORMATS.values() if one.path in paths for package in one.packages)]
    return {package: version(package) for package in dict.fromkeys(packages)}


def _write_bundle_files(folder: Path, out: Path, served: ServedModel, certificate: Certificate) -> None:
    """Write everything in the bundle but the model and the card."""
    for file in (LABELS_FILE, RECIPE_FILE, REPORT_FILE):
        shutil.copyfile(out / file, folder / file)
    model_input = {
        "size": served.size,
        "resize": served.resize,
        "background": served.background,
        "bit_depth": served.bit_depth,
    }
    for script in ("predict.py", "output.py", "preprocess.py"):
        shutil.copyfile(Path(bundle_files.__file__).with_name(script), folder / script)
    (folder / INPUT_FILE).write_text(json.dumps(model_input) + "\n", encoding="utf-8")
    (folder / CERTIFICATE_FILE).write_text(certificate.model_dump_json(indent=1) + "\n", encoding="utf-8")
    pinned = "".join(f"{package}=={number}\n" for package, number in certificate.made_with.items())
    (folder / "requirements.txt").write_text(pinned, encoding="utf-8")


def _pack(folder: Path, target: Path) -> None:
    with describe_disk_errors(target.name), zipfile.ZipFile(target, "w") as archive:
        for path in sorted(folder.rglob("*")):
            compression = zipfile.ZIP_DEFLATED if path.suffix in TEXT_SUFFIXES else zipfile.ZIP_STORED
            archive.write(path, path.relative_to(folder), compression)

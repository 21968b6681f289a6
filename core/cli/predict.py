"""`python -m core predict`: classify images with a trained model."""

import argparse
import contextlib
import hashlib
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.cli.progress import print_event
from core.errors import ImageError, InputError
from core.jobs.events import Message
from core.settings import Settings
from core.training.progress import ProgressReporter
from core.use.event_votes import write_events
from core.use.input_files import InputFiles
from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction
from core.use.prediction_table import check_table_path, write_table
from core.use.sorted_images import check_sorted_folder, write_sorted_folder

if TYPE_CHECKING:
    from core.export.predictor import Predictor
    from core.use.predict_files import FilePrediction

OUT_OF_DISTRIBUTION: Final = "unlike the training images: none of these?"
# Beside the table while its rows are collected; removed once the table is written.
UNFINISHED: Final = ".unfinished"
# Rows that are stored together; the last ones are computed again after a kill.
ROWS_STORED_TOGETHER: Final = 64


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Print the most probable class of each image, or with `--out` write a table.

    All files that can be read are classified; each other one gets its reason, in the table or on standard error.

    Raises:
        InputError: Options contradict each other, or an unfinished table is in the way.
        ImageError: Without a table: a file could not be read; raised after all others were classified.
    """
    _check_options(options)
    if options.resume and options.out.exists() and not _unfinished(options.out).exists():
        print(f"{options.out} is complete: nothing is left to do.", file=sys.stderr)
        return
    with InputFiles(options.images) as files:
        if options.out or options.sort:
            _write(options, settings, files)
        else:
            _print_all(options, settings, files)


def _check_options(options: argparse.Namespace) -> None:
    if not 0 <= options.threshold <= 1:
        raise InputError(f"--threshold is {options.threshold:g}.", "Give a confidence from 0 to 1.")
    if options.resume and options.out is None:
        raise InputError("--resume continues a table, and none is named.", "Add --out.")
    if options.events is not None and options.out is None:
        raise InputError("--events writes a second table, and no first one is named.", "Add --out.")
    if options.sort is not None:
        check_sorted_folder(options.sort, options.images)
    if options.out is None:
        return
    check_table_path(options.out)
    if _unfinished(options.out).exists() and not options.resume:
        raise InputError(
            f"{_unfinished(options.out)} holds the rows of an interrupted prediction.",
            "Add --resume to continue it, or remove the file.",
        )


def _print_all(options: argparse.Namespace, settings: Settings, files: InputFiles) -> None:
    errors, listed = [], []
    with _loaded(options.model) as (predictor, _):
        for one in _predictions(predictor, files, settings):
            if one.probabilities is None:
                errors.append(f"{Path(one.name).name} cannot be read as an image. {one.error}")
            if options.json:
                listed.append(_as_json(one, predictor.classes, errors))
            elif one.probabilities is not None:
                print(_line(one, predictor.classes, options.threshold))
    if options.json:
        print(json.dumps(listed))
    sys.stdout.flush()
    for error in errors[:-1]:
        print(f"graft: {error}", file=sys.stderr)
    if errors:
        raise ImageError(errors[-1])


def _write(options: argparse.Namespace, settings: Settings, files: InputFiles) -> None:
    """Collect the rows in a store, then write table and folders from it."""
    with _store(options.out) as store:
        with _loaded(options.model) as (predictor, digest):
            _check_same_model(store, digest, options.out)
            _fill(store, predictor, files, settings)
        if options.out is not None:
            write_table(store, options.out, options.threshold)
        if options.events is not None:
            events = options.out.with_name(f"{options.out.stem}-events{options.out.suffix}")
            write_events(store, events, options.events, options.threshold)
        if options.sort is not None:
            copied = ProgressReporter(print_event).stage("Copying into folders", "images")
            write_sorted_folder(store, files.read(), options.sort, options.threshold, copied)
        n_files, n_unreadable = store.count(), store.count(PredictionFilter(unreadable=True))
    if options.out is not None:
        _unfinished(options.out).unlink()
    if options.json:
        table = None if options.out is None else str(options.out)
        print(json.dumps({"table": table, "files": n_files, "unreadable": n_unreadable}))
        return
    print(f"{n_files - n_unreadable:,} files classified, {n_unreadable:,} could not be read.", file=sys.stderr)


def _fill(store: PredictionStore, predictor: "Predictor", files: InputFiles, settings: Settings) -> None:
    """Classify the files that have no row yet."""
    report = ProgressReporter(print_event).stage("Classifying", "files")
    rows: list[StoredPrediction] = []
    done, total = store.count(), len(files)
    report(done, total)
    try:
        for one in _predictions(predictor, files, settings, store):
            rows.append(one.to_row(predictor.classes))
            done += 1
            if len(rows) == ROWS_STORED_TOGETHER:
                store.add(rows)
                rows.clear()
            report(done, total)
    finally:
        store.add(rows)


def _predictions(
    predictor: "Predictor", files: InputFiles, settings: Settings, store: PredictionStore | None = None
) -> "Iterator[FilePrediction]":
    from core.use.predict_files import predict_files

    is_done = store.has if store is not None else lambda _name: False
    return predict_files(
        predictor,
        files.read(is_done),
        len(files),
        settings=settings,
        on_message=lambda sentence: print_event(Message(text=sentence)) if store is not None else None,
    )


@contextlib.contextmanager
def _loaded(model: Path) -> "Iterator[tuple[Predictor, str]]":
    """Load a model; gives it with the digest of its file."""
    from core.export.predictor import Predictor, locate_model

    with locate_model(model) as path:
        predictor = Predictor(path)
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
        yield predictor, digest


@contextlib.contextmanager
def _store(out: Path | None) -> Iterator[PredictionStore]:
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="graft-predict-")))
        yield stack.enter_context(PredictionStore(_unfinished(out) if out is not None else folder / "predictions"))


def _check_same_model(store: PredictionStore, digest: str, out: Path | None) -> None:
    begun_with = store.property("model")
    if begun_with not in (None, digest):
        raise InputError(
            f"The rows in {_unfinished(out) if out else ''} are those of another model.",
            "Name that model, or remove the file.",
        )
    store.set_property("model", digest)


def _unfinished(out: Path) -> Path:
    return out.with_name(out.name + UNFINISHED)


def _as_json(one: "FilePrediction", classes: tuple[str, ...], errors: list[str]) -> dict[str, Any]:
    if one.probabilities is None:
        return {"file": one.name, "class": None, "confidence": None, "probabilities": {}, "error": errors[-1]}
    return {
        "file": one.name,
        "class": classes[int(one.probabilities.argmax())],
        "confidence": float(one.probabilities.max()),
        "probabilities": dict(zip(classes, map(float, one.probabilities), strict=True)),
        "none_of_these": one.is_ood,
    }


def _line(one: "FilePrediction", classes: tuple[str, ...], threshold: float) -> str:
    assert one.probabilities is not None
    best, confidence = classes[int(one.probabilities.argmax())], one.probabilities.max()
    note = f" - {OUT_OF_DISTRIBUTION}" if one.is_ood else " - needs a look" if confidence < threshold else ""
    return f"{one.name}: {best} ({confidence:.1%}){note}"

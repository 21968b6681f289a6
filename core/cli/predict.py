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
from core.use.prediction_store import PredictionFilter, PredictionStore
from core.use.prediction_table import check_table_path, write_table
from core.use.sorted_images import SORTED, begin_sorted_folder, check_sorted_folder, write_sorted_folder

if TYPE_CHECKING:
    from core.export.predictor import Predictor
    from core.use.predict_files import FilePrediction

OUT_OF_DISTRIBUTION: Final = "unlike the training images: none of these?"
# Beside the table while its rows are collected; removed once the table is written.
UNFINISHED: Final = ".unfinished"


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Print the most probable class of each image, or with `--out` write a table.

    All files that can be read are classified; each other one gets its reason, in the table or on standard error.

    Raises:
        InputError: Options contradict each other or a run before, or files of others are in the way.
        ImageError: Without a table: a file could not be read; raised after all others were classified.
    """
    _check_options(options)
    if options.resume and options.out.exists() and not _unfinished(options.out).exists():
        _check_complete(options)
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
    if options.sort is not None and not options.resume:
        check_sorted_folder(options.sort, options.images)
    if options.out is None:
        return
    check_table_path(options.out)
    if _unfinished(options.out).exists() and not options.resume:
        raise InputError(
            f"{_unfinished(options.out)} holds the rows of an interrupted prediction.",
            "Add --resume to continue it, or remove the file.",
        )


def _check_complete(options: argparse.Namespace) -> None:
    """Check that a complete table lacks nothing else that is asked for: its rows are gone."""
    missing = [
        name
        for name, path in (("--events", options.events and _events_table(options.out)), ("--sort", options.sort))
        if path and not (path.is_file() or (path.is_dir() and any(path.iterdir())))
    ]
    if missing:
        raise InputError(
            f"{options.out} is complete, and was written without {' and '.join(missing)}.",
            "Leave out --resume to classify the images again.",
        )


def _print_all(options: argparse.Namespace, settings: Settings, files: InputFiles) -> None:
    from core.use.predict_files import predict_files

    errors, listed = [], []
    with _loaded(options.model) as (predictor, _):
        for one in predict_files(predictor, files.read(), len(files), settings=settings):
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
    if options.out is not None:
        check_table_path(options.out, len(files) + 1)
    with _store(options.out) as store:
        if options.sort is not None:
            if options.resume:
                check_sorted_folder(options.sort, options.images, store.property(SORTED), options.threshold)
            begin_sorted_folder(store, options.sort, options.threshold)  # the table may be written into it
        _check_same_inputs(store, options)
        with _loaded(options.model) as (predictor, digest):
            _check_same_model(store, digest, options.out)
            _fill(store, predictor, files, settings)
        if options.out is not None:
            write_table(store, options.out, options.threshold)
        if options.events is not None:
            write_events(store, _events_table(options.out), options.events, options.threshold)
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
    from core.use.predict_files import fill_store

    fill_store(
        store,
        predictor,
        files,
        ProgressReporter(print_event).stage("Classifying", "files"),
        settings=settings,
        on_message=lambda sentence: print_event(Message(text=sentence)),
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


def _check_same_inputs(store: PredictionStore, options: argparse.Namespace) -> None:
    """Check that a resumed prediction has the paths that it began with, as the names in the table follow from them."""
    begun_with, paths = store.property("inputs"), [[str(path), str(path.resolve())] for path in options.images]
    if begun_with not in (None, paths):
        raise InputError(
            f"The rows in {_unfinished(options.out)} are those of other images.",
            "Name the same paths in the same folder, or remove the file.",
        )
    store.set_property("inputs", paths)


def _events_table(out: Path) -> Path:
    return out.with_name(f"{out.stem}-events{out.suffix}")


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

"""Classifying many files. Worker only: imports Keras.

The images are kept as copies in the job's folder, with thumbnails, so that a person can look through the predictions
and take corrected images into the project. A job that is resumed skips the files that have a prediction.
"""

import hashlib
import shutil
from pathlib import Path

from core.catalog.cleanup import remove_uploads
from core.intake.decoder_pool import DecodedImage
from core.intake.decoder_process import THUMBNAIL_SIDE
from core.intake.file_names import is_ignored
from core.intake.formats import ARCHIVE_SUFFIXES
from core.jobs.handlers.models import load_predictor
from core.jobs.specs import PredictFilesResult, PredictFilesSpec
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore
from core.use.input_files import InputFile, InputFiles
from core.use.predict_files import Keep, fill_store
from core.use.prediction_store import (
    PREDICTIONS_FILE,
    PredictionFilter,
    PredictionStore,
    open_copies,
)

SCRATCH = "unpacked"


def predict_files(context: JobContext, spec: PredictFilesSpec) -> PredictFilesResult:
    """Classify the files of an upload.

    Raises:
        ImageError: There is no image among them.
        RunStopped: A person stopped it; what was classified stays.
    """
    folder = context.settings.predictions / context.job.id
    uploads, scratch = context.settings.resolve(spec.folder), folder / SCRATCH
    shutil.rmtree(scratch, ignore_errors=True)  # of a killed process
    scratch.mkdir(parents=True)
    predictor = load_predictor(context, spec.run)
    with (
        InputFiles(_sources(uploads), uploads, context.should_stop, scratch) as files,
        PredictionStore(folder / PREDICTIONS_FILE) as store,
    ):
        store.set_property("classes", predictor.classes)
        fill_store(
            store,
            predictor,
            files,
            context.progress("Classifying", unit="files"),
            settings=context.settings,
            on_message=context.report,
            keep=_keeper(open_copies(folder)),
            thumbnail_side=THUMBNAIL_SIDE,
            should_stop=context.should_stop,
        )
        result = PredictFilesResult(files=store.count(), unreadable=store.count(PredictionFilter(unreadable=True)))
    remove_uploads(context.settings, [uploads])
    return result


def _sources(uploads: Path) -> list[Path]:
    """Give the archives of an upload, in whatever folder, and the upload itself if it has other files."""
    paths = sorted(path for path in uploads.rglob("*") if path.is_file())
    paths = [path for path in paths if not is_ignored(path.relative_to(uploads).parts)]
    archives = [path for path in paths if _is_archive(path)]
    return [*archives, *([uploads] if len(archives) < len(paths) else [])]


def _is_archive(path: Path) -> bool:
    return path.name.lower().endswith(ARCHIVE_SUFFIXES)


def _keeper(copies: OriginalStore) -> Keep:
    def keep(file: InputFile, decoded: DecodedImage) -> str:
        assert file.path
        with file.path.open("rb") as opened:
            digest = hashlib.file_digest(opened, "sha256").hexdigest()
        copies.put_thumbnail(digest, decoded.thumbnail)
        copies.put_file(file.path, digest, move=file.is_scratch)
        return digest

    return keep

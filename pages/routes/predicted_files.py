"""What a job that classified files made: the table, the images sorted into folders, and their thumbnails.

Tables and zips are made when they are asked for, so that they hold the corrections; zips are streamed, so that they
take neither memory nor disk. Who knows a job's random id knows the project's link.
"""

import contextlib
import os
import re
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final, get_args

from starlette.background import BackgroundTask
from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from core.catalog import jobs
from core.errors import GraftError, NotFoundError
from core.jobs.specs import PredictFilesSpec
from core.use.event_votes import EventKind, write_events
from core.use.prediction_store import PREDICTIONS_FILE, PredictionStore, open_copies
from core.use.prediction_table import TABLE_SUFFIXES, threshold_of, write_table
from core.use.sorted_images import write_sorted_zip
from pages.routes.addresses import below_base
from pages.shared.workspace import database, settings

DOWNLOADS: Final = {
    "predictions.csv": "Table (CSV)",
    "predictions.xlsx": "Table (Excel)",
    "sorted.zip": "Images sorted into folders (zip)",
}
EVENT_TABLES: Final[dict[str, EventKind]] = {
    f"{kind}s{suffix}": kind for kind in get_args(EventKind) for suffix in TABLE_SUFFIXES
}
_PATH: Final = "predicted"
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_KEEP: Final = {"Cache-Control": "private, max-age=31536000, immutable"}
_CHUNK_BYTES: Final = 1024**2


def routes() -> list[Route]:
    """The routes, for `st.App`."""
    return [
        Route(below_base(f"{_PATH}/{{job_id}}/thumbnail/{{digest}}"), _send_thumbnail),
        Route(below_base(f"{_PATH}/{{job_id}}/{{name}}"), _send),
    ]


def link(job_id: str, name: str) -> str:
    """The link to a download, one of `DOWNLOADS` and `EVENT_TABLES`, from any page."""
    return f"{_PATH}/{job_id}/{name}"


def thumbnail_link(job_id: str) -> str:
    """The link to a thumbnail, to which the digest is added."""
    return f"{_PATH}/{job_id}/thumbnail/"


def _send_thumbnail(request: Request) -> Response:
    digest = request.path_params["digest"]
    try:
        folder = _folder(request.path_params["job_id"])
    except GraftError as error:
        return PlainTextResponse(str(error), 404)
    path = open_copies(folder).thumbnail_path(digest) if _DIGEST.fullmatch(digest) else None
    if path is None or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type="image/jpeg", headers=_KEEP)


def _send(request: Request) -> Response:
    name = request.path_params["name"]
    try:
        folder = _folder(request.path_params["job_id"])
        if name not in (*DOWNLOADS, *EVENT_TABLES):
            names = ", ".join((*DOWNLOADS, *EVENT_TABLES))
            raise NotFoundError(f"There is no download {name}.", f"Choose from {names}.")
        return _send_zip(folder) if name.endswith(".zip") else _send_table(folder, name)
    except GraftError as error:
        return PlainTextResponse(str(error), 404)


def _folder(job_id: str) -> Path:
    """Give the folder of a job.

    Raises:
        NotFoundError: There is no such job, it classified no files, or its predictions are gone.
    """
    job = jobs.get_job(database(), job_id)
    folder = settings().predictions / job.id
    if job.kind != PredictFilesSpec.kind_name() or not (folder / PREDICTIONS_FILE).is_file():
        raise NotFoundError("There are no such predictions.", "Classify the files again.")
    return folder


def _send_table(folder: Path, name: str) -> Response:
    made = tempfile.TemporaryDirectory(prefix="graft-table-")
    try:
        with PredictionStore(folder / PREDICTIONS_FILE) as store:
            path, threshold = Path(made.name) / name, threshold_of(store)
            if name in EVENT_TABLES:
                write_events(store, path, EVENT_TABLES[name], threshold)
            else:
                write_table(store, path, threshold)
    except BaseException:
        made.cleanup()
        raise
    return FileResponse(path, filename=name, background=BackgroundTask(made.cleanup))


def _send_zip(folder: Path) -> Response:
    headers = {"Content-Disposition": 'attachment; filename="sorted.zip"'}
    return StreamingResponse(_stream_zip(folder), media_type="application/zip", headers=headers)


def _stream_zip(folder: Path) -> Iterator[bytes]:
    """Write the zip in a thread into a pipe, and yield what comes out of it.

    If writing fails, so does the download: a zip without its last images would be valid.
    """
    reading, writing = os.pipe()

    failed: list[Exception] = []

    def write(out: IO[bytes]) -> None:
        went_away = contextlib.suppress(BrokenPipeError)
        try:
            with went_away, out, PredictionStore(folder / PREDICTIONS_FILE) as store:
                write_sorted_zip(out, store, threshold_of(store), open_copies(folder).path)
        except Exception as error:  # raised in the thread that reads
            failed.append(error)

    thread = threading.Thread(target=write, args=(os.fdopen(writing, "wb"),), daemon=True)
    with os.fdopen(reading, "rb") as out:
        thread.start()
        while chunk := out.read(_CHUNK_BYTES):
            yield chunk
    thread.join()
    if failed:
        raise failed[0]

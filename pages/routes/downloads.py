"""Large downloads, streamed from the disk.

Streamlit's download button holds the whole file in the memory of the web process, once for each tab; a dataset of
10,000 photographs does not fit there.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.catalog import jobs
from core.catalog.jobs import Job
from core.catalog.projects import get_project
from core.errors import GraftError
from core.jobs.specs import ExportDatasetResult, ExportDatasetSpec
from pages.routes.addresses import below_base
from pages.shared.workspace import database, settings

_PATH = "packed"
_UNSAFE = '<>:"/\\|?*'


def routes() -> list[Route]:
    """The routes, for `st.App`."""
    return [Route(below_base(f"{_PATH}/{{job_id}}"), _send_packed)]


def link(job_id: str) -> str:
    """The link to the images that a job packed, from any page."""
    return f"{_PATH}/{job_id}"


def packed_file(job: Job) -> Path | None:
    """The zip that a job packed; None if it is no such job, or has not finished."""
    result = job.result if isinstance(job.spec, ExportDatasetSpec) else None
    return settings().resolve(result.path) if isinstance(result, ExportDatasetResult) else None


def _send_packed(request: Request) -> Response:
    """Send the zip of a job that packed images; who knows the job's random id knows the project's link."""
    try:
        job = jobs.get_job(database(), request.path_params["job_id"])
        name = get_project(database(), job.project_id).name
    except GraftError as error:
        return PlainTextResponse(str(error), 404)
    path = packed_file(job)
    if path is None or not path.is_file():
        return PlainTextResponse("The packed images are gone. Pack them again on the Images page.", 404)
    return FileResponse(path, media_type="application/zip", filename=f"{_file_name(name)}.zip")


def _file_name(name: str) -> str:
    """A project's name without the characters that file systems reject."""
    return "".join("-" if letter in _UNSAFE else letter for letter in name).strip(" .") or "images"

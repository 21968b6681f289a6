"""Large files on their way to the browser: sent from the disk piece by piece.

Streamlit's own download button holds the whole file in the memory of the web process, once for each visitor; a data
set of 10,000 photographs does not fit there.
"""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, PlainTextResponse, Response
from starlette.routing import Route

from core.catalog import jobs
from core.catalog.projects import get_project
from core.errors import GraftError
from pages.routes.addresses import below_base
from pages.shared.workspace import database

PACKED = "take-out"
_PATH = "packed"
_UNSAFE = '<>:"/\\|?*'


def routes() -> list[Route]:
    """What the server answers beside the pages, for `st.App`."""
    return [Route(below_base(f"{_PATH}/{{job_id}}"), _send_packed)]


def link(job_id: str) -> str:
    """The link to the images that a job packed, from any page."""
    return f"{_PATH}/{job_id}"


def _send_packed(request: Request) -> Response:
    """Send the zip of a job that packed images; who knows the job's random id knows the project's link."""
    try:
        job = jobs.get_job(database(), request.path_params["job_id"])
        name = get_project(database(), job.project_id).name
    except GraftError as error:
        return PlainTextResponse(str(error), 404)
    path = Path(job.result["zip"]) if job.kind == PACKED and job.result else None
    if path is None or not path.is_file():
        return PlainTextResponse("The packed images are gone. Pack them again on the Images page.", 404)
    return FileResponse(path, media_type="application/zip", filename=f"{_file_name(name)}.zip")


def _file_name(name: str) -> str:
    """A project's name without what file systems refuse."""
    return "".join("-" if letter in _UNSAFE else letter for letter in name).strip(" .") or "images"

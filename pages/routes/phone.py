"""The page of a phone that scanned a project's code, and the upload of its pictures.

The code in the link is the only credential: it allows adding pictures to the classes of one project and reading whether
they were accepted, and no more. A picture is streamed to the disk and ingested like every upload; nothing here decodes
it. No cookie is used, so a page of another site cannot act in a person's name, and the required header keeps such a
page out even if it knew the link.
"""

import html
import json
import re
import secrets
import shutil
import time
from pathlib import Path, PurePosixPath
from string import Template
from typing import Any

from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import HTMLResponse, JSONResponse, Response
from starlette.routing import Route

from core.catalog import jobs
from core.catalog.items import list_rejected_files
from core.catalog.jobs import Job
from core.catalog.labels import list_labels
from core.catalog.projects import get_project
from core.errors import GraftError, ImageError, InputError, NotFoundError, WorkspaceError
from core.jobs.events import Ended
from core.jobs.queue import read_events, submit_files
from core.jobs.specs import IngestSpec
from core.storage.disk import check_free_space, describe_disk_errors
from pages.routes.addresses import below_base
from pages.routes.invitations import Invitation, invitations
from pages.shared.uploads import IMAGE_TYPES
from pages.shared.workspace import database, settings

PICTURE_BYTES = 50_000_000
# File systems count bytes, and a Chinese character has three.
NAME_BYTES = 150
_ASSETS = Path(__file__).parents[2] / "assets"
_PATH = "phone"
_HEADER = "X-Graft"
_BURST = re.compile(r"[0-9a-f]{16}")
_STATUS: dict[type[GraftError], int] = {NotFoundError: 404, ImageError: 413, WorkspaceError: 507}
_CLOSED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def routes() -> list[Route]:
    """The routes, for `st.App`."""
    path = below_base(f"{_PATH}/{{token}}")
    return [
        Route(path, _send_page, methods=["GET"]),
        Route(f"{path}/jobs/{{job_id}}", _send_outcome, methods=["GET"]),
        Route(f"{path}/{{label_id}}", _receive, methods=["POST"]),
    ]


def link(origin: str, invitation: Invitation, label_id: str) -> str:
    """The address in the code: the page for a phone, with a class chosen."""
    return f"{origin}{below_base(_PATH)}/{invitation.token}?class={label_id}"


def _send_page(request: Request) -> Response:
    try:
        invitation = invitations().find(request.path_params["token"])
        name = get_project(database(), invitation.project_id).name
        config = {
            "path": f"{below_base(_PATH)}/{invitation.token}",
            "chosen": request.query_params.get("class"),
            "classes": _classes(invitation.project_id),
            "mostBytes": PICTURE_BYTES,
            "tooLarge": str(_too_large()),
        }
    except GraftError as error:
        return _page("phone-closed.html", 404, sentence=html.escape(str(error)))
    return _page("phone.html", 200, project=html.escape(name), config=json.dumps(config).replace("<", "\\u003c"))


def _page(template: str, status: int, **parts: str) -> HTMLResponse:
    nonce = secrets.token_urlsafe(16)
    text = Template((_ASSETS / template).read_text(encoding="utf-8")).substitute(
        nonce=nonce,
        css=(_ASSETS / "phone.css").read_text(encoding="utf-8"),
        js=(_ASSETS / "phone.js").read_text(encoding="utf-8"),
        **parts,
    )
    policy = (
        f"default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; connect-src 'self'; "
        "media-src 'self' blob: mediastream:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
    return HTMLResponse(text, status, headers={**_CLOSED, "Content-Security-Policy": policy})


async def _receive(request: Request) -> Response:
    """Store a picture and queue its ingestion."""
    try:
        project_id, label = await run_in_threadpool(_check, request)
        path = await _store(request)
        invitations().count_bytes(request.path_params["token"], path.stat().st_size)
        job = await run_in_threadpool(_submit, project_id, label, request.query_params.get("burst", ""), path)
    except GraftError as error:
        return _refusal(error)
    except ClientDisconnect:
        return Response(status_code=400)
    return JSONResponse({"job": job, "name": path.name}, headers=_CLOSED)


def _check(request: Request) -> tuple[str, str]:
    """The project and the name of the class to which a picture is added.

    Raises:
        ImageError: The picture is too large.
        InputError: It was not sent by Graft's page.
        NotFoundError: The code is invalid or used up, or there is no such class.
    """
    if _HEADER not in request.headers:
        raise InputError("The picture was not sent by the page of Graft.", "Scan the code on the Images page.")
    project_id = invitations().let_in(request.path_params["token"]).project_id
    names = {label.id: label.name for label in list_labels(database(), project_id)}
    if request.path_params["label_id"] not in names:
        raise NotFoundError("This class is not in the project, or not any more.", "Choose another one.")
    if request.headers.get("Content-Length", "0").isdecimal():
        _check_size(int(request.headers.get("Content-Length", "0")))
    return project_id, names[request.path_params["label_id"]]


async def _store(request: Request) -> Path:
    """Write a picture to the disk; an incomplete one is removed."""
    path = settings().uploads / secrets.token_hex(8) / _file_name(request.query_params.get("name", ""))
    try:
        with describe_disk_errors("The picture"):
            check_free_space(path.parent, PICTURE_BYTES)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("wb") as file:
                size = 0
                async for chunk in request.stream():
                    size += len(chunk)
                    _check_size(size)
                    await run_in_threadpool(file.write, chunk)
    except BaseException:
        shutil.rmtree(path.parent, ignore_errors=True)
        raise
    return path


def _submit(project_id: str, label: str, burst: str, path: Path) -> str:
    group = f"burst {burst}" if _BURST.fullmatch(burst) else None
    paths = (settings().relative(path),)
    spec = IngestSpec(paths=paths, label=label, group=group, images_only=True, remove_uploads=True)
    return submit_files(database(), settings(), project_id, spec)


def _send_outcome(request: Request) -> Response:
    """Send the outcome of a job's pictures and the number of images of each class."""
    try:
        project_id = invitations().find(request.path_params["token"]).project_id
        job = jobs.get_job(database(), request.path_params["job_id"])
        if job.project_id != project_id or not (isinstance(job.spec, IngestSpec) and job.spec.images_only):
            raise NotFoundError("This code is for another project.", "Scan the code that the Images page shows.")
        outcome = {"ended": job.ended, "refused": _refused(job), "classes": _classes(project_id)}
    except GraftError as error:
        return _refusal(error)
    return JSONResponse(outcome, headers=_CLOSED)


def _refused(job: Job) -> dict[str, str]:
    """Why a job's pictures were rejected, by name; all of them, if the job did not finish."""
    names = [PurePosixPath(path).name for path in job.spec_as(IngestSpec).paths]
    if job.status in ("failed", "stopped"):
        story = [event for _, _, event in read_events(database(), job.id) if isinstance(event, Ended)]
        return dict.fromkeys(names, f"{story[-1].reason} {story[-1].hint}".strip() if story else "It was cancelled.")
    return {one.name: one.reason for one in list_rejected_files(database(), job.project_id) if one.name in names}


def _classes(project_id: str) -> list[dict[str, Any]]:
    labels = list_labels(database(), project_id)
    return [{"id": label.id, "name": label.name, "images": label.images + label.excluded} for label in labels]


def _refusal(error: GraftError) -> JSONResponse:
    return JSONResponse({"error": str(error)}, _STATUS.get(type(error), 400), headers=_CLOSED)


def _check_size(size: int) -> None:
    if size > PICTURE_BYTES:
        raise _too_large()


def _too_large() -> ImageError:
    return ImageError(
        f"The picture is larger than {PICTURE_BYTES / 1e6:.0f} MB, the most that a phone can send.",
        "Make it smaller, or add it on the computer.",
    )


def _file_name(sent: str) -> str:
    """A name with the time of the upload; phones give many pictures the same name."""
    path = PurePosixPath(sent.replace("\\", "/"))
    letters = re.sub(r"[^\w\-. ()]", "_", path.stem).encode()[:NAME_BYTES].decode(errors="ignore") or "picture"
    suffix = path.suffix.lower() if path.suffix.lower().lstrip(".") in IMAGE_TYPES else ".jpg"
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(now))
    return f"phone {stamp}.{int(now * 1000) % 1000:03} {letters}{suffix}"

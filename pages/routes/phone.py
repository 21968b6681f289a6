"""What a phone gets and sends that scanned the code of a project: a page of its own, picture by picture.

The code in the link is all that a phone has: with it, it can add pictures to the classes of one project, and see what
became of them; it sees no other picture. A picture goes to the disk piece by piece and then the way of every upload, so
nothing here opens it. No cookie says who asks, so another site's page cannot borrow a visitor's; the header that is
asked for keeps such pages out even if they knew the link.
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
from core.storage.disk import describe_disk_errors
from pages.routes.addresses import below_base
from pages.routes.invitations import Invitation, invitations
from pages.shared.uploads import IMAGE_TYPES
from pages.shared.workspace import database, settings

PICTURE_BYTES = 50_000_000
NAME_LENGTH = 80
_ASSETS = Path(__file__).parents[2] / "assets"
_PATH = "phone"
_HEADER = "X-Graft"
_BURST = re.compile(r"[0-9a-f]{16}")
_STATUS: dict[type[GraftError], int] = {NotFoundError: 404, ImageError: 413, WorkspaceError: 507}
_CLOSED = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer", "X-Content-Type-Options": "nosniff"}


def routes() -> list[Route]:
    """What the server answers to phones, for `st.App`."""
    place = below_base(f"{_PATH}/{{token}}")
    return [
        Route(place, _send_page, methods=["GET"]),
        Route(f"{place}/jobs/{{job_id}}", _send_outcome, methods=["GET"]),
        Route(f"{place}/{{label_id}}", _receive, methods=["POST"]),
    ]


def link(origin: str, invitation: Invitation, label_id: str) -> str:
    """The address that the code carries: the page for a phone, with a class chosen."""
    return f"{origin}{below_base(_PATH)}/{invitation.token}?class={label_id}"


def _send_page(request: Request) -> Response:
    try:
        invitation = invitations().find(request.path_params["token"])
        name = get_project(database(), invitation.project_id).name
        place = {
            "path": f"{below_base(_PATH)}/{invitation.token}",
            "chosen": request.query_params.get("class"),
            "classes": _classes(invitation.project_id),
            "mostBytes": PICTURE_BYTES,
            "tooLarge": str(_too_large()),
        }
    except GraftError as error:
        return _page("phone-closed.html", 404, sentence=html.escape(str(error)))
    return _page("phone.html", 200, project=html.escape(name), place=json.dumps(place).replace("<", "\\u003c"))


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
    """Keep a picture on the disk and queue its intake."""
    try:
        project_id, label = await run_in_threadpool(_check, request)
        path = await _keep(request)
        job = await run_in_threadpool(_submit, project_id, label, request.query_params.get("burst", ""), path)
    except GraftError as error:
        return _refusal(error)
    except ClientDisconnect:
        return Response(status_code=400)
    return JSONResponse({"job": job, "name": path.name}, headers=_CLOSED)


def _check(request: Request) -> tuple[str, str]:
    """Project and name of the class that a picture is for.

    Raises:
        ImageError: It is larger than it may be.
        InputError: The page that sends it is not Graft's.
        NotFoundError: The code is not valid any more or used up, or the project or the class is not there.
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


async def _keep(request: Request) -> Path:
    """Write a picture to the disk; what cannot be kept whole is not kept at all."""
    path = settings().uploads / secrets.token_hex(8) / _file_name(request.query_params.get("name", ""))
    try:
        with describe_disk_errors(str(path.parent)):
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
    """Tell what became of the pictures of a job, and how many each class has by now."""
    try:
        project_id = invitations().find(request.path_params["token"]).project_id
        job = jobs.get_job(database(), request.path_params["job_id"])
        if job.project_id != project_id or not (isinstance(job.spec, IngestSpec) and job.spec.images_only):
            raise NotFoundError("This code is for another project.", "Scan the one that the Images page shows.")
        outcome = {"ended": job.ended, "refused": _refused(job), "classes": _classes(project_id)}
    except GraftError as error:
        return _refusal(error)
    return JSONResponse(outcome, headers=_CLOSED)


def _refused(job: Job) -> dict[str, str]:
    """Why a job's pictures were not taken in, by name; all of them, if the job did not finish."""
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
    """A name that tells when the picture came; phones call theirs all the same."""
    path = PurePosixPath(sent.replace("\\", "/"))
    letters = re.sub(r"[^\w\-. ()]", "_", path.stem)[:NAME_LENGTH] or "picture"
    suffix = path.suffix.lower() if path.suffix.lower().lstrip(".") in IMAGE_TYPES else ".jpg"
    now = time.time()
    stamp = time.strftime("%Y-%m-%d %H.%M.%S", time.localtime(now))
    return f"phone {stamp}.{int(now * 1000) % 1000:03} {letters}{suffix}"

"""Thumbnails, one request each."""

import re

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import Route

from pages.routes.addresses import below_base
from pages.shared.workspace import store

_PATH = "thumbnail"
_DIGEST = re.compile(r"[0-9a-f]{64}")
# The thumbnail of a digest never changes; it is private, so no shared cache may store it.
_KEEP = {"Cache-Control": "private, max-age=31536000, immutable"}


def routes() -> list[Route]:
    """The routes, for `st.App`."""
    return [Route(below_base(f"{_PATH}/{{digest}}"), _send)]


def link(digest: str) -> str:
    """The link to the thumbnail of an image, relative to any page."""
    return f"{_PATH}/{digest}"


def _send(request: Request) -> Response:
    """Send a thumbnail. Whoever knows the SHA-256 of an image has the image or a link to its project."""
    digest = request.path_params["digest"]
    path = store().thumbnail_path(digest) if _DIGEST.fullmatch(digest) else None
    if path is None or not path.is_file():
        return Response(status_code=404)
    return FileResponse(path, media_type="image/jpeg", headers=_KEEP)

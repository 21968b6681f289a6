"""Uploads of the upload widgets, streamed to the disk.

Streamlit's own route keeps each file in the memory of the web process until the tab is closed, also under an id that no
widget gave out. This middleware answers in its place: the file goes to the disk piece by piece, and Streamlit gets an
empty file of the same name, by which the widget knows it. `pages.shared.uploads` moves the file from here.
"""

import os
import re
import secrets
import shutil
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

import streamlit as st
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from core.errors import GraftError, InputError, WorkspaceError
from core.storage.disk import describe_disk_errors
from pages import compat
from pages.routes.addresses import below_base
from pages.shared.uploads import waiting_file

if TYPE_CHECKING:
    from python_multipart.multipart import MultipartCallbacks

# Files of one tab that wait for their ingestion, together.
TAB_BYTES: Final = 50_000_000_000
FREE_BYTES: Final = 1_000_000_000
# A tab that lost its connection comes back within this time.
ABANDONED_SECONDS: Final = 60 * 60
_NAME_BYTES: Final = 3000
_IDS: Final = re.compile(r"(?P<tab>[0-9a-zA-Z-]{1,64})/(?P<file>[0-9a-f-]{36})")
_STATUS: Final[dict[type[GraftError], int]] = {WorkspaceError: 507}


class UploadReceiver:
    """ASGI middleware that answers the requests of the upload widgets.

    Args:
        app: The application.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._used: Counter[str] = Counter()  # bytes by tab, at least; counted again before a file is refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Store or remove an uploaded file; pass everything else on."""
        ids = _ids(scope)
        if ids is None:
            await self._app(scope, receive, send)
            return
        path = waiting_file(*ids)
        if scope["method"] == "PUT":
            await (await self._store(Request(scope, receive), ids, path))(scope, receive, send)
            return
        if scope["method"] == "DELETE":
            await run_in_threadpool(path.unlink, missing_ok=True)
        await self._app(scope, receive, send)

    async def _store(self, request: Request, ids: tuple[str, str], path: Path) -> Response:
        try:
            if not await run_in_threadpool(compat.is_open_tab, ids[0]):
                raise InputError("This tab is not connected to Graft.", "Reload the page.")
            await run_in_threadpool(self._check_room, path, int(request.headers.get("Content-Length", "0") or 0))
            name, media_type = await _write(request, path)
        except GraftError as error:
            return PlainTextResponse(str(error), _STATUS.get(type(error), 400))
        except ClientDisconnect:
            return Response(status_code=400)
        self._used[ids[0]] += path.stat().st_size
        compat.add_upload(*ids, name, media_type)
        return Response(status_code=204)

    def _check_room(self, path: Path, size: int) -> None:
        """Refuse a file that is too large, and remove what tabs left that are closed.

        Raises:
            InputError: It is larger than a file may be, or the tab's files are together.
            WorkspaceError: The disk is nearly full, or cannot be written.
        """
        tab = path.parent
        with describe_disk_errors("The uploaded file"):
            if not tab.exists():
                _remove_abandoned(tab.parent)
                tab.mkdir(parents=True)
            free = shutil.disk_usage(tab).free
        if free - size < FREE_BYTES:
            raise WorkspaceError("The disk is nearly full.", "Free some space, then add the file again.")
        if size > _most_bytes():
            raise _too_large()
        if self._used[tab.name] + size > TAB_BYTES:
            self._used[tab.name] = sum(file.stat().st_size for file in os.scandir(tab))
        if self._used[tab.name] + size > TAB_BYTES:
            raise InputError(
                f"The files that wait in this tab are larger than {TAB_BYTES / 1e9:.0f} GB together.",
                "Add them in several steps.",
            )


class _PartWriter:
    """Writes the one file of a form to the disk, as the parser finds it."""

    def __init__(self, path: Path) -> None:
        self.name = ""
        self.media_type = "application/octet-stream"
        self.files = 0
        self.size = 0
        self._file = path.open("wb")
        self._headers: dict[bytes, bytes] = {}
        self._field, self._value = b"", b""

    def close(self) -> None:
        self._file.close()

    def callbacks(self) -> "MultipartCallbacks":
        return {
            "on_part_begin": self._headers.clear,
            "on_header_field": self._add_field,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_headers_finished": self._end_headers,
            "on_part_data": self._write,
        }

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]
        self._check_header()

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]
        self._check_header()

    def _check_header(self) -> None:
        if len(self._field) + len(self._value) > _NAME_BYTES:
            raise InputError("The name of the file is too long.", "Give it a shorter one.")

    def _end_header(self) -> None:
        self._headers[self._field.lower()] = self._value
        self._field, self._value = b"", b""

    def _end_headers(self) -> None:
        _, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        self.files += 1
        self.name = options.get(b"filename", b"").decode("utf-8", "replace")
        self.media_type = self._headers.get(b"content-type", b"").decode("latin-1") or self.media_type
        if self.files > 1 or not self.name:
            raise InputError("An upload is one file.", "Add the files on the Images page.")

    def _write(self, data: bytes, start: int, end: int) -> None:
        self.size += end - start
        if self.size > _most_bytes():
            raise _too_large()
        self._file.write(data[start:end])


async def _write(request: Request, path: Path) -> tuple[str, str]:
    """Write the file of a form to the disk and give its name and media type; an incomplete one is removed.

    Raises:
        InputError: The request is no form with one file, or the file is too large.
        WorkspaceError: The disk is full or cannot be written.
    """
    _, options = parse_options_header(request.headers.get("Content-Type", ""))
    if not (boundary := options.get(b"boundary")):
        raise InputError("The upload is not a form.", "Add the file on the Images page.")
    part = path.with_name(f"{secrets.token_hex(8)}.part")
    try:
        with describe_disk_errors("The uploaded file"):
            writer = _PartWriter(part)
            try:
                parser = MultipartParser(boundary, writer.callbacks())
                async for chunk in request.stream():
                    await run_in_threadpool(parser.write, chunk)
                parser.finalize()
            finally:
                writer.close()
            if not writer.files:
                raise InputError("The upload has no file.", "Add the file again.")
            part.replace(path)
    except FormParserError as error:
        raise InputError("The upload is not a form.", "Add the file on the Images page.") from error
    finally:
        part.unlink(missing_ok=True)
    return writer.name, writer.media_type


def _ids(scope: Scope) -> tuple[str, str] | None:
    """The tab and the file of a request of an upload widget."""
    start = below_base("_stcore/upload_file/")
    if scope["type"] != "http" or not scope["path"].startswith(start):
        return None
    found = _IDS.fullmatch(scope["path"].removeprefix(start))
    return (found["tab"], found["file"]) if found else None


def _remove_abandoned(folder: Path) -> None:
    """Remove what waits for tabs that are closed."""
    for tab in folder.iterdir() if folder.is_dir() else ():
        if time.time() - tab.stat().st_mtime > ABANDONED_SECONDS and not compat.is_open_tab(tab.name):
            shutil.rmtree(tab, ignore_errors=True)


def _most_bytes() -> int:
    return int(st.get_option("server.maxUploadSize")) * 1024 * 1024


def _too_large() -> InputError:
    return InputError(
        f"The file is larger than {_most_bytes() / 1e9:.1f} GB, the most that can be uploaded.",
        "Split it into several files.",
    )

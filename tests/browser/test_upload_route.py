"""Uploads go to the disk under quotas: a real server, a real tab, and requests of somebody who found the tab's id."""

import contextlib
import http.client
import uuid
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import psutil
import pytest
from playwright.sync_api import Page, expect

from core.catalog.projects import create_project
from tests.browser.conftest import Server
from tests.browser.pictures import write_zip

pytestmark = pytest.mark.browser
MEGABYTE = 1_000_000
BOUNDARY = "graft"


def put(server: Server, path: str, pieces: Iterator[bytes], headers: dict[str, str] | None = None) -> tuple[int, str]:
    """Send a body piece by piece, without saying its length, and give the answer."""
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    form = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    with contextlib.closing(connection):
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):  # refused before its end
            connection.request("PUT", path, pieces, form | (headers or {}))
        with connection.getresponse() as response:
            return response.status, response.read().decode()


def form(size: int, name: str = "a.zip", field: str = "Content-Disposition") -> Iterator[bytes]:
    yield f'--{BOUNDARY}\r\n{field}: form-data; name="x"; filename="{name}"\r\n\r\n'.encode()
    for _ in range(size // MEGABYTE):
        yield bytes(MEGABYTE)
    yield f"\r\n--{BOUNDARY}--\r\n".encode()


@pytest.fixture
def tab_path(server: Server, tab: Page, tmp_path: Path) -> str:
    """The path of uploads of a tab that is open, as its own widget uses it."""
    project = create_project(server.database, "Birds")
    tab.goto(f"{server.url}/dataset?project={project}")
    expect(tab.get_by_text("An archive with one folder a class")).to_be_visible()
    with tab.expect_request(lambda request: request.method == "PUT") as sent:
        tab.get_by_test_id("stFileUploader").locator("input[type=file]").set_input_files(write_zip(tmp_path, 4))
    expect(tab.get_by_text("8 images, 0 chosen")).to_be_visible()
    return urlsplit(sent.value.url).path.rpartition("/")[0]


def waiting(server: Server) -> list[Path]:
    return [path for path in (server.settings.uploads / "waiting").rglob("*") if path.is_file()]


def test_an_uploaded_file_leaves_nothing_waiting(server, tab_path):
    assert tab_path
    assert waiting(server) == []


def test_large_files_under_invented_ids_stay_out_of_memory(server, tab_path):
    for _ in range(2):
        assert put(server, f"{tab_path}/{uuid.uuid4()}", form(400 * MEGABYTE)) == (204, "")
    assert psutil.Process(server.process.pid).memory_info().rss < 400 * MEGABYTE
    found = waiting(server)
    assert [path.stat().st_size for path in found] == [400 * MEGABYTE] * 2
    for path in found:
        path.unlink()


def test_a_tab_that_is_not_open_is_refused(server, tab_path):
    path = tab_path.rpartition("/")[0]
    status, sentence = put(server, f"{path}/{uuid.uuid4()}/{uuid.uuid4()}", form(MEGABYTE))
    assert (status, sentence) == (400, "This tab is not connected to Graft. Reload the page.")


@pytest.mark.parametrize(
    ("pieces", "sentence"),
    [
        (form(0, name=""), "An upload is one file. Add the files on the Images page."),
        (form(0, name="a" * 3500), "The name of the file is too long. Give it a shorter one."),
        (iter([b"no form"]), "The upload is not a form. Add the file on the Images page."),
        (iter([b""]), "The upload has no file. Add the file again."),
    ],
)
def test_what_is_no_upload_of_a_file_is_refused_with_a_sentence(server, tab_path, pieces, sentence):
    assert put(server, f"{tab_path}/{uuid.uuid4()}", pieces) == (400, sentence)
    assert waiting(server) == []


def test_a_file_beyond_the_limit_is_refused_before_it_is_sent(server, tab_path):
    status, sentence = put(server, f"{tab_path}/{uuid.uuid4()}", iter([b""]), {"Content-Length": str(5_000 * MEGABYTE)})
    assert (status, "the most that can be uploaded" in sentence) == (400, True)


def test_a_file_removed_in_the_widget_is_removed_from_the_disk(server, tab_path):
    path = f"{tab_path}/{uuid.uuid4()}"
    assert put(server, path, form(MEGABYTE))[0] == 204
    assert len(waiting(server)) == 1
    place = urlsplit(server.url)
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=60)
    with contextlib.closing(connection):
        connection.request("DELETE", path)
        connection.getresponse().read()
    assert waiting(server) == []

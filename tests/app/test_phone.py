"""A phone that scanned the code of a project: what it may do, and what it is told. Asked over a real connection."""

import asyncio
import http.client
import json
import threading
import time
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from types import SimpleNamespace
from urllib.parse import quote, urlencode

import pytest
import uvicorn
from starlette.applications import Starlette

from core.catalog import jobs
from core.catalog.items import list_items
from core.catalog.labels import list_labels
from core.catalog.projects import delete_project
from core.intake import rejection_messages
from core.jobs import queue
from core.jobs.handlers.ingest import ingest
from core.jobs.specs import IngestSpec
from core.jobs.worker import JobContext
from core.storage import disk
from pages.routes import addresses, invitations, phone
from pages.routes.invitations import FRESH_SECONDS, VALID_SECONDS, Invitations
from pages.shared.steps import IMAGES as IMAGES_PAGE
from tests.app.filled import _jpeg, fill_project

HEADER = {"X-Graft": "phone"}
Ask = Callable[..., tuple[int, str]]


@pytest.fixture
def codes(monkeypatch: pytest.MonkeyPatch) -> Invitations:
    mine = Invitations()
    monkeypatch.setattr(phone, "invitations", lambda: mine)
    return mine


@pytest.fixture
def ask(settings, database, codes, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ask]:  # noqa: ARG001 - a fresh one
    """Ask a server that answers to phones alone."""
    monkeypatch.setattr(phone, "settings", lambda: settings)
    monkeypatch.setattr(phone, "database", lambda: database)
    monkeypatch.setattr(queue, "ensure_dispatcher", lambda _settings: None)
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=phone.routes()), port=0, log_config=None, lifespan="off"))
    thread = threading.Thread(target=lambda: asyncio.run(server.serve()))
    thread.start()
    while not server.started:
        time.sleep(0.01)
    port = server.servers[0].sockets[0].getsockname()[1]

    def send(method: str, path: str, body: bytes | None = None, headers: dict[str, str] = HEADER) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text

    yield send
    server.should_exit = True
    thread.join()


@pytest.fixture
def project(settings, database) -> str:
    return fill_project(settings, database, images=4, files=True)


def _path(codes: Invitations, project: str, label: str, **query: str) -> str:
    return f"/phone/{codes.invite(project).token}/{label}?{urlencode(query)}"


def _label(database, project: str) -> str:
    return list_labels(database, project)[0].id


def _error(answer: tuple[int, str]) -> tuple[int, str]:
    return answer[0], json.loads(answer[1])["error"]


def _execute(database, settings, job: str) -> None:
    jobs.start_job(database, job)
    context = JobContext(database, settings, jobs.get_job(database, job))
    jobs.end_job(database, job, "finished", ingest(context, context.job.spec_as(IngestSpec)))


def test_pictures_are_taken_in_and_the_phone_is_told_what_became_of_each(ask, codes, settings, database, project):
    path = _path(codes, project, _label(database, project), name="IMG 1.jpg", burst="0" * 16)
    archive = BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr("inside.jpg", _jpeg("#ffffff", 8))
    sent = [
        json.loads(ask("POST", path, body)[1]) for body in (_jpeg("#123456", 7), b"a text", b"", archive.getvalue())
    ]
    (job,) = {one["job"] for one in sent}
    outcome = path.replace(path.rpartition("/")[2], f"jobs/{job}")
    assert json.loads(ask("GET", outcome)[1])["ended"] is False

    _execute(database, settings, job)
    status, text = ask("GET", outcome)
    said = json.loads(text)
    assert (status, said["ended"]) == (200, True)
    assert [said["refused"].get(one["name"]) for one in sent] == [
        None,
        rejection_messages.NOT_AN_IMAGE,
        rejection_messages.EMPTY,
        rejection_messages.NOT_AN_IMAGE,  # an archive is not opened
    ]
    assert {one["name"]: one["images"] for one in said["classes"]} == {"robins": 3, "wrens": 2}
    (item,) = (item for item in list_items(database, project) if item.name.startswith("phone "))
    assert (item.label, item.group, item.name[-9:]) == ("robins", f"burst {'0' * 16}", "IMG 1.jpg")
    assert not [path for path in settings.uploads.rglob("*") if path.is_file()]


def test_the_phones_page_names_the_project_and_its_classes_and_nothing_else_may_frame_or_read_it(
    ask, codes, database, project
):
    token = codes.invite(project).token
    status, text = ask("GET", f"/phone/{token}?class={_label(database, project)}")
    assert status == 200
    assert "<h1>Birds</h1>" in text
    config = json.loads(text.partition('id="config">')[2].partition("</script>")[0])
    assert [(one["name"], one["images"]) for one in config["classes"]] == [("robins", 2), ("wrens", 2)]
    assert config["chosen"] == _label(database, project)


def test_a_name_from_a_person_is_no_part_of_the_page(ask, codes, settings, database):
    project = fill_project(settings, database, "<script>&", ("</script><b>", "wrens"), images=2, files=False)
    text = ask("GET", f"/phone/{codes.invite(project).token}")[1]
    assert "<h1>&lt;script&gt;&amp;</h1>" in text
    assert text.count("</script>") == 2


def test_a_code_whose_time_is_over_is_refused(ask, codes, database, project):
    token = codes.invite(project, now=time.time() - VALID_SECONDS).token
    status, text = ask("GET", f"/phone/{token}")
    assert (status, "This code is not valid any more: it has expired" in text) == (404, True)
    for method, path in (("POST", _label(database, project)), ("GET", "jobs/1")):
        status, sentence = _error(ask(method, f"/phone/{token}/{path}"))
        assert status == 404
        assert sentence.startswith("This code is not valid any more")
    assert ask("GET", "/phone/guessed")[0] == 404


def test_a_code_lets_in_so_many_pictures_and_then_another_one_is_shown(ask, codes, database, project, monkeypatch):
    monkeypatch.setattr(invitations, "PICTURES", 2)
    path = _path(codes, project, _label(database, project))
    assert [ask("POST", path, body)[0] for body in (b"one", b"two")] == [200, 200]
    assert _error(ask("POST", path, b"three")) == (
        404,
        "2 pictures or 10 GB were sent with this code, the most that it allows. "
        "Scan the code that the Images page shows now.",
    )
    assert ask("GET", path.rpartition("/")[0])[0] == 200  # what became of the others is still told
    another = _path(codes, project, _label(database, project))
    assert another != path
    assert ask("POST", another, b"three")[0] == 200


def test_a_code_lets_in_so_many_bytes(ask, codes, database, project, monkeypatch):
    monkeypatch.setattr(invitations, "BYTES", 5)
    path = _path(codes, project, _label(database, project))
    assert [ask("POST", path, body)[0] for body in (b"four", b"more", b"last")] == [200, 200, 404]
    assert ask("POST", _path(codes, project, _label(database, project)), b"last")[0] == 200


@pytest.mark.parametrize("name", ["照" * 200 + ".jpg", "ü" * 300, "a" * 500 + ".png"])
def test_a_long_name_of_a_picture_is_cut(ask, codes, database, project, name):
    status, body = ask("POST", _path(codes, project, _label(database, project), name=name), b"x")
    assert status == 200
    stored = json.loads(body)["name"]
    assert len(stored.encode()) <= 255
    assert name[:30] in stored


def test_a_code_is_for_one_project(ask, codes, settings, database, project):
    other = fill_project(settings, database, "Others", images=2, files=False)
    answer = _error(ask("POST", _path(codes, other, _label(database, project)), b"x"))
    assert answer == (404, "This class is not in the project, or not any more. Choose another one.")
    job = jobs.add_job(database, project, IngestSpec(images_only=True))
    answer = _error(ask("GET", _path(codes, other, f"jobs/{job}")))
    assert answer == (404, "This code is for another project. Scan the code that the Images page shows.")


def test_the_code_of_a_deleted_project_is_refused(ask, codes, database, project):
    path = _path(codes, project, _label(database, project))
    delete_project(database, project)
    assert _error(ask("POST", path, b"x"))[1].startswith("There is no such project")


@pytest.mark.parametrize("said", [True, False])
def test_a_picture_that_is_too_large_is_refused_and_nothing_of_it_kept(
    said, ask, codes, settings, database, project, monkeypatch
):
    monkeypatch.setattr(phone, "PICTURE_BYTES", 1_000_000)
    body = bytes(1_000_001)
    answer = ask("POST", _path(codes, project, _label(database, project)), body if said else iter([body]))
    assert _error(answer) == (
        413,
        "The picture is larger than 1 MB, the most that a phone can send. Make it smaller, or add it on the computer.",
    )
    assert not [path for path in settings.uploads.rglob("*") if path.is_file()]
    assert not jobs.list_jobs(database)


def test_what_another_sites_page_sends_is_refused(ask, codes, database, project):
    answer = _error(ask("POST", _path(codes, project, _label(database, project)), b"x", headers={}))
    assert answer == (400, "The picture was not sent by the page of Graft. Scan the code on the Images page.")


def test_a_disk_that_cannot_be_written_is_told(ask, codes, settings, database, project):
    settings.uploads.write_text("a file where a folder should be")
    status, sentence = _error(ask("POST", _path(codes, project, _label(database, project)), b"x"))
    assert (status, "cannot be written" in sentence) == (507, True)


def test_a_picture_for_which_the_disk_has_no_room_is_refused(ask, codes, settings, database, project, monkeypatch):
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 10**18)
    status, sentence = _error(ask("POST", _path(codes, project, _label(database, project)), b"x"))
    assert (status, "too little" in sentence) == (507, True)
    assert not settings.uploads.exists()


def test_why_an_intake_failed_is_told_for_each_of_its_pictures(ask, codes, database, project):
    sent = json.loads(ask("POST", _path(codes, project, _label(database, project)), b"x")[1])
    jobs.request_stop(database, sent["job"])
    said = json.loads(ask("GET", _path(codes, project, f"jobs/{sent['job']}"))[1])
    assert (said["ended"], said["refused"]) == (True, {sent["name"]: "It was cancelled."})


@pytest.mark.parametrize(
    "name", ["../../evil.jpg", "/etc/evil.jpg", "..\\evil.jpg", "evil.zip", "", "\0.jpg", "a" * 999]
)
def test_no_name_leads_out_of_the_uploads_or_says_that_it_is_no_picture(name, ask, codes, settings, database, project):
    path = _path(codes, project, _label(database, project)) + f"name={quote(name)}"
    sent = json.loads(ask("POST", path, b"x")[1])
    (written,) = (path for path in settings.workspace.rglob("phone *") if path.is_file())
    assert (written.parent.parent, written.suffix, written.name) == (settings.uploads, ".jpg", sent["name"])


def test_a_code_lasts_and_is_renewed_before_it_ends():
    codes = Invitations()
    first = codes.invite("birds", now=0.0)
    assert codes.invite("birds", now=VALID_SECONDS - FRESH_SECONDS) == first
    assert codes.invite("others", now=0.0).token != first.token
    second = codes.invite("birds", now=VALID_SECONDS - FRESH_SECONDS + 1)
    assert second.token != first.token
    assert codes.find(first.token, now=VALID_SECONDS - 1) == first


@pytest.mark.parametrize(
    ("came_by", "bound", "certificate", "origin"),
    [
        ("http://localhost:8501/dataset", "127.0.0.1", None, None),
        (None, "localhost", None, None),
        ("http://localhost:8501/dataset", "0.0.0.0", None, "http://10.1.2.3:8501"),
        ("http://127.0.0.1:8501/", "", "graft.pem", "https://10.1.2.3:8501"),
        (None, "192.168.1.7", None, "http://192.168.1.7:8501"),
        (None, "fd00::7", None, "http://[fd00::7]:8501"),
        ("https://graft.example/dataset", "127.0.0.1", None, "https://graft.example"),
        ("http://[::1]:8501/", "::1", None, None),
    ],
)
def test_where_a_phone_finds_the_server(came_by, bound, certificate, origin, monkeypatch):
    options = {"server.address": bound, "server.port": 8501, "server.sslCertFile": certificate}
    shown = SimpleNamespace(context=SimpleNamespace(url=came_by), get_option=options.__getitem__)
    monkeypatch.setattr(addresses, "st", shown)
    monkeypatch.setattr(addresses, "outgoing_address", lambda: "10.1.2.3")
    assert addresses.network_origin() == origin


def test_a_machine_without_a_network_has_no_address_for_phones(monkeypatch):
    options = {"server.address": "0.0.0.0", "server.port": 8501}
    monkeypatch.setattr(addresses, "st", SimpleNamespace(context=SimpleNamespace(url=None), get_option=options.get))
    monkeypatch.setattr(addresses, "outgoing_address", lambda: "127.0.0.1")
    assert addresses.network_origin() is None


def test_on_this_machine_alone_a_sentence_says_how_to_start_it(open_page, project):
    page = open_page(IMAGES_PAGE, project=project)
    page.session_state["add-images"] = True
    page.run()
    page.pills[0].set_value("A phone").run()
    (info,) = (info.value for info in page.info if "phone" in info.value)
    assert "--server.address 0.0.0.0" in info
    assert "see, change and delete every project" in info

"""Every writer on a full disk, a real one of some MB: a sentence, nothing lost, and it goes on when there is space.

Whole jobs on a full disk are in `tests/unit/jobs/test_full_disk.py`.
"""

import asyncio
import contextlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from starlette.requests import Request

from core.catalog import items, projects
from core.catalog.database import Database
from core.dataset.archive import write_archive
from core.dataset.project import draw_splits, project_manifest
from core.errors import WorkspaceError
from core.evaluation.report.report import read_report
from core.intake.samples import write_sample
from core.jobs import queue
from core.settings import Settings
from core.storage import disk
from core.storage.arrays import ArrayStore
from core.training.checkpoint import Checkpoint
from core.training.history import History
from core.use.prediction_store import PREDICTIONS_FILE, PredictionStore, StoredPrediction
from pages.images import camera_burst
from pages.model import weights_file
from pages.routes import phone
from pages.routes import uploads as upload_route
from pages.shared import uploads
from tests.app.test_uploads import _file
from tests.browser.conftest import end_workers
from tests.conftest import fill_disk, mount_disk
from tests.finished_runs import DEFAULT, Workspace, add_project, add_run, draw_epochs, open_workspace, write_results

MEGABYTES = 64  # more than a phone's picture may take
PICTURE = bytes(300_000)
WORDS = "full|too little"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workspace]:
    with mount_disk(tmp_path_factory.mktemp("full") / "disk", MEGABYTES) as folder:
        made = open_workspace(Settings(workspace=folder / "workspace", warm=False))
        yield made
        end_workers(made.settings.workspace)  # which the run that was started has started
        made.database.close()


@pytest.fixture(scope="module")
def project(small: Workspace) -> str:
    return add_project(small, images=6)


@pytest.fixture(scope="module")
def run(small: Workspace, project: str) -> str:
    return add_run(small, project)


@pytest.fixture(autouse=True)
def _pages(small: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages on this workspace, without the floor of free space, which no small disk has."""
    monkeypatch.setattr(disk, "MIN_FREE_BYTES", 0)
    monkeypatch.setattr(upload_route, "FREE_BYTES", 0)
    monkeypatch.setattr(upload_route.compat, "is_open_tab", lambda _tab: True)
    monkeypatch.setattr(upload_route.compat, "add_upload", lambda *_: None)
    for module in (uploads, phone, weights_file, camera_burst):
        monkeypatch.setattr(module, "settings", lambda: small.settings)


def upload(_small: Workspace, _run: str) -> object:
    return uploads.move_to_disk("archive", [_file("photos.zip", PICTURE)]).is_dir()


def upload_of_a_tab(_small: Workspace, _run: str) -> object:
    """As the browser sends it to the route of the upload widgets."""
    tab, file = "tab", "0" * 36
    head = b'--x\r\nContent-Disposition: form-data; name="file"; filename="photos.zip"\r\n\r\n'
    sent: list[dict[str, object]] = []

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": head + PICTURE + b"\r\n--x--\r\n", "more_body": False}

    async def send(message: dict[str, object]) -> None:
        sent.append(message)

    path = f"/_stcore/upload_file/{tab}/{file}"
    headers = [(b"content-type", b"multipart/form-data; boundary=x")]
    scope = {"type": "http", "method": "PUT", "path": path, "query_string": b"", "headers": headers}
    with ThreadPoolExecutor(1) as pool:
        pool.submit(asyncio.run, upload_route.UploadReceiver(None)(scope, receive, send)).result()
    if sent[0]["status"] == 507:
        raise WorkspaceError(sent[1]["body"].decode())
    return uploads.waiting_file(tab, file).read_bytes() == PICTURE


def picture_of_a_phone(_small: Workspace, _run: str) -> object:
    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": PICTURE, "more_body": False}

    scope = {"type": "http", "query_string": b"name=1.jpg", "headers": []}
    with ThreadPoolExecutor(1) as pool:  # the thread of a browser test before this one may run an event loop
        stored = pool.submit(asyncio.run, phone._store(Request(scope, receive))).result()
    return stored.read_bytes() == PICTURE


def frames_of_a_burst(_small: Workspace, _run: str) -> object:
    frames = camera_burst.Frames("0" * 16, "label", 1, (PICTURE,), ended=True)
    folder = camera_burst.store_frames(frames, None).folder
    return [path.read_bytes() for path in folder.iterdir()] == [PICTURE]


def weights(_small: Workspace, _run: str) -> object:
    return weights_file.store_upload("weights", _file("mine.h5", PICTURE)).read_bytes() == PICTURE


def original(small: Workspace, _run: str) -> object:
    source = small.settings.workspace.parents[1] / "source.png"
    source.write_bytes(PICTURE)
    return small.store.put_file(source, "ab" * 32).read_bytes() == PICTURE


def thumbnail(small: Workspace, _run: str) -> object:
    small.store.put_thumbnail("cd" * 32, PICTURE)
    return small.store.thumbnail_path("cd" * 32).read_bytes() == PICTURE


def sample(small: Workspace, _run: str) -> object:
    return write_sample("digits", small.settings.workspace).stat().st_size > 0


def catalog(small: Workspace, _run: str) -> object:
    return projects.create_project(small.database, "Another")


def splits(small: Workspace, _run: str) -> object:
    return draw_splits(small.database, _project(small), seed=1)


def starting_a_run(small: Workspace, _run: str) -> object:
    return queue.submit_run(small.database, small.settings, _project(small), DEFAULT)


def activations(small: Workspace, _run: str) -> object:
    keys = [str(number) for number in range(64)]
    with ArrayStore(small.settings.cache, 10**9).open("features") as rows:
        rows.append(keys, np.zeros((64, 1024), np.float32))
    return bool(rows.present(keys).all())


def checkpoint(small: Workspace, run: str) -> object:
    manifest = project_manifest(small.database, _project(small))
    saved = Checkpoint(small.settings.runs / run, DEFAULT, manifest)
    arrays = [np.zeros(50_000, np.float32)]
    saved.save(History((), None, draw_epochs(2, DEFAULT)), {}, arrays, arrays, arrays)
    return saved.load() is not None


def results(small: Workspace, run: str) -> object:
    return write_results(small, run, DEFAULT, draw_epochs(8, DEFAULT), 0.8, 0)


def packed_images(small: Workspace, _run: str) -> object:
    listed = items.list_items(small.database, _project(small))
    return write_archive("images", listed, small.store, small.settings.workspace / "images.zip").images == len(listed)


def predictions(small: Workspace, _run: str) -> object:
    with PredictionStore(small.settings.predictions / "job" / PREDICTIONS_FILE) as store:
        store.add(StoredPrediction(f"{number}.jpg", "cat", 0.9) for number in range(2000))
        return store.count() == 2000


WRITERS = (
    upload,
    upload_of_a_tab,
    picture_of_a_phone,
    frames_of_a_burst,
    weights,
    original,
    thumbnail,
    sample,
    catalog,
    splits,
    starting_a_run,
    activations,
    checkpoint,
    results,
    packed_images,
    predictions,
)


@pytest.mark.parametrize("write", WRITERS, ids=lambda write: write.__name__)
def test_a_writer_on_a_full_disk_says_so_loses_nothing_and_goes_on(
    small: Workspace, project: str, run: str, write: Callable[[Workspace, str], object]
):
    before = contents(small, project, run)
    with small.database.engine.connect() as connection:  # the journal has no room of its own left
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    with full_disk(small):
        with pytest.raises(WorkspaceError, match=WORDS):
            write(small, run)
        assert contents(small, project, run) == before
    assert write(small, run)


def test_a_catalog_that_is_opened_on_a_full_disk_says_so_and_opens_when_there_is_space(small: Workspace, project: str):
    small.database.close()
    with full_disk(small), pytest.raises(WorkspaceError, match=r"The disk .* is full"):
        Database(small.settings)
    assert items.count_items(Database(small.settings), project)


@contextlib.contextmanager
def full_disk(small: Workspace) -> Iterator[None]:
    ballast = small.settings.workspace.parent / "ballast"
    fill_disk(ballast)
    yield
    ballast.unlink()


def contents(small: Workspace, project: str, run: str) -> object:
    """What a person would miss."""
    images = items.list_items(small.database, project)
    files = [small.store.path(image.digest).read_bytes() for image in images]
    return files, [image.label for image in images], read_report(small.settings.runs / run), len(images)


def _project(small: Workspace) -> str:
    return next(one.id for one in projects.list_projects(small.database) if one.name == "Shapes")

import contextlib
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from watching import events_of, family, wait_for, wait_for_end

from core.catalog import items, jobs, projects
from core.catalog.database import Database
from core.errors import InputError, WorkspaceError
from core.jobs import queue
from core.jobs.events import Ended, Stage, Started
from core.jobs.specs import IngestSpec
from core.settings import Settings
from tests.conftest import end_dispatcher

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.usefixtures("leave_no_workers")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings under which workers import no framework before a job needs one."""
    return Settings(workspace=tmp_path / "workspace", warm=False)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    database = Database(settings)
    yield database
    database.close()


@pytest.fixture
def project(database: Database) -> str:
    return projects.create_project(database, "Bees")


@pytest.fixture(scope="module")
def drawn_images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("many")
    random = np.random.default_rng(0)
    for label in ("ants", "bees"):
        (folder / label).mkdir(parents=True)
        for number in range(400):
            pixels = random.integers(0, 255, (200, 200, 3), np.uint8)
            Image.fromarray(pixels).save(folder / label / f"{number}.png", compress_level=1)
    return folder


@pytest.fixture
def many_images(drawn_images: Path, settings: Settings) -> Path:
    """The images as an upload, which a job may remove."""
    return shutil.copytree(drawn_images, settings.uploads / "many")


@pytest.fixture
def quick(settings: Settings) -> IngestSpec:
    """A job that takes a second."""
    folder = settings.uploads / "few" / "ants"
    folder.mkdir(parents=True)
    for number in range(5):
        Image.new("RGB", (64, 64), (40 * number, 90, 120)).save(folder / f"{number}.png")
    return IngestSpec(paths=(settings.relative(folder.parent),))


def test_the_dispatcher_outlives_a_worker_that_is_killed_while_it_starts(
    database: Database, settings: Settings, project: str, quick: IngestSpec
):
    queue.ensure_dispatcher(settings)
    number = settings.workspace / queue.PID_NAME
    wait_for(lambda: number.exists() and bool(number.read_text()), "the dispatcher")
    workers: list[psutil.Process] = []

    def found() -> bool:
        with contextlib.suppress(psutil.NoSuchProcess):  # a child that has ended meanwhile
            workers[:] = [one for one in family(settings)[1:] if "spawn_main" in " ".join(one.cmdline())]
        return bool(workers)

    wait_for(found, "a worker")
    workers[0].kill()
    job = queue.submit(database, settings, project, quick)
    assert wait_for_end(database, job).status == "finished"
    assert "a worker died while it was started" in (settings.workspace / queue.LOG_NAME).read_text()


def test_a_job_finishes_and_reports_events(database: Database, settings: Settings, project: str, quick: IngestSpec):
    job = queue.submit(database, settings, project, quick)
    assert wait_for_end(database, job).status == "finished"
    assert items.count_items(database, project) > 0
    events = [event for _, _, event in queue.read_events(database, job)]
    assert isinstance(events[0], Started)
    assert events[-1] == Ended(status="finished")
    listening = [
        connection.laddr.ip
        for process in family(settings)
        for connection in process.net_connections(kind="inet")
        if connection.status == psutil.CONN_LISTEN
    ]
    assert set(listening) == {"127.0.0.1"}
    libraries = {Path(mapped.path).name for process in family(settings) for mapped in process.memory_maps()}
    assert not [name for name in libraries if "tensorflow" in name]
    # The test itself wrote the log and the lock of the dispatcher, and the images.
    written = [
        path
        for path in settings.workspace.rglob("*")
        if not (path.name.startswith("dispatcher.") or path.is_relative_to(settings.uploads))
    ]
    assert not [path for path in written if path.stat().st_mode & 0o077]


def test_a_killed_worker_ends_its_job_with_a_reason_and_the_next_one_works(
    database: Database, settings: Settings, project: str, many_images: Path, monkeypatch: pytest.MonkeyPatch
):
    # As on a machine so busy that the next worker is there only after Dask has given up waiting for it.
    monkeypatch.setenv("DASK_DISTRIBUTED__DEPLOY__LOST_WORKER_TIMEOUT", "1ms")
    job = queue.submit(
        database, settings, project, IngestSpec(paths=(settings.relative(many_images),), remove_uploads=True)
    )
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")
    psutil.Process(events_of(database, job, Started)[0].process).kill()
    assert wait_for_end(database, job).status == "failed"
    (ended,) = events_of(database, job, Ended)
    assert "worker process died" in ended.reason
    added = items.count_items(database, project)
    assert 0 < added < 800

    queue.resume(database, settings, job)
    assert wait_for_end(database, job).status == "finished"
    assert items.count_items(database, project) == 800
    assert not many_images.exists()


def test_a_killed_worker_takes_no_waiting_job_with_it(
    database: Database, settings: Settings, project: str, many_images: Path, quick: IngestSpec
):
    first = queue.submit(database, settings, project, IngestSpec(paths=(settings.relative(many_images),)))
    waiting = [queue.submit(database, settings, project, quick) for _ in range(2)]
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")
    psutil.Process(events_of(database, first, Started)[0].process).kill()
    assert [wait_for_end(database, job).status for job in (first, *waiting)] == ["failed", "finished", "finished"]


def test_a_job_that_ignores_a_stop_request_is_killed_and_the_next_one_runs(
    database: Database, settings: Settings, project: str, many_images: Path, quick: IngestSpec
):
    hung = queue.submit(database, settings, project, IngestSpec(paths=(settings.relative(many_images),)))
    waiting = queue.submit(database, settings, project, quick)
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")
    psutil.Process(events_of(database, hung, Started)[0].process).suspend()
    jobs.request_stop(database, hung)
    assert wait_for_end(database, hung).status == "stopped"
    assert "did not react to the stop request" in events_of(database, hung, Ended)[0].reason
    assert wait_for_end(database, waiting).status == "finished"


IMPATIENT = """
from core.jobs import dispatcher
from core.jobs.specs import IngestSpec
if __name__ == "__main__":
    IngestSpec.timeout_seconds = 20
    dispatcher.main()
"""


def test_a_job_without_progress_is_killed_after_its_timeout(
    database: Database, settings: Settings, project: str, many_images: Path
):
    program = settings.workspace / "impatient.py"
    program.write_text(IMPATIENT)
    environment = os.environ | {"GRAFT_WORKSPACE": str(settings.workspace), "GRAFT_WARM": "no", "PYTHONPATH": str(ROOT)}
    dispatcher = subprocess.Popen([sys.executable, str(program)], env=environment, stderr=subprocess.DEVNULL)
    try:
        wait_for((settings.workspace / queue.PID_NAME).exists, "the dispatcher")
        job = queue.submit(database, settings, project, IngestSpec(paths=(settings.relative(many_images),)))
        wait_for(lambda: items.count_items(database, project) > 0, "the first images")
        psutil.Process(events_of(database, job, Started)[0].process).suspend()
        assert wait_for_end(database, job).status == "failed"
        assert "made no progress" in events_of(database, job, Ended)[0].reason
    finally:
        end_dispatcher(settings)
        dispatcher.kill()
        dispatcher.wait()


def test_a_stopped_ingestion_keeps_the_images_that_it_reported(
    database: Database, settings: Settings, project: str, many_images: Path
):
    job = queue.submit(database, settings, project, IngestSpec(paths=(settings.relative(many_images),)))
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")
    jobs.request_stop(database, job)
    assert wait_for_end(database, job).status == "stopped"
    assert 0 < items.count_items(database, project) < 800
    assert many_images.exists()
    (stage,) = [event for event in events_of(database, job, Stage) if event.name == "Adding images"]
    assert stage.done < stage.total == 800


def test_a_dead_dispatcher_is_replaced_and_its_running_jobs_fail(
    database: Database, settings: Settings, project: str, many_images: Path
):
    job = queue.submit(database, settings, project, IngestSpec(paths=(settings.relative(many_images),)))
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")
    end_dispatcher(settings)
    assert jobs.get_job(database, job).status == "running"
    queue.ensure_dispatcher(settings)
    assert wait_for_end(database, job).status == "failed"
    assert "workers were ended" in events_of(database, job, Ended)[0].reason


def test_a_job_continues_when_the_process_that_submitted_it_ends(
    database: Database, settings: Settings, project: str, quick: IngestSpec
):
    program = textwrap.dedent(
        f"""
        from pathlib import Path
        from core.catalog.database import Database
        from core.jobs import queue
        from core.jobs.specs import IngestSpec
        from core.settings import Settings
        settings = Settings(workspace=Path({str(settings.workspace)!r}), warm=False)
        print(queue.submit(Database(settings), settings, {project!r}, IngestSpec(paths={quick.paths!r})))
        """
    )
    job = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.strip()
    assert wait_for_end(database, job).status == "finished"


def test_the_web_side_of_jobs_imports_no_framework_and_no_dask():
    heavy = ("tensorflow", "keras", "openvino", "dask")
    program = f"import sys, core.jobs.queue; print([name for name in {heavy} if name in sys.modules])"
    output = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert output == "[]\n"


def test_a_queued_job_cannot_be_resumed(database: Database, settings: Settings, project: str):
    job = jobs.add_job(database, project, IngestSpec())
    with pytest.raises(InputError, match="This run is queued"):
        queue.resume(database, settings, job)


def test_a_workspace_that_cannot_be_written_is_an_error(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WorkspaceError, match="No worker can be started"):
        queue.ensure_dispatcher(Settings(workspace=tmp_path / "file" / "workspace"))

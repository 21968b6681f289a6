"""A full disk: a small file system, where this process may mount one."""

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from PIL import Image
from watching import events_of, family, wait_for, wait_for_end

from core.catalog import items, jobs, projects
from core.catalog.database import Database
from core.jobs import queue
from core.jobs.events import Ended, Started, load_event
from core.jobs.specs import IngestSpec
from core.settings import Settings
from tests.conftest import fill_disk, mount_disk

IMAGES = 240
ROOT = Path(__file__).parents[3]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    with mount_disk(tmp_path / "disk", megabytes=24) as disk:
        yield disk


@pytest.fixture
def settings(small_disk: Path) -> Settings:
    return Settings(workspace=small_disk / "workspace", warm=False)


@pytest.fixture
def project(database: Database) -> str:
    return projects.create_project(database, "Bees")


@pytest.fixture
def photographs(tmp_path: Path) -> Path:
    """Some 11 MB of images, on another disk."""
    random = np.random.default_rng(0)
    for label in ("ants", "bees"):
        (tmp_path / "photographs" / label).mkdir(parents=True)
        for number in range(IMAGES // 2):
            pixels = random.integers(0, 255, (120, 120, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "photographs" / label / f"{number}.png", compress_level=0)
    return tmp_path / "photographs"


@pytest.mark.usefixtures("leave_no_workers")
def test_an_ingestion_survives_a_full_disk(
    database: Database, settings: Settings, project: str, photographs: Path, small_disk: Path
):
    ballast = small_disk / "ballast"
    job = queue.submit(database, settings, project, IngestSpec(paths=(str(photographs),)))
    wait_for(lambda: items.count_items(database, project) > 0, "the first images")

    # A worker dies while nothing can be written: the last event is stored as soon as there is space.
    worker = psutil.Process(events_of(database, job, Started)[0].process)
    worker.suspend()
    before = family(settings)
    fill_disk(ballast)
    worker.kill()
    wait_for(lambda: any(process not in before for process in family(settings)), "a new worker")
    assert jobs.get_job(database, job).status == "running"
    ballast.unlink()
    assert wait_for_end(database, job).status == "failed"
    assert "worker process died" in events_of(database, job, Ended)[-1].reason

    # The ingestion itself finds the disk full: the images that it added stay.
    ballast.write_bytes(bytes(shutil.disk_usage(small_disk).free - 4 * 1024**2))
    queue.resume(database, settings, job)
    assert wait_for_end(database, job).status == "failed"
    assert "disk is full" in events_of(database, job, Ended)[-1].reason.lower()
    assert 0 < items.count_items(database, project) < IMAGES

    ballast.unlink()
    queue.resume(database, settings, job)
    assert wait_for_end(database, job).status == "finished"
    assert items.count_items(database, project) == IMAGES


FILLING = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from core.jobs import worker
from core.jobs.specs import IngestSpec
from core.settings import Settings
from core.jobs.events import dump_event
def fill(context, spec):
    with Path({ballast!r}).open("wb", buffering=0) as file:
        while True:
            file.write(bytes(1024))
IngestSpec.handler = "__main__:fill"
ended = worker.execute(Settings(workspace=Path({workspace!r})), {job!r})
Path({answer!r}).write_text(dump_event(ended))
"""


def test_a_last_event_that_a_full_disk_cannot_store_goes_to_the_dispatcher(
    database: Database, settings: Settings, project: str, small_disk: Path, tmp_path: Path
):
    job = jobs.add_job(database, project, IngestSpec())
    program = FILLING.format(
        root=str(ROOT),
        ballast=str(small_disk / "ballast"),
        workspace=str(settings.workspace),
        job=job,
        answer=str(tmp_path / "answer"),
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)
    assert jobs.get_job(database, job).status == "running"
    ended = load_event((tmp_path / "answer").read_text())
    assert (ended.status, "is full; nothing that was stored is lost" in ended.reason) == ("failed", True)

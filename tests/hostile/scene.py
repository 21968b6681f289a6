"""A workspace with a web server, a dispatcher and its workers, on which hostile files and kills are tried."""

import io
import random
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.catalog import jobs, projects
from core.catalog.database import Database
from core.catalog.jobs import Job
from core.jobs import queue
from core.jobs.events import Ended, Started
from core.settings import Settings
from core.training.recipe import Backbone, Phase, Recipe
from tests.browser.conftest import Server, serve
from tests.conftest import end_dispatcher
from tests.hostile.corpus import picture

START_SECONDS = 120
WORKERS = 3


@dataclass
class Scene:
    """What is running.

    Attributes:
        settings: The workspace.
        database: Its catalog.
        project: Id of a project.
        server: The web server.
    """

    settings: Settings
    database: Database
    project: str
    server: Server
    _stack: ExitStack = field(repr=False)
    _uploads: int = field(default=0, repr=False)

    def restart_server(self) -> None:
        """Start another web server, after this one was killed."""
        self.server = self._stack.enter_context(_serve(self.settings))

    def upload(self, name: str, data: bytes) -> str:
        """Store an upload, and give its path as a job names it."""
        self._uploads += 1
        path = self.settings.uploads / f"upload-{self._uploads}" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(data)
        return self.settings.relative(path)

    def dispatcher(self) -> psutil.Process | None:
        """The dispatcher, if it is alive."""
        with suppress(OSError, ValueError, psutil.NoSuchProcess):
            process = psutil.Process(int((self.settings.workspace / queue.PID_NAME).read_text()))
            return process if process.status() != psutil.STATUS_ZOMBIE else None
        return None

    def workers(self) -> set[int]:
        """Process ids of the workers, below their nannies."""
        dispatcher = self.dispatcher()
        if dispatcher is None:
            return set()
        with suppress(psutil.NoSuchProcess):
            return {one.pid for one in dispatcher.children() if "spawn_main" in " ".join(one.cmdline())}
        return set()

    def wait_for_end(self, job_id: str, seconds: float) -> Job:
        """Wait until a job has ended.

        Raises:
            TimeoutError: It has not after so many seconds.
        """
        end = time.monotonic() + seconds
        while not (job := jobs.get_job(self.database, job_id)).ended:
            if time.monotonic() > end:
                raise TimeoutError(f"{job.kind} {job.id} is {job.status} after {seconds:.0f} s")
            time.sleep(0.05)
        return job

    def last_event(self, job_id: str, kind: type) -> Ended | Started:
        """The last event of a kind."""
        return [event for _, _, event in queue.read_events(self.database, job_id) if isinstance(event, kind)][-1]


@contextmanager
def open_scene(workspace: Path) -> Iterator[Scene]:
    """Start a server and a dispatcher in a workspace, and end them and their workers afterwards."""
    settings = Settings(workspace=workspace, warm=False)
    database = Database(settings)
    with ExitStack() as stack:
        stack.callback(database.close)
        stack.callback(end_dispatcher, settings)
        project = projects.create_project(database, "Neighbour")
        scene = Scene(settings, database, project, stack.enter_context(_serve(settings)), stack)
        queue.ensure_dispatcher(settings)
        wait_until(lambda: len(scene.workers()) >= WORKERS, "the workers", START_SECONDS)
        yield scene


def _serve(settings: Settings) -> AbstractContextManager[Server]:
    return serve(settings.workspace, {"GRAFT_WARM": "no"})


def wait_until(condition: Callable[[], bool], what: str, seconds: float) -> None:
    """Wait for a condition.

    Raises:
        TimeoutError: It is not met after so many seconds.
    """
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise TimeoutError(f"waited {seconds:.0f} s for {what}")
        time.sleep(0.05)


def zip_of_images(generator: random.Random, images: int) -> bytes:
    """A valid zip with two classes."""
    with io.BytesIO() as data:
        with zipfile.ZipFile(data, "w") as archive:
            for number in range(images):
                archive.writestr(f"{'ab'[number % 2]}/{number}.png", picture(generator))
        return data.getvalue()


def small_recipe(weights_file: str | None = None) -> Recipe:
    """A training of some seconds."""
    weights = "file" if weights_file else "starter"
    backbone = Backbone(name="Starter", weights=weights, weights_file=weights_file, input_size=32)
    return Recipe(backbone=backbone, head_phase=Phase(epochs=3, learning_rate=1e-2))

"""Kill processes of a working app at random: `python -m tests.hostile.kills --count 50 --seed 1`.

While an intake, a training, a check, an export and predictions run, the web server, the dispatcher, a worker, a child
of a worker, or all of them at once (as when the machine restarts) are killed with SIGKILL. What must hold: no image and
no event that was reported is lost, and every job finishes, or ends with a reason and finishes when it is resumed.
"""

import argparse
import contextlib
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.catalog import items, jobs
from core.catalog.jobs import Job
from core.catalog.projects import create_project
from core.evaluation.report.report import read_report
from core.jobs import queue
from core.jobs.events import Ended, Epoch, Message
from core.jobs.specs import CheckSpec, ExportModelSpec, IngestSpec, PredictSpec, Spec
from core.training.recipe import Phase, dump_recipe
from tests.hostile.scene import Scene, open_scene, small_recipe, zip_of_images

VICTIMS = ("web", "dispatcher", "worker", "child", "all")
FIRST_IMAGES = 40
IMAGES = 400
PAUSE_SECONDS = 4.0
JOB_SECONDS = 300
RESUMES = 3
POLL_SECONDS = 0.1
EPOCHS = 40


@dataclass
class Outcome:
    """What was killed, and what must not be.

    Attributes:
        seed: What the kills were drawn from.
        kills: How often each kind of process was killed.
        ends: How the jobs ended before they were resumed.
        violations: In words.
    """

    seed: int
    kills: Counter[str] = field(default_factory=Counter)
    ends: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return "\n".join(
            [
                f"Seed {self.seed}: killed {dict(self.kills)}; ends of jobs {dict(self.ends)}; "
                f"{len(self.violations)} violations.",
                *self.violations,
            ]
        )


class Killer:
    """Keeps five kinds of jobs running, and kills processes.

    Args:
        scene: The app.
        seed: What victims and pauses are drawn from.
    """

    def __init__(self, scene: Scene, seed: int) -> None:
        self.outcome = Outcome(seed)
        self._scene = scene
        self._generator = random.Random(seed)
        self._jobs: list[str] = []
        self._images = 0
        self._events: dict[str, list[int]] = {}
        self._project = create_project(scene.database, "Kills")
        self._model = self._prepare()

    def run(self, count: int) -> Outcome:
        """Kill so many times, then let everything finish."""
        for _ in range(count):
            self._submit_missing()
            time.sleep(self._generator.uniform(0.2, PAUSE_SECONDS))
            self._observe()
            self._kill(self._generator.choice(VICTIMS))
            self._observe()
        self._finish()
        if (images := items.count_items(self._scene.database, self._project)) != self._expected():
            self.outcome.violations.append(f"{images} images at the end instead of {self._expected()}")
        return self.outcome

    def _prepare(self) -> str:
        """Train a model that can be exported and asked."""
        scene = self._scene
        spec = IngestSpec(paths=(scene.upload("first.zip", zip_of_images(self._generator, FIRST_IMAGES)),))
        assert scene.wait_for_end(queue.submit(scene.database, scene.settings, self._project, spec), 120)
        run = queue.submit_run(scene.database, scene.settings, self._project, small_recipe())
        assert scene.wait_for_end(run, JOB_SECONDS).status == "finished"
        return run

    def _submit_missing(self) -> None:
        """Submit a job of each kind that neither waits nor runs."""
        scene = self._scene
        active = {
            job.kind for job in jobs.list_jobs(scene.database, project_id=self._project, status=("queued", "running"))
        }
        recipe = small_recipe()
        wanted: list[Spec] = [
            CheckSpec(recipe=dump_recipe(recipe)),
            ExportModelSpec(run=self._model, formats=("keras",)),
            PredictSpec(run=self._model, paths=(self._good_picture(),)),
        ]
        if IngestSpec.kind_name() not in active:
            data = zip_of_images(self._generator, IMAGES)
            wanted.append(IngestSpec(paths=(scene.upload("more.zip", data),), remove_uploads=True))
        for spec in wanted:
            if spec.kind not in active:
                self._jobs.append(queue.submit(scene.database, scene.settings, self._project, spec))
        if "train" not in active:
            recipe = recipe.model_copy(update={"head_phase": Phase(epochs=EPOCHS, learning_rate=1e-3)})
            self._jobs.append(queue.submit_run(scene.database, scene.settings, self._project, recipe))

    def _good_picture(self) -> str:
        item = items.list_items(self._scene.database, self._project, limit=1)[0]
        return self._scene.settings.relative(self._scene.settings.originals / item.digest[:2] / item.digest)

    def _kill(self, victim: str) -> None:
        processes = self._find(victim)
        if processes:
            self.outcome.kills[victim] += 1
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(processes, timeout=30)
        if self._scene.server.process.poll() is not None:
            self._scene.restart_server()
        queue.ensure_dispatcher(self._scene.settings)

    def _find(self, victim: str) -> list[psutil.Process]:
        """Processes to kill; several only when all are."""
        web = [psutil.Process(self._scene.server.process.pid)]
        dispatcher = self._scene.dispatcher()
        if victim == "web" or dispatcher is None:
            return web
        family = [dispatcher, *dispatcher.children(recursive=True)]
        if victim == "all":
            return [*web, *family]
        if victim == "dispatcher":
            return [dispatcher]
        workers = [one for one in family if one.pid in self._scene.workers()]
        children = [child for one in workers for child in one.children(recursive=True)]
        pool = workers if victim == "worker" else children
        return self._generator.sample(pool, 1) if pool else []

    def _observe(self) -> None:
        """Compare images and events with those that were reported before."""
        scene = self._scene
        images = items.count_items(scene.database, self._project)
        if images < self._images:
            self.outcome.violations.append(f"{self._images - images} reported images are gone")
        self._images = images
        for job_id in self._jobs:
            lasting = [
                number
                for number, _, event in queue.read_events(scene.database, job_id)
                if isinstance(event, Epoch | Message)
            ]
            known = self._events.get(job_id, [])
            if lasting[: len(known)] != known:
                self.outcome.violations.append(f"events {known} of {job_id} became {lasting}")
            self._events[job_id] = lasting

    def _finish(self) -> None:
        """Wait until every job has finished, and resume those that a kill ended, each at once."""
        resumes, waiting, last_end = Counter[str](), set(self._jobs), time.monotonic()
        while waiting and time.monotonic() < last_end + JOB_SECONDS:
            time.sleep(POLL_SECONDS)
            for job in self._get_jobs(waiting):
                if not job.ended:
                    continue
                last_end = time.monotonic()
                self._check_end(job)
                if job.status != "finished" and resumes[job.id] < RESUMES:
                    resumes[job.id] += 1
                    queue.resume(self._scene.database, self._scene.settings, job.id)
                    continue
                waiting.remove(job.id)
                if job.status != "finished":
                    self.outcome.violations.append(f"{job.kind} {job.id} did not finish after {RESUMES} resumes")
        self.outcome.violations += [
            f"{job.kind} {job.id} is {job.status}, and no job has ended for {JOB_SECONDS} s"
            for job in self._get_jobs(waiting)
        ]

    def _get_jobs(self, ids: Iterable[str]) -> list[Job]:
        return [jobs.get_job(self._scene.database, job_id) for job_id in ids]

    def _check_end(self, job: Job) -> None:
        self.outcome.ends[f"{job.kind} {job.status}"] += 1
        if job.status != "finished":
            if not self._scene.last_event(job.id, Ended).reason:
                self.outcome.violations.append(f"{job.kind} {job.id} does not say why it ended")
        elif job.kind == "train" and read_report(self._scene.settings.runs / job.id).metrics.test.images == 0:
            self.outcome.violations.append(f"the report of {job.id} has no test images")

    def _expected(self) -> int:
        return FIRST_IMAGES + IMAGES * (
            len(jobs.list_jobs(self._scene.database, project_id=self._project, kinds=(IngestSpec,))) - 1
        )


def main() -> int:
    """Kill, and print what happened; the exit status is 1 if something must not be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--count", type=int, default=50)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    options = parser.parse_args()
    sys.stdout.write(f"Seed {options.seed}\n")
    with tempfile.TemporaryDirectory() as folder, open_scene(Path(folder) / "workspace") as scene:
        outcome = Killer(scene, options.seed).run(options.count)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())

"""Feed hostile files to a running app: `python -m tests.hostile.fuzz --seconds 600 --seed 1`.

Every file is ingested by one project while another project ingests a few good images. Weights are loaded by a training,
and images are predicted, in runs of five minutes and more. What must hold: no process dies but the limited children, no
job outlives its deadline, every refusal is a sentence, the other project waits no longer than its turn, and the web
server's memory stays below 400 MB.
"""

import argparse
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from core.catalog.projects import create_project
from core.jobs import queue
from core.jobs.events import Ended
from core.jobs.specs import IngestSpec, PredictSpec, Spec
from tests.hostile.corpus import HostileFile, draw_files
from tests.hostile.scene import Scene, open_scene, small_recipe, zip_of_images

JOB_SECONDS = 120
TURN_SECONDS = 60
WEB_BYTES = 400_000_000
THOROUGH_SECONDS = 300
NEIGHBOUR_IMAGES = 4


@dataclass
class Outcome:
    """What a run of the fuzzer saw.

    Attributes:
        seed: What the files were drawn from.
        files: How often each kind of file ended in which way.
        violations: What must not be, in words.
        longest_job: Seconds.
        longest_turn: Seconds that the other project waited after the hostile job.
        web_bytes: Most memory of the web server.
    """

    seed: int
    files: Counter[tuple[str, str]] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    longest_job: float = 0.0
    longest_turn: float = 0.0
    web_bytes: int = 0

    def __str__(self) -> str:
        lines = [f"{count:5}  {kind}: {end}" for (kind, end), count in sorted(self.files.items())]
        return "\n".join(
            [
                f"Seed {self.seed}: {sum(self.files.values())} hostile jobs, {len(self.violations)} violations.",
                f"Longest job {self.longest_job:.1f} s, longest turn of the other project {self.longest_turn:.1f} s, "
                f"web server at most {self.web_bytes / 1e6:.0f} MB.",
                *lines,
                *self.violations,
            ]
        )


def fuzz(scene: Scene, seconds: float, seed: int) -> Outcome:
    """Feed files to the app until the time is up; the first violation of a kind does not stop it."""
    generator, outcome = random.Random(seed), Outcome(seed)
    attacker = create_project(scene.database, "Attacker")
    end = time.monotonic() + seconds
    model = _train_model(scene, generator) if seconds >= THOROUGH_SECONDS else None
    alive = {scene.dispatcher().pid, *scene.workers()}
    for file in draw_files(seed):
        if time.monotonic() > end:
            return outcome
        _try(scene, outcome, file, attacker, model, generator)
        now = {scene.dispatcher().pid, *scene.workers()}
        if now != alive:
            outcome.violations.append(f"{file.kind}: processes {alive - now} died")
            alive = now
        memory = sum(one.memory_info().rss for one in _family(scene.server.process.pid))
        outcome.web_bytes = max(outcome.web_bytes, memory)
        if memory > WEB_BYTES:
            outcome.violations.append(f"{file.kind}: the web server takes {memory / 1e6:.0f} MB")
    return outcome


def _train_model(scene: Scene, generator: random.Random) -> str:
    spec = IngestSpec(paths=(scene.upload("good.zip", zip_of_images(generator, 40)),))
    scene.wait_for_end(queue.submit(scene.database, scene.settings, scene.project, spec), JOB_SECONDS)
    run = queue.submit_run(scene.database, scene.settings, scene.project, small_recipe())
    assert scene.wait_for_end(run, 2 * JOB_SECONDS).status == "finished"
    return run


def _try(
    scene: Scene, outcome: Outcome, file: HostileFile, attacker: str, model: str | None, generator: random.Random
) -> None:
    """Feed one file, and let the other project ingest beside it."""
    good = IngestSpec(paths=(scene.upload("good.zip", zip_of_images(generator, NEIGHBOUR_IMAGES)),))
    began = time.monotonic()
    hostile = _submit(scene, file, attacker, model)
    neighbour = queue.submit(scene.database, scene.settings, scene.project, good)
    try:
        job = scene.wait_for_end(hostile, JOB_SECONDS)
        outcome.longest_job = max(outcome.longest_job, time.monotonic() - began)
        turn = time.monotonic()
        other = scene.wait_for_end(neighbour, TURN_SECONDS)
        outcome.longest_turn = max(outcome.longest_turn, time.monotonic() - turn)
    except TimeoutError as error:
        outcome.violations.append(f"{file.kind}: {error}")
        outcome.files[file.kind, "too late"] += 1
        return
    ended = scene.last_event(hostile, Ended)
    outcome.files[file.kind, job.status] += 1
    if ended.detail or (job.status == "failed" and not ended.reason):
        outcome.violations.append(f"{file.kind}: {ended.reason} {ended.detail[-2000:]}")
    if other.status != "finished":
        outcome.violations.append(f"{file.kind}: the other project's job is {other.status}")


def _submit(scene: Scene, file: HostileFile, attacker: str, model: str | None) -> str:
    path = scene.upload(file.name, file.data)
    if model is not None and file.kind == "broken_weights":
        return queue.submit_run(scene.database, scene.settings, scene.project, small_recipe(path))
    spec: Spec = IngestSpec(paths=(path,), remove_uploads=True)
    if model is not None and file.kind in ("broken_image", "huge_png"):
        spec = PredictSpec(run=model, paths=(path,))
    return queue.submit(scene.database, scene.settings, attacker, spec)


def _family(pid: int) -> list[psutil.Process]:
    process = psutil.Process(pid)
    return [process, *(one for one in process.children(recursive=True) if "core.jobs" not in " ".join(one.cmdline()))]


def main() -> int:
    """Run the fuzzer and print what it saw; the exit status is 1 if something must not be."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=float, default=600)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(2**31))
    options = parser.parse_args()
    sys.stdout.write(f"Seed {options.seed}\n")
    with tempfile.TemporaryDirectory() as folder, open_scene(Path(folder) / "workspace") as scene:
        outcome = fuzz(scene, options.seconds, options.seed)
    sys.stdout.write(f"{outcome}\n")
    return 1 if outcome.violations else 0


if __name__ == "__main__":
    sys.exit(main())

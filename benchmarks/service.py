"""What a person waits for and gets: the answer to a click, and a model that says at home what the app said."""

import contextlib
import statistics
import time
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
import psutil

from benchmarks import ours
from benchmarks.sections import Bench
from core.catalog import jobs, projects
from core.catalog.database import Database
from core.dataset.pixels import load_image
from core.evaluation.inference.predictions import read_predictions
from core.jobs.events import Epoch, Started
from core.jobs.pipeline import execute_run
from core.jobs.queue import PID_NAME, read_events, submit, submit_run
from core.jobs.specs import IngestSpec
from core.settings import Settings
from core.training.recipe import Recipe, make_recipe

LOOK_SECONDS = 0.02
LONGEST_SECONDS = 300
SHARED = "service"


def response(bench: Bench) -> Iterator[str]:
    """From the click on Train to the first event and to the first epoch, with a worker that has nothing to do."""
    started, learned = [], []
    with _service(bench, "response") as settings, contextlib.closing(Database(settings)) as database:
        project = projects.create_project(database, "Shapes")
        _wait_for(database, submit(database, settings, project, IngestSpec(paths=(_images(bench),))), None)
        recipe = _small_recipe(bench)
        _wait_for(database, submit_run(database, settings, project, recipe), None)  # imports, conversion, features
        for _ in range(bench.rounds):
            began = time.perf_counter()
            run = submit_run(database, settings, project, recipe)
            started.append(_wait_for(database, run, Started) - began)
            learned.append(_wait_for(database, run, Epoch) - began)
            _wait_for(database, run, None)
    yield (
        f"From the click to the first event of a run: {statistics.median(started):.2f} s; to the first epoch, with the "
        f"features there: {statistics.median(learned):.2f} s (a warm, idle worker; {recipe.backbone.name}).\n"
    )


def classroom(bench: Bench) -> Iterator[str]:
    """A class presses Train at once, each with a seed of their own, on the images of one project and one worker."""
    students = 2 if bench.short else 30
    recipe = _small_recipe(bench) if bench.short else Recipe()
    with _service(bench, "classroom") as settings, contextlib.closing(Database(settings)) as database:
        project = projects.create_project(database, "Class")
        _wait_for(database, submit(database, settings, project, IngestSpec(paths=(_images(bench),))), None)
        began = time.perf_counter()
        runs = [
            submit_run(database, settings, project, recipe.model_copy(update={"seed": seed}))
            for seed in range(students)
        ]
        ends = [_wait_for(database, run, None) - began for run in runs]
        images = projects.get_project(database, project).images
    yield (
        f"{students} runs started at once on the same {images} images ({recipe.backbone.name}, defaults, evaluation "
        f"included, one worker that had done nothing before): the first ended after {min(ends):.0f} s, the last after "
        f"{max(ends):.0f} s.\n"
    )


def _images(bench: Bench) -> str:
    return str(bench.photographs.folder if bench.short else bench.sets / "flowers5_small.zip")


def agreement(bench: Bench) -> Iterator[str]:
    """The exported file in Keras on the original photographs, beside the probabilities that the app showed."""
    out = bench.folder / "evaluated"
    photographs = bench.photographs
    execute_run(
        ours.recipe_for(bench.task, seed=0),
        photographs.manifest,
        out,
        originals=photographs.originals,
        settings=photographs.settings,
        emit=lambda _event: None,
        progress=lambda _name, _unit: lambda _done, _total: None,
        should_stop=lambda: False,
    )
    shown = read_predictions(out / "predictions.csv")
    model = keras.models.load_model(out / "model.keras")
    differences = [
        np.abs(model(load_image(photographs.originals.path(digest))[None]).numpy()[0] - probabilities).max()
        for digest, probabilities in zip(shown.digests, shown.probabilities, strict=True)
    ]
    yield (
        f"The exported model, alone in Keras, gives the same probabilities as the app to within {max(differences):.1e} "
        f"on {len(differences)} photographs.\n"
    )


@contextlib.contextmanager
def _service(bench: Bench, name: str) -> Iterator[Settings]:
    """Give the settings of a workspace whose dispatcher, which its first job starts, ends afterwards.

    In the short form all sections share one workspace and one dispatcher, which `end_services` ends; its workers import
    frameworks only when a job needs them.
    """
    home = bench.photographs.settings.keras_home
    if bench.short:
        yield Settings(workspace=bench.folder / SHARED, keras_home=home, warm=False)
        return
    settings = Settings(workspace=bench.folder / name, keras_home=home)
    try:
        yield settings
    finally:
        _end(settings.workspace / PID_NAME)


def end_services(folder: Path) -> None:
    """End the dispatcher that the sections of the short form share, and its workers."""
    _end(folder / SHARED / PID_NAME)


def _small_recipe(bench: Bench) -> Recipe:
    backbone = {"name": bench.task.backbone, "input_size": 32} if bench.short else {"name": "MobileNetV2_050_96"}
    return make_recipe(
        {
            "backbone": {**backbone, "weights": "none"},
            "head_phase": {"epochs": 3, "learning_rate": 1e-3},
        }
    )


def _wait_for(database: Database, job: str, kind: type | None) -> float:
    """The time at which a job told an event of this kind, or ended."""
    end = time.perf_counter() + LONGEST_SECONDS
    while (now := time.perf_counter()) < end:
        if kind is not None and any(isinstance(event, kind) for _, _, event in read_events(database, job)):
            return now
        found = jobs.get_job(database, job)
        if found.ended:
            if found.status != "finished":
                raise RuntimeError(f"the {found.kind} job {found.status}")
            return now
        time.sleep(LOOK_SECONDS)
    raise TimeoutError(f"waited {LONGEST_SECONDS} s for a job")


def _end(pid_file: Path) -> None:
    with contextlib.suppress(FileNotFoundError, psutil.NoSuchProcess):
        dispatcher = psutil.Process(int(pid_file.read_text()))
        dispatcher.terminate()
        dispatcher.wait(60)

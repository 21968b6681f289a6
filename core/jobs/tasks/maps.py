"""The map of a run's images on which neighbours stay neighbours. Needs no framework."""

from typing import Any

from core.catalog.runs import get_run
from core.evaluation.neighbours import map_neighbours, write_neighbours
from core.evaluation.space import read_space
from core.jobs.worker import JobContext
from core.training.events import Stage


def neighbours(context: JobContext) -> dict[str, Any]:
    """Make the map and keep it with the run. Argument of the job: `run`, its id."""
    folder = context.settings.runs / get_run(context.database, context.job.arguments["run"]).id
    context.emit(Stage(name="Arranging the images"))
    digests, places = map_neighbours(read_space(folder))
    return {"file": str(write_neighbours(digests, places, folder)), "images": len(digests)}

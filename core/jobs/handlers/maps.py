"""The map of a run's images on which neighbours stay neighbours. Needs no framework."""

from typing import Any

from core.catalog.runs import get_run
from core.evaluation.metrics.embedding import read_embedding
from core.evaluation.metrics.tsne import compute_tsne, write_tsne
from core.jobs.events import Stage
from core.jobs.worker import JobContext


def neighbours(context: JobContext) -> dict[str, Any]:
    """Make the map and keep it with the run. Argument of the job: `run`, its id."""
    folder = context.settings.runs / get_run(context.database, context.job.arguments["run"]).id
    context.emit(Stage(name="Arranging the images"))
    digests, places = compute_tsne(read_embedding(folder))
    return {"file": str(write_tsne(digests, places, folder)), "images": len(digests)}

"""The t-SNE map of a run's images. Needs no framework."""

from core.catalog.runs import get_run
from core.evaluation.metrics.embedding import read_embedding
from core.evaluation.metrics.tsne import compute_tsne, write_tsne
from core.jobs.events import Stage
from core.jobs.specs import TsneResult, TsneSpec
from core.jobs.worker import JobContext


def tsne(context: JobContext, spec: TsneSpec) -> TsneResult:
    """Compute the map and store it with the run."""
    folder = context.settings.runs / get_run(context.database, spec.run).id
    context.emit(Stage(name="Arranging the images"))
    digests, coordinates = compute_tsne(read_embedding(folder))
    path = write_tsne(digests, coordinates, folder)
    return TsneResult(path=context.settings.relative(path), images=len(digests))

"""A run."""

from core.catalog import runs
from core.catalog.items import relabelled_by_models
from core.catalog.runs import RunSummary
from core.dataset.manifest import TEST, Manifest
from core.dataset.manifest_file import FILE_NAME, load_manifest
from core.dataset.project import project_manifest
from core.errors import RunStopped
from core.jobs.pipeline import RunResult, execute_run
from core.jobs.specs import TrainResult, TrainSpec
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore
from core.training.recipe import load_recipe


def train(context: JobContext, _spec: TrainSpec) -> TrainResult:
    """Train and evaluate a run on the images, labels and splits that it was started with.

    Raises:
        RunStopped: A person stopped it; the best epoch so far was evaluated.
    """
    run = runs.get_run(context.database, context.job.id)
    out = context.settings.runs / run.id
    # Only a run that version 0.1 queued has no manifest yet.
    manifest = load_manifest(out) if (out / FILE_NAME).exists() else project_manifest(context.database, run.project_id)
    result = execute_run(
        load_recipe(run.recipe),
        manifest,
        out,
        originals=OriginalStore(context.settings.originals, context.settings.thumbnails),
        settings=context.settings,
        emit=context.emit,
        progress=context.progress,
        should_stop=context.should_stop,
        relabelled_by_model=_count_relabelled(context, run.project_id, manifest),
    )
    runs.save_summary(context.database, run.id, _summary(result))
    if result.outcome.status == "stopped":
        raise RunStopped("Stopped; the best epoch so far was evaluated.")
    return TrainResult(seconds=result.seconds)


def _count_relabelled(context: JobContext, project_id: str, manifest: Manifest) -> int:
    """Count the test images of a manifest that have the label that a network's disagreement led to."""
    marked = relabelled_by_models(context.database, project_id)
    return sum(
        marked.get(manifest.digests[row]) == manifest.classes[manifest.labels[row]] for row in manifest.rows(TEST)
    )


def _summary(result: RunResult) -> RunSummary:
    metrics = result.report.metrics
    return RunSummary(
        validation_accuracy=metrics.validation.accuracy,
        validation_interval=metrics.validation.interval,
        validation_loss=metrics.validation.loss,
        test_accuracy=metrics.test.accuracy,
        test_interval=metrics.test.interval,
        epochs=len(result.outcome.history),
        seconds=sum(result.seconds.values()),
    )

"""Packing the images of a project as a zip."""

from core.catalog.items import list_items
from core.catalog.projects import get_project
from core.dataset.archive import write_archive
from core.jobs.specs import ExportDatasetResult, ExportDatasetSpec
from core.jobs.worker import JobContext
from core.storage.blobs import OriginalStore


def export_dataset(context: JobContext, _spec: ExportDatasetSpec) -> ExportDatasetResult:
    """Write all images of the project, with classes, splits and groups, as one zip."""
    project = get_project(context.database, context.job.project_id)
    written = write_archive(
        project.name,
        list_items(context.database, project.id),
        OriginalStore(context.settings.originals, context.settings.thumbnails),
        context.settings.datasets / f"{project.id}.zip",
        on_progress=context.progress("Packing the images", unit="images"),
        should_stop=context.should_stop,
    )
    return ExportDatasetResult(
        path=context.settings.relative(written.path), images=written.images, missing=written.missing
    )

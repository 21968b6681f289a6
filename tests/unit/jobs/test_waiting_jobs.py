"""Queued jobs."""

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.projects import create_project
from core.jobs.specs import IngestSpec

SPEC = IngestSpec(label="robins", images_only=True)


def _add(database: Database, project: str, path: str, **changes: object) -> str:
    return jobs.add_paths(database, project, SPEC.model_copy(update={"paths": (path,), **changes}))


def _spec(database: Database, job: str) -> IngestSpec:
    return jobs.get_job(database, job).spec_as(IngestSpec)


def test_files_join_a_job_that_is_still_queued(database: Database):
    project, other = create_project(database, "Birds"), create_project(database, "Others")
    first = _add(database, project, "1.jpg")
    assert _add(database, project, "2.jpg") == first
    assert len({first, _add(database, other, "3.jpg"), _add(database, project, "4.jpg", label="wrens")}) == 3
    assert _spec(database, first) == SPEC.model_copy(update={"paths": ("1.jpg", "2.jpg")})

    assert jobs.start_job(database, first)  # from now on its files are read
    second = _add(database, project, "5.jpg")
    assert second != first
    assert _spec(database, first).paths == ("1.jpg", "2.jpg")
    assert _spec(database, second).paths == ("5.jpg",)

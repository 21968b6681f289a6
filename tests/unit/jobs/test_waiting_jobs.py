"""Jobs that wait in the queue."""

from core.catalog import jobs
from core.catalog.database import Database
from core.catalog.projects import create_project

ARGUMENTS = {"label": "robins", "pictures": True}


def _add(database: Database, project: str, path: str, **changes: object) -> str:
    return jobs.add_paths(database, project, "take-in", [path], ARGUMENTS | changes)


def test_files_that_come_while_a_job_waits_go_with_it(database: Database):
    project, other = create_project(database, "Birds"), create_project(database, "Others")
    first = _add(database, project, "1.jpg")
    assert _add(database, project, "2.jpg") == first
    assert len({first, _add(database, other, "3.jpg"), _add(database, project, "4.jpg", label="wrens")}) == 3
    assert jobs.get_job(database, first).arguments == {**ARGUMENTS, "paths": ["1.jpg", "2.jpg"]}

    assert jobs.start_job(database, first)  # from now on its files are read
    second = _add(database, project, "5.jpg")
    assert second != first
    assert jobs.get_job(database, first).arguments["paths"] == ["1.jpg", "2.jpg"]
    assert jobs.get_job(database, second).arguments["paths"] == ["5.jpg"]

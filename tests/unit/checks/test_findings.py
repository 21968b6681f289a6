"""Findings that were stored, also by the version before."""

from pathlib import Path

from core.catalog.database import Database
from core.catalog.jobs import list_jobs
from core.catalog.projects import list_projects
from core.checks.findings import load_findings
from core.checks.registry import CHECKS
from tests.old_workspace import restore_workspace


def test_findings_that_version_0_1_stored_are_read_under_the_ids_of_today(tmp_path: Path):
    database = Database(restore_workspace(tmp_path / "old"))
    checked = [job for one in list_projects(database) for job in list_jobs(database, project_id=one.id, kind="check")]
    stored = next(job.result["findings"] for job in checked if job.result)
    assert {"near-copies", "exact-copies", "strangers", "lookalikes"} <= {one["check"] for one in stored}
    found = {one.check: one for one in load_findings(stored)}
    assert found.keys() <= CHECKS.keys()
    assert {"near-duplicates", "exact-duplicates", "outliers", "class-overlap"} <= found.keys()
    for old, new in (("near-copies", "near-duplicates"), ("strangers", "outliers")):
        assert found[new].summary == next(one["summary"] for one in stored if one["check"] == old)

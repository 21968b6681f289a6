"""Findings that were stored, also by the version before."""

from pathlib import Path

from core.catalog.database import Database
from core.catalog.jobs import list_jobs
from core.checks.findings import load_findings
from core.checks.registry import CHECKS
from core.jobs.specs import CheckResult, CheckSpec
from tests.old_workspace import restore_workspace


def test_findings_that_version_0_1_stored_are_read_under_the_ids_of_today(tmp_path: Path):
    database = Database(restore_workspace(tmp_path / "old"))
    results = [job.result_as(CheckResult) for job in list_jobs(database, kinds=(CheckSpec,))]
    stored = next(result.findings for result in results if result)
    assert {"near-copies", "exact-copies", "strangers", "lookalikes"} <= {one["check"] for one in stored}
    found = {one.check: one for one in load_findings(stored)}
    assert found.keys() <= CHECKS.keys()
    assert {"near-duplicates", "exact-duplicates", "outliers", "class-overlap"} <= found.keys()
    for old, new in (("near-copies", "near-duplicates"), ("strangers", "outliers")):
        assert found[new].summary == next(one["summary"] for one in stored if one["check"] == old)
    assert not any(one.repair.preselected for one in found.values() if one.repair)

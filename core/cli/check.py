"""`python -m core check`: what would be taken in, what refused and why, and what is wrong with the rest."""

import argparse
import json
import tempfile
from pathlib import Path

from core.cli.guessed import guessed_classes
from core.dataset.issues import case_duplicates
from core.intake.ingestion import ingest
from core.intake.results import Accepted, Rejected
from core.settings import Settings
from core.storage.blobs import OriginalStore


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Take everything in, into a folder that is thrown away, check it, and print what happened to each file."""
    from core.checks.findings import dump_findings
    from core.checks.loading import ingested_dataset
    from core.checks.registry import run_checks

    taken: list[Accepted] = []
    refused: list[Rejected] = []
    with tempfile.TemporaryDirectory(prefix="graft-check-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        for result in ingest(options.source, store, name_classes=guessed_classes):
            if isinstance(result, Accepted):
                taken.append(result)
            else:
                refused.append(result)
        dataset = ingested_dataset(taken, store, unlabelled=True)
        findings = dump_findings(dataset, run_checks(dataset))
    if options.json:
        print(
            json.dumps(
                {
                    "taken": [{"file": one.name, "label": one.label, "split": one.split} for one in taken],
                    "refused": [{"file": one.name, "reason": one.reason} for one in refused],
                    "findings": [finding for finding in findings if finding["items"]],
                    "case_twins": case_duplicates(one.label for one in taken if one.label),
                }
            )
        )
        return
    classes = sorted({one.label or "(no class)" for one in taken})
    print(f"{len(taken)} images in {len(classes)} classes would be taken in: {', '.join(classes)}")
    for twins in case_duplicates(classes):
        print(f"these classes differ only by case, and are probably one: {', '.join(twins)}")
    for one in refused:
        print(f"refused {one.name}: {one.reason}")
    for finding in findings:
        if finding["items"]:
            print(f"{finding['check']}: {finding['summary']}")

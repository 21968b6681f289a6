"""`python -m core check`: list accepted images, rejected files with reasons, and problems of the data."""

import argparse
import json
import tempfile
from pathlib import Path

from core.cli.guessed_classes import accept_guess
from core.dataset.issues import case_duplicates
from core.intake.ingestion import ingest
from core.intake.results import Accepted, Rejected
from core.settings import Settings
from core.storage.blobs import OriginalStore


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Ingest everything into a temporary folder, run the checks, and print the result for each file."""
    from core.checks.dataset import ingested_dataset
    from core.checks.findings import dump_findings
    from core.checks.registry import run_checks

    accepted: list[Accepted] = []
    rejected: list[Rejected] = []
    with tempfile.TemporaryDirectory(prefix="graft-check-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        for result in ingest(options.source, store, name_classes=accept_guess):
            if isinstance(result, Accepted):
                accepted.append(result)
            else:
                rejected.append(result)
        dataset = ingested_dataset(accepted, store, unlabelled=True)
        findings = dump_findings(dataset, run_checks(dataset))
    if options.json:
        print(
            json.dumps(
                {
                    "taken": [{"file": one.name, "label": one.label, "split": one.split} for one in accepted],
                    "refused": [{"file": one.name, "reason": one.reason} for one in rejected],
                    "findings": [finding for finding in findings if finding["items"]],
                    "case_twins": case_duplicates(one.label for one in accepted if one.label),
                }
            )
        )
        return
    classes = sorted({one.label or "(no class)" for one in accepted})
    print(f"{len(accepted)} images in {len(classes)} classes would be accepted: {', '.join(classes)}")
    for twins in case_duplicates(classes):
        print(f"these classes differ only by case, and are probably one: {', '.join(twins)}")
    for image in accepted:
        if image.note:
            print(f"note {image.name}: {image.note}")
    for one in rejected:
        print(f"rejected {one.name}: {one.reason}")
    for finding in findings:
        if finding["items"]:
            print(f"{finding['check']}: {finding['summary']}")

"""`python -m core check`: list accepted images, rejected files with reasons, and problems of the data."""

import argparse
import json
import tempfile
from pathlib import Path

from core.cli.ingested import print_question, read_images
from core.settings import Settings
from core.storage.blobs import OriginalStore


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Ingest everything into a temporary folder, run the checks, and print the result for each file."""
    from core.checks.dataset import ingested_dataset
    from core.checks.findings import dump_findings
    from core.checks.registry import run_checks

    with tempfile.TemporaryDirectory(prefix="graft-check-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        found = read_images(options, store, ask=print_question)
        dataset = ingested_dataset(found.accepted, store, unlabelled=True)
        findings = [finding for finding in dump_findings(dataset, run_checks(dataset)) if finding["items"]]
    if options.json:
        taken = [{"file": one.name, "label": one.label, "split": one.split} for one in found.accepted]
        print(json.dumps({"taken": taken, "findings": findings} | found.to_json()))
        return
    for line in found.lines():
        print(line)
    for finding in findings:
        print(f"{finding['check']}: {finding['summary']}")

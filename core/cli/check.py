"""`python -m core check`: what would be taken in, what refused and why, and what is wrong with the rest."""

import argparse
import json
import tempfile
from pathlib import Path

from core.catalog.gaps import case_twins
from core.catalog.originals import OriginalStore
from core.cli.guessed import guessed_classes
from core.intake.results import Refused, Taken
from core.intake.taking import take_in
from core.settings import Settings


def run(options: argparse.Namespace, _settings: Settings) -> None:
    """Take everything in, into a folder that is thrown away, check it, and print what happened to each file."""
    from core.checks.findings import dump_findings
    from core.checks.gather import taken_material
    from core.checks.registry import run_checks

    taken: list[Taken] = []
    refused: list[Refused] = []
    with tempfile.TemporaryDirectory(prefix="graft-check-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        for result in take_in(options.source, store, name_classes=guessed_classes):
            if isinstance(result, Taken):
                taken.append(result)
            else:
                refused.append(result)
        material = taken_material(taken, store, unlabelled=True)
        findings = dump_findings(material, run_checks(material))
    if options.json:
        print(
            json.dumps(
                {
                    "taken": [{"file": one.name, "label": one.label, "split": one.split} for one in taken],
                    "refused": [{"file": one.name, "reason": one.reason} for one in refused],
                    "findings": [finding for finding in findings if finding["items"]],
                    "case_twins": case_twins(one.label for one in taken if one.label),
                }
            )
        )
        return
    classes = sorted({one.label or "(no class)" for one in taken})
    print(f"{len(taken)} images in {len(classes)} classes would be taken in: {', '.join(classes)}")
    for twins in case_twins(classes):
        print(f"these classes differ only by case, and are probably one: {', '.join(twins)}")
    for one in refused:
        print(f"refused {one.name}: {one.reason}")
    for finding in findings:
        if finding["items"]:
            print(f"{finding['check']}: {finding['summary']}")

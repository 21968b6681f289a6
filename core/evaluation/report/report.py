"""The report: everything measured about a finished run, versioned JSON beside its model.

It is the contract between the workers, the pages, the command line and the bundle; its parts are in `schema`, and other
programs find it described in `assets/report-schema.json`.
Everything under `metrics`, `confusion`, `curves` and `mistakes` can be computed again from `predictions.csv`.
"""

import json
from pathlib import Path
from typing import Any, Final, Literal

from pydantic import ValidationError

from core.errors import InputError, NotFoundError
from core.evaluation.report.parts import (
    Baselines,
    Calibration,
    Curves,
    Finding,
    Metrics,
    Mistakes,
    OutOfDistribution,
    Part,
)
from core.storage.atomic import write_atomic

VERSION: Final = 1
FILE_NAME = "report.json"


class Report(Part):
    """Everything measured about a finished run.

    Attributes:
        version: Version of this schema.
        classes: Names of the classes, in the order of the model's outputs.
        metrics: The headline of each split.
        confusion: (n_classes, n_classes) test images, rows true, columns predicted.
        order: Class indices in an order in which classes that are confused stand together.
        baselines: What can be reached without learning.
        calibration: Whether confidences can be taken at their word.
        curves: ROC and precision-recall curves.
        mistakes: Where to look first.
        findings: Over- and underfitting in words.
        unknown: The threshold for "none of these".
    """

    version: Literal[1] = VERSION
    classes: tuple[str, ...]
    metrics: Metrics
    confusion: tuple[tuple[int, ...], ...]
    order: tuple[int, ...]
    baselines: Baselines
    calibration: Calibration
    curves: Curves
    mistakes: Mistakes
    findings: tuple[Finding, ...]
    unknown: OutOfDistribution


def dump_report(report: Report) -> str:
    """Write a report as JSON that `load_report` reads back equal."""
    return report.model_dump_json(indent=1)


def load_report(text: str) -> Report:
    """Read a report from JSON.

    Raises:
        InputError: No JSON, a newer version, or not a report.
    """
    try:
        data: Any = json.loads(text)
        version = data["version"]
    except (ValueError, TypeError, KeyError) as error:
        raise InputError("This is not a report of a run.", "Evaluate the run again.") from error
    if isinstance(version, int) and version > VERSION:
        raise InputError(
            f"The report has version {version}, and this Graft reads versions up to {VERSION}.", "Update Graft."
        )
    try:
        return Report.model_validate(data)
    except ValidationError as error:
        field = ".".join(str(part) for part in error.errors(include_url=False)[0]["loc"])
        raise InputError(f"The report is damaged at {field}.", "Evaluate the run again.") from error


def write_report(report: Report, folder: Path) -> Path:
    """Write `report.json` into a run's folder.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    return write_atomic(folder / FILE_NAME, lambda path: path.write_text(dump_report(report), encoding="utf-8"))


def read_report(folder: Path) -> Report:
    """Read the report of a run's folder.

    Raises:
        NotFoundError: The run has none.
        InputError: It cannot be read.
    """
    try:
        return load_report((folder / FILE_NAME).read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise NotFoundError(
            "This run has no report yet.", "Wait until it has finished, or evaluate it again."
        ) from error

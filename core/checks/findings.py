"""Findings: the results of all checks as JSON, by the ids of items, so that they can be stored and drawn later."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, Self

from pydantic import BaseModel, ConfigDict

from core.checks.dataset import Dataset
from core.checks.registry import CHECKS
from core.checks.result import Action, Result, Severity

RENAMED: Final = {
    "exact-copies": "exact-duplicates",
    "near-copies": "near-duplicates",
    "strangers": "outliers",
    "lookalikes": "class-overlap",
}
"""Ids of checks in findings that were stored by version 0.1, and their ids now."""


class RepairOffer(BaseModel):
    """What one click would do.

    Attributes:
        action: `exclude`, `delete` or `relabel`.
        title: For the button.
        items: Ids of the items it changes.
        labels: Names of their new classes; only with `relabel`.
        preselected: Whether the items are chosen from the start.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    action: Action
    title: str
    items: tuple[str, ...]
    labels: tuple[str, ...] = ()
    preselected: bool = False


class Finding(BaseModel):
    """What one check found.

    Attributes:
        check: A key of `core.checks.registry.CHECKS`.
        has_issue: Whether anything was found, about images or about the dataset as a whole.
        summary: One sentence for a person.
        items: Ids of the flagged items, worst first, or set by set.
        sets: Sizes of the sets that `items` lists one after the other; empty for checks of single images.
        notes: A few words about an item, by its id.
        repair: What one click would do; None where only a person can decide.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    check: str
    has_issue: bool
    summary: str
    items: tuple[str, ...] = ()
    sets: tuple[int, ...] = ()
    notes: dict[str, str] = {}
    repair: RepairOffer | None = None

    @property
    def severity(self) -> Severity:
        """How much it may spoil the result; what is not about certain images is a warning at most."""
        severity = CHECKS[self.check].severity
        return "warning" if severity == "serious" and not self.items else severity

    def without(self, items: Collection[str]) -> Self | None:
        """Give what is left of the finding without some items; None where nothing is.

        A set of which one item is left is left out too, because nothing belongs to that item any more.
        """
        left, sizes, start = [], [], 0
        for size in self.sets or (len(self.items),):
            kept = [item for item in self.items[start : start + size] if item not in items]
            start += size
            if len(kept) > (1 if self.sets else 0):
                left += kept
                sizes.append(len(kept))
        if self.items and not left:
            return None
        return self.model_copy(update={"items": tuple(left), "sets": tuple(sizes) if self.sets else ()})


def by_severity(found: Iterable[Finding]) -> list[Finding]:
    """Sort findings with an issue: the most serious first, then as the registry orders them."""
    order: list[Severity] = ["serious", "warning", "info"]
    return sorted((one for one in found if one.has_issue), key=lambda one: order.index(one.severity))


def dump_findings(dataset: Dataset, results: dict[str, Result]) -> list[dict[str, Any]]:
    """Give the findings of every check as JSON, in the order of the registry."""
    return [_finding(dataset, name, results[name]).model_dump(mode="json") for name in CHECKS if name in results]


def load_findings(data: Iterable[Mapping[str, Any]]) -> list[Finding]:
    """Read what `dump_findings` gave, also in version 0.1; findings of checks that no longer exist are left out."""
    renamed = [{**one, "check": RENAMED.get(one["check"], one["check"])} for one in data]
    found = [Finding.model_validate(_with_has_issue(one)) for one in renamed if one["check"] in CHECKS]
    return [_without_preselection(one) for one in found]


def _with_has_issue(finding: dict[str, Any]) -> dict[str, Any]:
    """Add what version 0.1 did not store; it worded a finding about balanced classes with "enough images"."""
    unbalanced = finding["check"] == "class-balance" and "enough images" not in finding["summary"]
    return {"has_issue": bool(finding.get("items")) or unbalanced, **finding}


def _without_preselection(finding: Finding) -> Finding:
    """Choose no image from the start but exact duplicates, as version 0.1 did for most checks."""
    if finding.repair is None or finding.check == "exact-duplicates":
        return finding
    return finding.model_copy(update={"repair": finding.repair.model_copy(update={"preselected": False})})


def _finding(dataset: Dataset, name: str, result: Result) -> Finding:
    rows = [row for one in result.sets for row in one] if result.sets else result.worst().tolist()
    return Finding(
        check=name,
        has_issue=result.has_issue,
        summary=result.summary,
        items=tuple(dataset.ids[row] for row in rows),
        sets=tuple(len(one) for one in result.sets),
        notes={dataset.ids[row]: text for row, text in result.notes.items()},
        repair=_offer(dataset, result),
    )


def _offer(dataset: Dataset, result: Result) -> RepairOffer | None:
    repair = result.repair
    if repair is None:
        return None
    labels = () if repair.labels is None else tuple(dataset.classes[label] for label in repair.labels.tolist())
    items = tuple(dataset.ids[row] for row in repair.rows.tolist())
    return RepairOffer(
        action=repair.action, title=repair.title, items=items, labels=labels, preselected=repair.preselected
    )

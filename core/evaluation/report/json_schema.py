"""The JSON Schema of `report.json`, generated from the report's models and their docstrings.

`python -m core.evaluation.report.json_schema` writes `assets/report-schema.json`; a test compares it with the code.
"""

import inspect
import json
import re
from pathlib import Path
from typing import Any, Final

from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.report import Part, Report

FILE: Final = Path(__file__).parents[3] / "assets" / "report-schema.json"
_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"
_ATTRIBUTE = re.compile(r"^    (\w+): (.*(?:\n     .*)*)", re.MULTILINE)


def report_schema() -> dict[str, Any]:
    """Build the schema of the current version of `report.json`."""
    schema = Report.model_json_schema(mode="serialization")
    parts: dict[str, type] = {part.__name__: part for part in (*_subclasses(Part), Interval)}
    for name, described in schema["$defs"].items():
        _describe(described, parts[name])
    _describe(schema, Report)
    return {"$schema": _DIALECT, **schema, "title": f"Graft report, version {Report.model_fields['version'].default}"}


def write_schema() -> Path:
    """Write the schema into `assets`."""
    FILE.write_text(json.dumps(report_schema(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return FILE


def _subclasses(part: type[Part]) -> list[type[Part]]:
    return [below for child in part.__subclasses__() for below in (child, *_subclasses(child))]


def _describe(described: dict[str, Any], part: type) -> None:
    """Copy the docstring's text about each field to that field; the ends of an interval are fields without names."""
    described["description"] = _summary(part)
    texts = {name: text for base in reversed(part.__mro__) for name, text in _attributes(base).items()}
    fields = (
        described["properties"]
        if "properties" in described
        else dict(zip(texts, described["prefixItems"], strict=True))
    )
    for name, field in fields.items():
        field.pop("title", None)
        field["description"] = texts[name]


def _summary(part: type) -> str:
    return _flat((inspect.getdoc(part) or "").partition("\nAttributes:")[0])


def _attributes(part: type) -> dict[str, str]:
    listed = (inspect.getdoc(part) or "").partition("\nAttributes:")[2]
    return {name: _flat(text) for name, text in _ATTRIBUTE.findall(listed)}


def _flat(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    write_schema()

"""The benchmark of speed runs: its short form does all of its work on drawn images, with random weights, once.

What must hold on any machine is asked of its figures; which of two is faster, only where it is so by far.
"""

import os
import re
import subprocess
import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.speed import SECTIONS

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?(?:e[+-]\d+)?%?")


class Section:
    """What a section printed: its tables by the first cell of each row, and its sentences.

    Attributes:
        rows: Cells of each row by column, as numbers; shares of 1 for per cent.
        text: All that it printed.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.rows: dict[str, dict[str, float]] = {}
        lines = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line[:1] == "|"]
        head: list[str] = []
        for line, after in pairwise([*lines, [""]]):
            if after[0] == "---":
                head = line
            elif line[0] != "---":
                self.rows[line[0]] = dict(zip(head[1:], map(number, line[1:]), strict=True))

    def sentence(self, words: str) -> list[float]:
        """The numbers after some words."""
        (found,) = [line for line in self.text.splitlines() if words in line]
        return [number(one) for one in NUMBER.findall(found.split(words)[1])]


def number(cell: str) -> float:
    (found,) = NUMBER.findall(cell)
    value = float(found.rstrip("%").replace(",", ""))
    return value / 100 if found.endswith("%") else value


def feature_extraction(section: Section) -> None:
    guide, _, regression, cold, warm = section.rows.values()
    assert cold["test accuracy"] == warm["test accuracy"]
    assert guide["times less processor time"] == 1.0
    assert warm["times less processor time"] > 1.5
    assert all(0 <= one["test accuracy"] <= 1 for one in section.rows.values())
    assert regression["test accuracy"] > 0.4  # the drawn classes differ in colour
    assert section.sentence("network, took")[0] > cold["seconds"]
    assert all(0 <= share <= 1 for share in section.sentence("that both learn from: the expert's script"))


def fine_tuning(section: Section) -> None:
    _, missing, there = section.rows.values()
    assert missing["test accuracy"] == there["test accuracy"]
    assert list(section.rows) == [
        "the guide's script", "Graft, activations at the cut missing", "Graft, activations at the cut there"
    ]  # fmt: skip


def training_loop(section: Section) -> None:
    assert {"Graft", "fit", "fit, steps_per_execution=8", "fit, steps_per_execution=epoch"} == set(section.rows)
    assert all(row["seconds"] > 0 for row in section.rows.values())


def throughput(section: Section) -> None:
    assert section.rows["benchmark_app"]["of benchmark_app"] == 1.0
    assert section.rows["predict"]["images a second"] > 0


def intake(section: Section) -> None:
    assert section.rows["image_dataset_from_directory"]["times faster"] == 1.0
    assert section.rows["Graft"]["images a second"] > 0


def scaled_decoding(section: Section) -> None:
    (drawn,) = section.rows.values()
    assert drawn["photographs decoded at a fraction"] == 1.0
    assert drawn["same class"] > 0.5
    assert drawn["median change of a probability"] < 0.5


def agreement(section: Section) -> None:
    difference, photographs = section.sentence("as the app to within")
    assert difference < 1e-4
    assert photographs > 0


def response(section: Section) -> None:
    (first_event,) = section.sentence("From the click to the first event of a run:")[:1]
    (first_epoch,) = section.sentence("with the features there:")[:1]
    assert 0 < first_event <= first_epoch


def classroom(section: Section) -> None:
    first, last = section.sentence("the first ended after")
    assert first <= last


def growth(section: Section) -> None:
    (run,) = section.rows.values()
    assert 0 < run["of them features"] <= run["seconds"]
    assert run["most memory (GiB)"] > 0.1


HOLDS: dict[str, Callable[[Section], None]] = {
    "feature-extraction": feature_extraction,
    "fine-tuning": fine_tuning,
    "training-loop": training_loop,
    "throughput": throughput,
    "intake": intake,
    "scaled-decoding": scaled_decoding,
    "agreement": agreement,
    "response": response,
    "classroom": classroom,
    "growth": growth,
}


@pytest.mark.timeout(900)
def test_the_figures_of_every_section_agree_with_each_other(tmp_path):
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed", "--short", "--out", str(tmp_path / "out.md")]
    subprocess.run(command, cwd=ROOT, env=os.environ | {"KERAS_HOME": str(tmp_path)}, check=True, capture_output=True)
    pieces = (tmp_path / "out.md").read_text(encoding="utf-8").split("\n## ")
    found = {title.strip(): Section(body) for title, _, body in (piece.partition("\n") for piece in pieces[1:])}
    assert list(found) == list(SECTIONS) == list(HOLDS)
    for name, section in found.items():
        HOLDS[name](section)

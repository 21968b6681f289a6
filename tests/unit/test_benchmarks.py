"""The benchmark of speed runs: its short form does all of its work on drawn images, with random weights, once."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from benchmarks.speed import SECTIONS

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\d+(\.\d+)?")
# Of each section: the rows that its tables have, and the sentences that it says.
ROWS = {
    "feature-extraction": ("the guide's script", "the expert's", "logistic regression", "Graft, cold", "Graft, warm"),
    "fine-tuning": ("Graft, activations at the cut missing", "Graft, activations at the cut there"),
    "training-loop": ("Graft", "fit", "fit, steps_per_execution=8", "fit, steps_per_execution=epoch"),
    "throughput": ("benchmark_app", "predict"),
    "intake": ("image_dataset_from_directory",),
    "scaled-decoding": ("drawn",),
    "agreement": (),
    "response": (),
    "classroom": (),
    "growth": ("60",),
}
SENTENCES = {
    "feature-extraction": ("The first run of all", "Mean test accuracy"),
    "agreement": ("The exported model, alone in Keras",),
    "response": ("From the click to the first event",),
    "classroom": ("2 runs started at once",),
}


@pytest.mark.parametrize("sections", [[*ROWS][:5], [*ROWS][5:]], ids=lambda it: it[0])
def test_the_short_form_runs_every_section(sections, tmp_path):
    assert set(ROWS) == set(SECTIONS)
    tables = tmp_path / "tables.md"
    command = [sys.executable, "-W", "ignore", "-m", "benchmarks.speed", "--short", "--out", str(tables)]
    subprocess.run(
        [*command, "--sections", *sections],
        cwd=ROOT,
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
        check=True,
        capture_output=True,
    )
    lines = tables.read_text(encoding="utf-8").splitlines()
    rows = [line for line, after in pairwise([*lines, ""]) if line.startswith("| ") and not after.startswith("| ---")]
    for section in sections:
        for words in ROWS[section]:
            measured = [row for row in rows if words in row.split("|")[1]]
            assert measured, words
            assert all(NUMBER.search(cell) for row in measured for cell in row.split("|")[2:-1]), words
        for words in SENTENCES.get(section, ()):
            (sentence,) = [line for line in lines if words in line]
            assert NUMBER.search(sentence)

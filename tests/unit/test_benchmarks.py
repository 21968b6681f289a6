"""The benchmark of speed runs: its short form does all of its work on drawn images, with random weights, once."""

import os
import re
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

from benchmarks.speed import SECTIONS

ROOT = Path(__file__).parents[2]
NUMBER = re.compile(r"\d+(\.\d+)?")


def test_the_short_form_runs_every_section(tmp_path):
    tables = tmp_path / "tables.md"
    subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "benchmarks.speed", "--short", "--out", str(tables)],
        cwd=ROOT,
        env=os.environ | {"KERAS_HOME": str(tmp_path)},
        check=True,
        capture_output=True,
        timeout=600,
    )
    text = tables.read_text(encoding="utf-8")
    lines = text.splitlines()
    rows = [line for line, after in pairwise([*lines, ""]) if line.startswith("| ") and not after.startswith("| ---")]
    assert len(SECTIONS) == 8  # a new section needs its words below
    for words in (
        "the guide's script", "the expert's script", "logistic regression", "Graft, cold", "Graft, warm",
        "Graft, activations at the cut missing", "Graft, activations at the cut there", "benchmark_app",
        "image_dataset_from_directory", "drawn", "60",
    ):  # fmt: skip
        measured = [row for row in rows if words in row.split("|")[1]]
        assert measured, words
        assert all(NUMBER.search(cell) for row in measured for cell in row.split("|")[2:-1]), words
    for words in ("From the click to the first event", "The exported model, alone in Keras", "The first run of all"):
        (sentence,) = [line for line in lines if words in line]
        assert NUMBER.search(sentence)

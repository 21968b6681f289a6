"""For any tree of folders, any table and any order of uploads, each image has the class and split of the rules.

The trees and tables are drawn together with what the rules in `core.intake.plan` say about each image.
"""

import csv
import io
import itertools
from contextlib import ExitStack
from dataclasses import dataclass, field

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from intake_files import ONE, zipped

from core.intake.archives import Zip
from core.intake.plan import make_plan
from core.intake.sources import Files

WORDS = {
    "train": ["train", "Training", "training_set", "TRAIN images", "trainset"],
    "validation": ["val", "valid", "Validation", "dev", "val_set"],
    "test": ["test", "Testing", "test_data", "testset"],
}
CLASSES = ["ants", "bees", "Käfer", "猫", "red deer", "1", "a.b"]
LABELS = ["x", "y y", "ż"]
WRAPPERS = ["photos", "data set", "v1.0"]


@dataclass
class Drawn:
    """A tree and a table, with class and split of each image by its path."""

    expected: dict[str, tuple[str | None, str | None]] = field(default_factory=dict)
    contradicted: set[str] = field(default_factory=set)
    table: bytes | None = None
    parts: dict[str, int] = field(default_factory=dict)
    others: list[str] = field(default_factory=list)


@st.composite
def trees(draw) -> Drawn:
    drawn = Drawn()
    wrap = "".join(f"{name}/" for name in draw(st.lists(st.sampled_from(WRAPPERS), max_size=2, unique=True)))
    splits = draw(st.lists(st.sampled_from(list(WORDS)), max_size=3, unique=True))
    words = {split: draw(st.sampled_from(WORDS[split])) for split in splits}
    classes = draw(st.lists(st.sampled_from(CLASSES), min_size=2, max_size=4, unique=True))
    number = 0
    for split, label in itertools.product(splits or [None], classes):
        for _ in range(draw(st.integers(1, 3))):
            folder = f"{words[split]}/{label}" if split else label
            drawn.expected[f"{wrap}{folder}/img_{number}.jpg"] = (label, split)
            number += 1
    drawn.parts = {name: draw(st.integers(0, 1)) for name in drawn.expected}
    drawn.others = draw(st.lists(st.sampled_from(["LICENSE.txt", "notes/readme.md", "x/y/1.xml"]), unique=True))
    if draw(st.booleans()):
        _add_table(draw, drawn)
    return drawn


def _add_table(draw, drawn: Drawn) -> None:
    """Add a table, and what it changes."""
    columns = draw(st.sampled_from([("label",), ("split",), ("group",), ("label", "split"), ("split", "group")]))
    names = sorted(drawn.expected)
    named = draw(st.lists(st.sampled_from(names), min_size=2, unique=True))
    rows: list[dict[str, str]] = []
    said: dict[str, tuple[str, str]] = {}
    for position, name in enumerate(named):
        label, split = LABELS[position % 2], draw(st.sampled_from(["", *WORDS]))
        said[name] = (label, split)
        rows.append({"file": _written(draw, name), "label": label, "split": split, "group": "g"})
    for name in draw(st.lists(st.sampled_from(named), max_size=2, unique=True)) if "label" in columns else []:
        rows.append({"file": name, "label": LABELS[2], "split": said[name][1], "group": "g"})
        rows.append({"file": name, "label": said[name][0], "split": "", "group": ""})  # said by its best name, too
        drawn.contradicted.add(name)
    for name, (folder, split) in drawn.expected.items():
        new_label, new_split = said.get(name, (None, ""))
        label = (None if name in drawn.contradicted else new_label) if "label" in columns else folder
        drawn.expected[name] = (label, new_split or split if "split" in columns else split)
    head = draw(st.permutations(["file", *columns]))
    text = io.StringIO()
    writer = csv.writer(text, delimiter=draw(st.sampled_from(",;\t")))
    writer.writerow(head)
    writer.writerows([row[column] for column in head] for row in draw(st.permutations(rows)))
    drawn.table = text.getvalue().encode(draw(st.sampled_from(["utf-8", "utf-8-sig", "utf-16"])))


def _written(draw, name: str) -> str:
    """A name as tables write it; every image has a file name of its own."""
    windows = "C:\\somewhere\\" + name.replace("/", "\\")
    base = name.rpartition("/")[2]
    return draw(st.sampled_from([name, base, base.upper(), base.removesuffix(".jpg"), windows, f"../{base}"]))


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(trees(), st.booleans())
def test_every_image_has_the_class_and_split_of_the_rules(tmp_path_factory, drawn: Drawn, is_divided: bool):
    folder = tmp_path_factory.mktemp("tree")
    halves: list[dict[str, bytes]] = [{}, {}]
    for name in drawn.expected:
        halves[drawn.parts[name] if is_divided else 0][name] = b""
    halves[0] |= dict.fromkeys(drawn.others, b"")
    paths = [zipped(folder / f"{number}.zip", files) for number, files in enumerate(halves) if files]
    if drawn.table is not None:
        (folder / "table.csv").write_bytes(drawn.table)
        paths.append(folder / "table.csv")
    for order in itertools.permutations(paths):
        with ExitStack() as stack:
            plan = make_plan([stack.enter_context(_open(path)) for path in order])
        found = {
            one.source.entries[index].name: (annotation.label, annotation.split)
            for one in plan.sources
            for index, annotation in one.annotations.items()
        }
        assert {name: found[name] for name in drawn.expected} == drawn.expected
        assert {note.name for note in plan.notes} - {"table.csv"} == drawn.contradicted


def _open(path):
    return Zip(path, path.name, ONE) if path.suffix == ".zip" else Files([path], ONE)

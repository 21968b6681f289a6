"""Measures the evaluation: `python -m benchmarks.results SETS [PART ...] [--keras-home FOLDER]`.

SETS is the folder with the sample sets as zips. The parts, all without an argument: `intervals` simulates the coverage
of the 95% intervals; `calibration` trains on each set and measures the calibration error of the test split before and
after the temperature, and changes of predicted classes; `ood` trains on flowers and shows the model cats, dogs, insects
and hands; `explain` times explanations on a model in memory, and measures Grad-CAM on every network; `page`
times a rerun of the results page of a run with 5,000 test images in 50 classes. Each prints a table with the goal
beside the figure.
"""

import argparse
import gc
import hashlib
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.stats import binom

from benchmarks.clock import machine, table
from benchmarks.ours import predict
from benchmarks.photographs import Photographs, from_zip
from core.catalog.database import Database
from core.catalog.items import NewItem, add_items
from core.catalog.projects import create_project
from core.dataset.manifest import TEST
from core.dataset.pixels import load_image
from core.dataset.splits import assign_splits
from core.evaluation.metrics import intervals
from core.evaluation.report.report import Report
from core.settings import Settings
from core.training.recipe import MODEL_FILE, Backbone, Recipe

SETS = ("flowers5_small", "hymenoptera", "cats_dogs", "rock_paper_scissors", "sign_digits", "cifar10")
OOD_SETS = ("cats_dogs", "hymenoptera", "rock_paper_scissors")
SEEDS = range(3)
ACCURACIES = np.linspace(0.5, 0.99, 491)
SPLIT_SIZES = (8, 13, 24, 40, 56, 75, 100, 200, 500, 1000)
TIMES = 200
# Of the bootstrap: a fifth of the app's, which moves the ends little.
DRAWS = 200
ROUNDS = 15


@dataclass(frozen=True)
class Setup:
    """The folders of the sets and the weights, and a temporary one."""

    sets: Path
    keras_home: Path
    folder: Path

    def load(self, name: str) -> Photographs:
        folder = self.folder / name
        shutil.rmtree(folder, ignore_errors=True)
        return from_zip(self.sets / f"{name}.zip", folder, self.keras_home)


def coverage(_setup: Setup) -> str:
    """Measure the coverage: of shares exactly, of means over classes by simulation."""
    rows = []
    for images in SPLIT_SIZES:
        ends = np.array([intervals.share_interval(hits, images) for hits in range(images + 1)])
        inside = (ends[:, :1] <= ACCURACIES) & (ends[:, 1:] >= ACCURACIES)
        covered = np.sum(inside * binom.pmf(np.arange(images + 1)[:, None], images, ACCURACIES), axis=0)
        worst = ACCURACIES[covered.argmin()]
        rows.append((f"accuracy, {images} images", f"{covered.mean():.3f}", f"{covered.min():.3f} at {worst:.3f}"))
    generator = np.random.default_rng(0)
    intervals._DRAWS = DRAWS
    for classes in (2, 5, 10, 30):
        found = [_macro_coverage(classes, images, generator) for images in (8, 24, 60)]
        least = min(share for shares in found for share in shares)
        mean = statistics.fmean(share for shares in found for share in shares)
        rows.append((f"macro F1, {classes} classes of 8 to 60 images", f"{mean:.3f}", f"{least:.3f}"))
    head = ("interval (goal: mean 0.94 to 0.97, never below 0.90)", "mean coverage", "least coverage")
    return table("Coverage of the 95% intervals, true accuracies from 0.5 to 0.99", head, rows)


def _macro_coverage(classes: int, images: int, generator: np.random.Generator) -> list[float]:
    """By true recall: 0.5, 0.7, 0.9, 0.97, and one class much worse than the others."""
    shares = []
    for recalls in (
        [0.5] * classes,
        [0.7] * classes,
        [0.9] * classes,
        [0.97] * classes,
        [0.97] * (classes - 1) + [0.5],
    ):
        truth = np.array([[(1 - recall) / (classes - 1)] * classes for recall in recalls])
        np.fill_diagonal(truth, recalls)
        expected = truth * images
        true_f1 = np.mean(2 * np.diagonal(expected) / (expected.sum(axis=0) + expected.sum(axis=1)))
        drawn = np.stack([generator.multinomial(images, row, size=TIMES) for row in truth], axis=1)
        found = [intervals.macro_f1_interval(counts) for counts in drawn]
        shares.append(float(np.mean([one.low <= true_f1 <= one.high for one in found if one is not None])))
    return shares


def calibration(setup: Setup) -> str:
    """Measure the calibration error of the test split before and after, and the changed predictions."""
    rows = []
    for name in SETS:
        photographs = setup.load(name)
        for seed in SEEDS:
            out = setup.folder / "out"
            report, changed = _measure(photographs, seed, out)
            before, after = report.calibration.before, report.calibration.after
            rows.append(
                (
                    f"{name}, split {seed}",
                    f"{report.calibration.fitted:.2f}",
                    "yes" if report.calibration.applied else "no",
                    f"{before.error:.3f}",
                    f"{after.error:.3f}",
                    "lower" if after.error < before.error else "higher",
                    changed,
                )
            )
    head = ("set", "temperature", "applied", "ECE before", "ECE after", "", "changed predictions")
    return table(
        "Temperature scaling (goal: lower on two sets, no changed prediction), MobileNetV2 0.5 at 96", head, rows
    )


def ood(setup: Setup) -> str:
    """Train on flowers; measure how many images of other sets, and of the test split, are refused."""
    from core.export.predictor import Predictor

    flowers = setup.load("flowers5_small")
    others = {name: setup.load(name) for name in OOD_SETS}
    rows = []
    for seed in SEEDS:
        out = setup.folder / "out"
        report, _ = _measure(flowers, seed, out, backbone="MobileNetV2")
        predictor = Predictor(out / MODEL_FILE)
        for name, other in others.items():
            manifest = other.manifest
            for label, title in enumerate(manifest.classes):
                chosen = np.flatnonzero(manifest.labels == label)[:150]
                batch = predictor.predict_batch([other.originals.path(manifest.digests[row]) for row in chosen])
                refused = float(np.mean(batch.distances > batch.threshold))
                rows.append(
                    (seed, f"{name}: {title}", len(chosen), f"{refused:.1%}", "≥ 80%" if title == "cats" else "")
                )
        test = report.metrics.test.images
        rows.append((seed, "flowers of the test split", test, f"{report.ood.refused_test:.1%}", "≤ 8%"))
    head = ("split", "shown", "images", "refused", "goal")
    return table("None of these: MobileNetV2 with ImageNet features, trained on flowers5_small", head, rows)


def explain(setup: Setup) -> str:
    """Time one photograph from its file to the heat map, on a model in memory."""
    from benchmarks.zoo_heat import zoo_heat
    from core.evaluation.explanation.saliency import EXPLANATIONS
    from core.export.predictor import Predictor

    photographs = setup.load("hymenoptera")
    paths = [photographs.originals.path(digest) for digest in photographs.manifest.digests[:6]]
    rows = []
    for backbone in ("MobileNetV2", "ResNet50"):
        out = setup.folder / "out"
        _measure(photographs, 0, out, backbone=backbone, weights="imagenet" if backbone == "MobileNetV2" else "none")
        served = Predictor(out / MODEL_FILE).served
        for name, method in EXPLANATIONS.items():
            seconds = []
            for path in paths:
                began = time.perf_counter()
                method(served, served.preprocess(load_image(path)), 0)
                seconds.append(time.perf_counter() - began)
            goal = "< 2" if name == "grad-cam" else ""
            rows.append((backbone, name, f"{seconds[0]:.2f}", f"{statistics.median(seconds[1:]):.2f}", goal))
    head = ("network", "explanation", "first (s)", "median of the next five (s)", "goal (s)")
    return f"{table('Explanations at 224 pixels', head, rows)}\n{zoo_heat()}"


def page(setup: Setup) -> str:
    """Time a rerun of the page, part by part, with Streamlit's test runner."""
    import streamlit as st
    from streamlit.testing.v1 import AppTest

    from core.jobs import queue
    from pages.shared.steps import RESULTS
    from tests.finished_runs import add_run, open_workspace

    settings = Settings(workspace=setup.folder / "page")
    os.environ["GRAFT_WORKSPACE"] = str(settings.workspace)
    queue.ensure_dispatcher = lambda _settings: None
    workspace = open_workspace(settings)
    names = tuple(f"species {number}" for number in range(50))
    project = _large_project(workspace.database, names)
    run = add_run(workspace, project, accuracy=0.7)
    # The test runner collects garbage in full after each run, which the server does not (`.streamlit/config.toml`):
    # existing objects are excluded.
    gc.collect()
    gc.freeze()
    rows = []
    for part in ("Confusion", "Mistakes", "Map", "Classes", "Confidence", "Training", "All runs"):
        st.cache_resource.clear()
        tab = AppTest.from_file(Path(__file__).parents[1] / "app.py", default_timeout=120).run()
        for name, value in {"project": project, "run": run, "results-part": part}.items():
            tab.query_params[name] = value
        began = time.perf_counter()
        tab.switch_page(RESULTS.file).run()
        first = time.perf_counter() - began
        assert not tab.exception
        wall = []
        for _ in range(ROUNDS):
            began = time.perf_counter()
            tab.run()
            wall.append(time.perf_counter() - began)
        rows.append((part, f"{first:.1f}", f"{1000 * statistics.median(wall):.0f}", "< 500"))
    head = ("part", "first time (s)", "rerun, median (ms)", "goal (ms)")
    return table("Results page: 5,000 test images of 10,000, 50 classes", head, rows)


def _large_project(database: Database, names: tuple[str, ...]) -> str:
    """10,000 images without files, every second one in the test split."""
    project = create_project(database, "Many species")
    splits = ("train", "test", "train", "test", "validation", "test", "train", "test", "train", "test")
    for start in range(0, 10_000, 1000):
        rows = range(start, start + 1000)
        add_items(
            database,
            project,
            [
                NewItem(
                    digest=hashlib.sha256(str(row).encode()).hexdigest(),
                    name=f"{row:05}.jpg",
                    label=names[row // 10 % len(names)],
                    split=splits[row % 10],
                    group=None,
                    width=96,
                    height=96,
                    format="JPEG",
                    size_bytes=1000,
                    brightness=0.5,
                    contrast=0.2,
                    sharpness=0.1,
                    dhash=f"{row:016x}",
                )
                for row in rows
            ],
        )
    return project


def _measure(
    photographs: Photographs, seed: int, out: Path, *, backbone: str = "MobileNetV2_050_96", weights: str = "imagenet"
) -> tuple[Report, int]:
    """Train a head on another split; give the report and the number of predictions that the temperature changed."""
    from core.evaluation.evaluate import evaluate
    from core.training.train import train

    shutil.rmtree(out, ignore_errors=True)
    splits = assign_splits(photographs.manifest.labels, seed=seed)
    drawn = replace(photographs, manifest=replace(photographs.manifest, splits=splits))
    recipe = Recipe(backbone=Backbone(name=backbone, weights=weights), seed=seed)
    train(
        recipe,
        drawn.manifest,
        originals=drawn.originals,
        settings=drawn.settings,
        emit=lambda _event: None,
        should_stop=lambda: False,
        out=out,
    )
    raw = shutil.copy(out / MODEL_FILE, out / "raw.keras")
    report = evaluate(out, drawn.manifest, originals=drawn.originals, settings=drawn.settings)
    if not report.calibration.applied:
        return report, 0
    answers = [predict(drawn, path).argmax(axis=1) for path in (Path(raw), out / MODEL_FILE)]
    assert len(answers[0]) == len(drawn.manifest.rows(TEST))
    return report, int(np.sum(answers[0] != answers[1]))


PARTS: dict[str, Callable[[Setup], str]] = {
    "intervals": coverage,
    "calibration": calibration,
    "ood": ood,
    "explain": explain,
    "page": page,
}


def main() -> None:
    """Print the chosen tables."""
    parser = argparse.ArgumentParser(description="Measure what results are worth.")
    parser.add_argument("sets", type=Path, help="folder with the sample sets as zips")
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="default: all")
    parser.add_argument("--keras-home", type=Path, default=Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")))
    choices = parser.parse_args()
    print(f"Measured on {machine()}.\n", flush=True)
    with tempfile.TemporaryDirectory(prefix="graft-results-") as folder:
        setup = Setup(choices.sets, choices.keras_home, Path(folder))
        for name in choices.parts or PARTS:
            print(PARTS[name](setup), flush=True)


if __name__ == "__main__":
    main()

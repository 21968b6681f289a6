"""The comparisons; each takes a `Bench` and yields Markdown."""

import functools
import json
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks import ours, peers
from benchmarks.clock import Stopwatch, Trial, median, table
from benchmarks.photographs import Photographs, copies, from_zip, large_photographs, synthetic
from core.dataset import pixels
from core.dataset.manifest import TEST, VALIDATION
from core.dataset.splits import assign_splits
from core.features.openvino_engine import PIXELS_PER_REQUEST
from core.intake.ingestion import ingest
from core.storage.blobs import OriginalStore
from core.training.train import TrainingResult

HEAD = ("way", "seconds", "processor seconds", "test accuracy", "times faster", "times less processor time")
GIB = 1024**3
# Sets of the test data with photographs of 81 to 800 pixels.
LARGER_SETS = ("cats_dogs", "hymenoptera")


@dataclass(frozen=True)
class Bench:
    """The settings of all sections.

    Attributes:
        task: The task.
        photographs: Its images.
        folder: Folder for output.
        rounds: How often each method is measured.
        seeds: Number of seeds that accuracies are averaged over.
        short: Whether only to show that everything runs.
        sets: Folder of the sample sets; not read if `short`.
    """

    task: peers.Task
    photographs: Photographs
    folder: Path
    rounds: int
    seeds: int
    short: bool
    sets: Path = Path()


def feature_extraction(bench: Bench) -> Iterator[str]:
    """The guide, the expert's script and logistic regression beside Graft with cold and warm caches."""
    ours.clear_caches(bench.photographs, networks=True)
    first, _ = _run(bench, 0)
    trials: dict[str, list[Trial]] = {}
    for seed in range(bench.rounds):
        trials.setdefault("(a) the guide's script", []).append(_guide(bench.task, seed)[1])
        features, predicting = peers.predict_features(bench.task)
        for name, fitted in (
            ("(b) the expert's script", peers.fit_head(bench.task, features, seed)),
            ("(c) logistic regression on Keras features", peers.fit_logistic_regression(features)),
        ):
            whole = Trial(predicting.seconds + fitted.seconds, predicting.processor + fitted.processor, fitted.accuracy)
            trials.setdefault(name, []).append(whole)
        ours.clear_caches(bench.photographs)
        trials.setdefault("(d) Graft, cold", []).append(_run(bench, seed)[0])
        trials.setdefault("(e) Graft, warm", []).append(_run(bench, seed)[0])
    yield _against(f"Feature extraction, {bench.task.epochs} epochs", trials)
    yield f"The first run of all, which builds and converts the network, took {first.seconds:.1f} s.\n"
    expert, graft = zip(*(_accuracies(bench, features, seed) for seed in range(bench.seeds)), strict=True)
    yield (
        f"Mean test accuracy over {bench.seeds} seeds, each with a split of its own that both learn from: the expert's "
        f"script {statistics.fmean(expert):.1%}, Graft {statistics.fmean(graft):.1%}.\n"
    )


def fine_tuning(bench: Bench) -> Iterator[str]:
    """Fine-tuning of the last block; the phase of the head is excluded on both sides."""
    cut, first_layer = ours.last_block(bench.task)
    trials: dict[str, list[Trial]] = {}
    for seed in range(bench.rounds):
        guide, _ = _guide(bench.task, seed)
        trials.setdefault("the guide's script", []).append(guide.fine_tune(first_layer))
        ours.clear_caches(bench.photographs)
        ours.run(bench.photographs, ours.recipe_for(bench.task, seed), bench.folder / "out")
        head, _ = ours.run(bench.photographs, ours.recipe_for(bench.task, seed), bench.folder / "out")
        for name in ("Graft, activations at the cut missing", "Graft, activations at the cut there"):
            whole, result = ours.run(bench.photographs, ours.recipe_for(bench.task, seed, cut), bench.folder / "out")
            seconds = result.seconds["features"] + result.seconds["fine-tune"]
            part = Trial(seconds, whole.processor - head.processor, whole.accuracy)
            trials.setdefault(name, []).append(part)
    yield _against(f"Fine-tuning from {first_layer} on, {bench.task.fine_tune_epochs} epochs", trials)


def throughput(bench: Bench) -> Iterator[str]:
    """Features per second, beside `benchmark_app` and Keras' `predict`."""
    prefix = ours.pooled_network(bench.task, bench.photographs.settings.keras_home)
    digests = copies(bench.photographs, 1 if bench.short else 4)
    ours.clear_caches(bench.photographs, networks=True)
    ours.compute_features(bench.photographs, prefix, digests)  # working copies and the converted network
    (network,) = (bench.photographs.settings.cache / "networks").glob("*/network.xml")
    squares = np.zeros((64, bench.task.size, bench.task.size, 3), np.float32)
    prefix.predict(squares, verbose=0)
    rates: dict[str, list[float]] = {"benchmark_app": [], "Graft, decoded copies to kept features": [], "predict": []}
    for _ in range(bench.rounds):
        rates["benchmark_app"].append(_benchmark_app(network, bench.task.size, 1 if bench.short else 15))
        taken = ours.compute_features(bench.photographs, prefix, digests)
        rates["Graft, decoded copies to kept features"].append(len(digests) / taken.seconds)
        with Stopwatch() as watch:
            prefix.predict(squares, verbose=0)
        rates["predict"].append(len(squares) / watch.trial.seconds)
    medians = {name: statistics.median(values) for name, values in rates.items()}
    limit = medians["benchmark_app"]
    rows = [(name, f"{rate:.0f}", f"{rate / limit:.0%}") for name, rate in medians.items()]
    yield table(f"Features of {bench.task.backbone} in float32", ("way", "images a second", "of benchmark_app"), rows)


def intake(bench: Bench) -> Iterator[str]:
    """Photographs of 12 megapixels taken in, beside reading them once for a training."""
    count, megapixels = (4, 1) if bench.short else (200, 12)
    folder = bench.folder / "large"
    large_photographs(count, megapixels, folder)
    trials: dict[str, list[Trial]] = {"image_dataset_from_directory": [], "Graft": []}
    for number in range(bench.rounds):
        trials["image_dataset_from_directory"].append(peers.read_folder(folder, bench.task.size))
        workspace = bench.folder / f"taken-{number}"
        store = OriginalStore(workspace / "originals", workspace / "thumbnails")
        with Stopwatch() as watch:
            taken = list(ingest(folder, store))
        assert len(taken) == count
        trials["Graft"].append(watch.trial)
    medians = {name: median(values) for name, values in trials.items()}
    slowest = medians["image_dataset_from_directory"].seconds
    rows = [
        (name, f"{count / trial.seconds:.1f}", f"{trial.processor:.1f}", f"{slowest / trial.seconds:.1f}")
        for name, trial in medians.items()
    ]
    yield table(
        f"Taking in {count} photographs of {megapixels} megapixels",
        ("way", "images a second", "processor seconds", "times faster"),
        rows,
    )


def scaled_decoding(bench: Bench) -> Iterator[str]:
    """What training on JPEGs that were decoded at a fraction of their size costs, on sets of larger photographs."""
    rows = []
    for name, photographs in _larger_photographs(bench):
        backbone = bench.task.backbone if bench.short else "MobileNetV2_050_96"
        task = replace(bench.task, images=photographs.folder, backbone=backbone)
        answers = []
        for margin in (pixels.DRAFT_MARGIN, float("inf")):
            ours.clear_caches(photographs)
            kept, pixels.DRAFT_MARGIN = pixels.DRAFT_MARGIN, margin
            try:
                ours.run(photographs, ours.recipe_for(task, seed=0), bench.folder / "out", test=False)
            finally:
                pixels.DRAFT_MARGIN = kept
            answers.append(ours.predict(photographs, bench.folder / "out" / "model.keras", (VALIDATION, TEST)))
        agreement = np.mean(answers[0].argmax(axis=1) == answers[1].argmax(axis=1))
        moved = np.abs(answers[0] - answers[1]).max(axis=1)
        rows.append(
            (
                name,
                len(moved),
                f"{_share_scaled(photographs, task.size):.0%}",
                f"{agreement:.1%}",
                f"{np.median(moved):.3f}",
            )
        )
    yield table(
        "Trained on JPEGs decoded at a fraction of their size, beside trained on full decoding (96 pixels)",
        ("set", "images asked", "photographs decoded at a fraction", "same class", "median change of a probability"),
        rows,
    )


def _larger_photographs(bench: Bench) -> Iterator[tuple[str, Photographs]]:
    home = bench.photographs.settings.keras_home
    if bench.short:
        yield (
            "drawn",
            synthetic(60, bench.folder / "larger", home, side=round(2 * pixels.DRAFT_MARGIN * bench.task.size)),
        )
        return
    for name in LARGER_SETS:
        yield name, from_zip(bench.sets / f"{name}.zip", bench.folder / name, home)


def _share_scaled(photographs: Photographs, size: int) -> float:
    """Share of the photographs that are decoded at half their size or less."""
    sides = []
    for digest in photographs.manifest.digests:
        with Image.open(photographs.originals.path(digest)) as image:
            sides.append(min(image.size))
    return float(np.mean(np.array(sides) >= 2 * pixels.DRAFT_MARGIN * size))


def growth(bench: Bench) -> Iterator[str]:
    """Time and memory of a run on more and more images."""
    rows = []
    for count in (60,) if bench.short else (500, 5_000, 50_000):
        output = subprocess.run(
            [sys.executable, "-m", "benchmarks.growth", str(count)], check=True, capture_output=True, text=True
        ).stdout
        found = json.loads(output.splitlines()[-1])
        rows.append((f"{count:,}", f"{found['seconds']:.1f}", f"{found['features']:.1f}", f"{found['peak'] / GIB:.2f}"))
    head = ("drawn images", "seconds", "of them features", "most memory (GiB)")
    yield table("Growth: MobileNetV2 0.5 at 96 pixels, 3 epochs", head, rows)


def _accuracies(bench: Bench, features: dict[str, peers.SplitFeatures], seed: int) -> tuple[float, float]:
    """Test accuracy of the expert's head and of Graft, on a split drawn with the seed."""
    manifest = bench.photographs.manifest
    again = replace(manifest, splits=assign_splits(manifest.labels, seed=seed))
    _, result = ours.run(
        replace(bench.photographs, manifest=again), ours.recipe_for(bench.task, seed), bench.folder / "out", test=False
    )
    predicted = ours.predict(replace(bench.photographs, manifest=again), result.model).argmax(axis=1)
    graft = float(np.mean(predicted == again.labels[again.rows(TEST)]))
    return peers.fit_head(bench.task, peers.resplit(features, again), seed).accuracy, graft


@functools.cache
def _guide(task: peers.Task, seed: int) -> tuple[peers.Guide, Trial]:
    """The guide's script with a trained head; cached, because it takes minutes and fine-tuning starts from it."""
    guide = peers.Guide(task, seed)
    return guide, guide.train_head()


def _run(bench: Bench, seed: int) -> tuple[Trial, TrainingResult]:
    return ours.run(bench.photographs, ours.recipe_for(bench.task, seed), bench.folder / "out")


def _against(title: str, trials: dict[str, list[Trial]]) -> str:
    """Medians of all methods compared with the first."""
    medians = {name: median(values) for name, values in trials.items()}
    first = next(iter(medians.values()))
    rows = [
        (
            name,
            f"{trial.seconds:.2f}",
            f"{trial.processor:.1f}",
            f"{trial.accuracy:.1%}",
            f"{first.seconds / trial.seconds:.1f}",
            f"{first.processor / trial.processor:.1f}",
        )
        for name, trial in medians.items()
    ]
    return table(title, HEAD, rows)


def _benchmark_app(network: Path, size: int, seconds: int) -> float:
    """Images per second of OpenVINO's `benchmark_app`, with requests of the same size and without telemetry."""
    images = max(1, round(PIXELS_PER_REQUEST / size**2))
    script = (
        "from core.compat import disable_openvino_telemetry; disable_openvino_telemetry();"
        "from openvino.tools.benchmark.main import main; main()"
    )
    options = ["-m", network, "-hint", "throughput", "-infer_precision", "f32", "-t", seconds]
    output = subprocess.run(
        [sys.executable, "-c", script, *map(str, options), "-shape", f"[{images},{size},{size},3]"],
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    found = re.search(r"Throughput:\s+([\d.]+) FPS", output)
    assert found is not None, output
    return float(found.group(1))

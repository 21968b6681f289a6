"""Compares what `advise` recommends with what real trainings show, on image sets with known classes.

    GRAFT_TEST_DATA=... KERAS_HOME=... python -m benchmarks.advice OUT [--sets ...] [--seeds 4] [--images 40]

`freezing`: of each set, half of the images are a person's, the others are the test images of this benchmark. The pick
of the freezing curve, from the person's half alone, is compared with trying six cuts by real fine-tuning. Which cut is
truly best is chosen on the test images of half of the seeds, and all are compared on the test images of the other half:
of several equally good cuts, the best on the same images is best by chance.

`photos`: the learning curve of two fifths of the images predicts the accuracy with twice as many. That is compared with
a head that learned from four fifths and was tested on the last fifth: how often is it within the 90% interval, widened
by the sampling of so few test images?

`recipe`: a search of two minutes on the person's half, and the recipe that it found against the default, both trained
on that half and tested on the other images.

Every measurement is one line of OUT/results.jsonl; what is there is not measured again, so it can be interrupted. The
table is printed at the end, or at once with `--report`.

Measured on two busy cores with `--seeds 2` (hymenoptera and flowers5_small, 40 images of each class, MobileNet 0.25
and the starter, 40 and 100 test images a seed): the curve alone is 0.3 points below the best of six cuts on the mean of
four cases, the worst 3.7; it took 9 to 22 s against 74 to 250 s for six trainings. With `--only photos --seeds 6
--images 100` on flowers5_small and cats_dogs, the interval had 12 of 12 accuracies and 36 of 42 shares of a class.

A first look at `recipe`, `--seeds 1 --images 60` on flowers5_small, hymenoptera and rock_paper_scissors, six cases
of 60 to 150 test images on two cores that did much else: +0.7 points on the mean, from -5.0 (3 of 60 images) to +7.8
(the starter, fine-tuned). Of so few images most recipes are equally good; more sets and seeds have to tell the rest.
"""

import argparse
import json
import os
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

SETS = ("hymenoptera", "flowers5_small")
NETWORKS = {"MobileNet025": "imagenet", "Starter": "starter"}
CUTS = 6
TRIAL_SECONDS = 60
SEARCH_SECONDS = 120
SECTIONS = ("freezing", "photos", "recipe")


class Results:
    """Measurements in a file, one JSON object a line."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "results.jsonl"
        lines = self._path.read_text(encoding="utf-8").splitlines() if self._path.exists() else []
        self.rows: list[dict[str, Any]] = [json.loads(line) for line in lines]

    def measure(self, key: dict[str, Any], compute: Callable[[], dict[str, Any]]) -> None:
        """Measure what is not there yet."""
        if any(key.items() <= row.items() for row in self.rows):
            return
        row = key | compute()
        self.rows.append(row)
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row) + "\n")
        print(json.dumps(row), flush=True)


def read_dataset(archive: Path, folder: Path, images: int):
    """The first images of each class of a zip, and the store of their files."""
    from core.checks.dataset import ingested_dataset
    from core.intake.ingestion import ingest
    from core.intake.results import Accepted
    from core.storage.blobs import OriginalStore

    store = OriginalStore(folder / "originals", folder / "thumbnails")
    accepted = [one for one in ingest([archive], store) if isinstance(one, Accepted)]
    counts: dict[str, int] = {}
    chosen = []
    for one in sorted(accepted, key=lambda one: one.digest):
        counts[one.label or ""] = counts.get(one.label or "", 0) + 1
        if counts[one.label or ""] <= images:
            chosen.append(one)
    return ingested_dataset(chosen, store), store


def divide(dataset, seed: int):
    """Half of the images as a person's, 40 to train and 10 to validate of 100, and half as the test images."""
    from core.dataset.splits import assign_splits

    splits = assign_splits(dataset.labels, shares=(40, 10, 50), seed=seed, groups=dataset.group_ids.tolist())
    return replace(dataset, splits=splits)


def recipe_of(network: str, seed: int):
    from core.training.recipe import Backbone, Recipe

    return Recipe(backbone=Backbone(name=network, weights=NETWORKS[network]), seed=seed)


def tried_cuts(network: str) -> list[str]:
    """Six cuts from nothing frozen to everything frozen."""
    from core.advice.freezing_curve import NOTHING_FROZEN
    from core.backbones.zoo import find_backbone

    cuts = find_backbone(network).cuts
    rows = np.unique(np.linspace(0, len(cuts) - 1, CUTS - 1).round().astype(int))
    return [NOTHING_FROZEN, *(cuts[row].name for row in rows)]


def measure_freezing(results: Results, context, dataset, name: str, network: str, seed: int) -> None:
    """The picks of the curve, without and with trials, and real trainings at six cuts."""
    from core.jobs.advise import measure_freezing_curve

    for budget in (0, TRIAL_SECONDS):

        def pick(budget: int = budget) -> dict[str, Any]:
            began = time.monotonic()
            curve = measure_freezing_curve(context, dataset, recipe_of(network, seed), budget=budget, seed=seed)
            chosen = curve.point(curve.recommended)
            return {
                "cut": chosen.cut,
                "layers": chosen.layers,
                "of": curve.layers,
                "reason": curve.reason,
                "seconds": time.monotonic() - began,
            }

        results.measure({"kind": "pick", "set": name, "network": network, "seed": seed, "budget": budget}, pick)
    picked = [row["cut"] for row in results.rows if _is(row, "pick", name, network) and row["seed"] == seed]
    for cut in dict.fromkeys([*tried_cuts(network), *picked]):
        key = {"kind": "real", "set": name, "network": network, "seed": seed, "cut": cut}
        results.measure(key, lambda cut=cut: real_training(context, dataset, network, seed, cut))


def real_training(context, dataset, network: str, seed: int, cut: str) -> dict[str, Any]:
    """Train with the layers up to a cut frozen, and count the correct predictions of the test images."""
    from core.advice.changes import with_freezing

    return train_and_test(context, dataset, with_freezing(recipe_of(network, seed), cut, NETWORKS[network]))


def train_and_test(context, dataset, recipe) -> dict[str, Any]:
    """Train a recipe, and count the correct predictions of the test images."""
    from core.dataset.manifest import TEST, VALIDATION, Manifest
    from core.jobs.trials import train_and_predict

    manifest = Manifest(dataset.classes, dataset.digests, dataset.labels, dataset.splits, dataset.names)
    swapped = np.where(dataset.splits == VALIDATION, TEST, dataset.splits).astype(np.int8)
    swapped[dataset.splits == TEST] = VALIDATION
    began = time.monotonic()
    predicted = train_and_predict(context, recipe, manifest, lambda _event: None, replace(manifest, splits=swapped))
    seconds = time.monotonic() - began
    correct = predicted == dataset.labels[manifest.rows(TEST)]
    return {"accuracy": float(correct.mean()), "images": len(correct), "seconds": seconds}


def measure_recipe(results: Results, context, dataset, name: str, network: str, seed: int) -> None:
    """The default and the recipe that a search finds, on the test images."""
    from core.jobs.recipe_search import search_recipe
    from core.training.recipe import load_recipe

    def find() -> dict[str, Any]:
        found = search_recipe(context, dataset, recipe_of(network, seed), budget=SEARCH_SECONDS, seed=seed)
        default, chosen = (
            train_and_test(context, dataset, load_recipe(one.recipe)) for one in (found.tried[0], found.chosen)
        )
        return {
            "default": default["accuracy"],
            "found": chosen["accuracy"],
            "images": chosen["images"],
            "title": found.chosen.title,
            "tried": len(found.tried),
            "seconds": found.seconds,
        }

    results.measure({"kind": "recipe", "set": name, "network": network, "seed": seed}, find)


def report_recipe(results: Results) -> Iterator[str]:
    """Accuracy of the default and of what was found."""
    rows = [row for row in results.rows if row["kind"] == "recipe"]
    for row in rows:
        yield (
            f"{row['set']}, {row['network']}, seed {row['seed']}: default {row['default']:.3f}, found "
            f"{row['found']:.3f} on {row['images']} test images; {row['title']}, best of {row['tried']} in "
            f"{row['seconds']:.0f} s"
        )
    if rows:
        gains = [100 * (row["found"] - row["default"]) for row in rows]
        yield f"find a good recipe, {SEARCH_SECONDS} s: {np.mean(gains):+.1f} points, worst {min(gains):+.1f}"


def measure_photos(results: Results, context, dataset, name: str, network: str, seed: int) -> None:
    """What the learning curve of a part of the images says, and what then came."""
    key = {"kind": "photos", "set": name, "network": network, "seed": seed}
    results.measure(key, lambda: predict_doubled(context, dataset, network, seed))


def predict_doubled(context, dataset, network: str, seed: int) -> dict[str, Any]:
    """Predicted and measured accuracy with twice as many images, overall and of each class."""
    from core.advice.learning_curve import fit_learning_curve, measure_subsets
    from core.checks.probe import fit_probe
    from core.dataset.splits import assign_splits
    from core.jobs.advise import pooled_features

    parts = assign_splits(dataset.labels, shares=(40, 40, 20), seed=seed, groups=dataset.group_ids.tolist())
    features = pooled_features(context, dataset, recipe_of(network, 0))
    now, both, test = (np.flatnonzero(np.isin(parts, which)) for which in ((0,), (0, 1), (2,)))
    groups = np.unique(dataset.group_ids[now], return_inverse=True)[1]
    measured = measure_subsets(features[now], dataset.labels[now], groups, seed=seed)
    curve = fit_learning_curve(measured, dataset.labels[now], groups, dataset.classes, network=network, seed=seed)
    model = fit_probe(features[both], dataset.labels[both], seed)
    correct = model.predict(features[test]) == dataset.labels[test]
    cases = [_case(curve.doubled.value, curve.doubled.low, curve.doubled.high, correct)]
    for one in curve.classes:
        shift, of_class = one.recall, dataset.labels[test] == dataset.classes.index(one.name)
        cases.append(_case(*(shift + end for end in (one.gain.value, one.gain.low, one.gain.high)), correct[of_class]))
    return {"cases": cases}


def _case(value: float, low: float, high: float, correct: np.ndarray) -> list[float]:
    """Predicted value, ends of its interval with the sampling of the test images, and what came."""
    share = min(max(value, 1 / (len(correct) + 2)), 1 - 1 / (len(correct) + 2))
    sampling = 1.645 * (share * (1 - share) / len(correct)) ** 0.5
    return [value, value - np.hypot(value - low, sampling), value + np.hypot(high - value, sampling), correct.mean()]


def report_photos(results: Results) -> Iterator[str]:
    """How often what came was within the interval."""
    rows = [row for row in results.rows if row["kind"] == "photos"]
    for title, which in (("overall", slice(0, 1)), ("a class", slice(1, None))):
        cases = [case for row in rows for case in row["cases"][which]]
        if cases:
            inside = np.mean([low <= came <= high for _value, low, high, came in cases])
            error = 100 * np.mean([value - came for value, _low, _high, came in cases])
            yield f"twice as many photos, {title}: {inside:.0%} of {len(cases)} within 90%; bias {error:+.1f} points"


def _is(row: dict[str, Any], kind: str, name: str, network: str) -> bool:
    return (row["kind"], row["set"], row["network"]) == (kind, name, network)


def report_freezing(results: Results, seeds: int) -> Iterator[str]:
    """Lines of a table: accuracy by cut, the picks, and their regret on the seeds that did not choose the best."""
    regrets: dict[int, list[float]] = {0: [], TRIAL_SECONDS: []}
    for name, network in sorted({(row["set"], row["network"]) for row in results.rows if row["kind"] == "real"}):
        real = {(row["seed"], row["cut"]): row for row in results.rows if _is(row, "real", name, network)}
        picks = {(row["seed"], row["budget"]): row for row in results.rows if _is(row, "pick", name, network)}
        cuts = tried_cuts(network)
        complete = [seed for seed in range(seeds) if all((seed, cut) in real for cut in cuts) and (seed, 0) in picks]
        if len(complete) < 2:
            continue
        means = {cut: np.mean([real[seed, cut]["accuracy"] for seed in complete]) for cut in cuts}
        yield f"{name}, {network}: " + ", ".join(f"{cut or 'nothing'} {mean:.3f}" for cut, mean in means.items())
        halves = (complete[::2], complete[1::2])
        for budget, values in regrets.items():
            found = [
                np.mean(
                    [
                        real[seed, best]["accuracy"] - real[seed, picks[seed, budget]["cut"]]["accuracy"]
                        for seed in other
                    ]
                )
                for one, other in (halves, halves[::-1])
                if all((seed, budget) in picks for seed in other)
                for best in [max(cuts, key=lambda cut: float(np.mean([real[seed, cut]["accuracy"] for seed in one])))]
            ]
            if not found:
                continue
            values.append(float(np.mean(found)))
            seconds = np.mean([picks[seed, budget]["seconds"] for seed in complete if (seed, budget) in picks])
            tried = np.mean([sum(real[seed, cut]["seconds"] for cut in cuts) for seed in complete])
            chosen = [picks[seed, budget]["cut"] or "nothing" for seed in complete if (seed, budget) in picks]
            yield (
                f"  {'curve alone' if not budget else f'with trials of {budget} s'}: picks {', '.join(chosen)}; regret "
                f"{100 * values[-1]:+.1f} points; {seconds:.0f} s against {tried:.0f} s for six cuts"
            )
    for budget, values in regrets.items():
        if values:
            yield f"mean regret, budget {budget} s: {100 * np.mean(values):+.1f} points over {len(values)} cases"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    parser.add_argument("--sets", nargs="+", default=SETS)
    parser.add_argument("--networks", nargs="+", default=list(NETWORKS), choices=list(NETWORKS))
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--images", type=int, default=40, help="images of each class")
    parser.add_argument("--only", nargs="+", default=SECTIONS, choices=SECTIONS)
    parser.add_argument("--report", action="store_true", help="measure nothing, print the table")
    options = parser.parse_args()
    results = Results(options.out)
    if not options.report:
        from core.jobs.trials import MeasurementContext
        from core.settings import Settings

        settings = replace(Settings.from_environment(), workspace=options.out / "workspace")
        for name in options.sets:
            archive = Path(os.environ["GRAFT_TEST_DATA"]) / "sets" / f"{name}.zip"
            dataset, store = read_dataset(archive, options.out / name, options.images)
            context = MeasurementContext(settings, store, lambda _name, _unit="": lambda _done, _total: None)
            for seed in range(options.seeds):
                for network in options.networks:
                    if "freezing" in options.only:
                        measure_freezing(results, context, divide(dataset, seed), name, network, seed)
                    if "photos" in options.only:
                        measure_photos(results, context, dataset, name, network, seed)
                    if "recipe" in options.only:
                        measure_recipe(results, context, divide(dataset, seed), name, network, seed)
    for line in (*report_freezing(results, options.seeds), *report_photos(results), *report_recipe(results)):
        print(line)


if __name__ == "__main__":
    main()

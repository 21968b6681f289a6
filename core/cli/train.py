"""`python -m core train`: train on a zip or a folder; write the model and its report."""

import argparse
import json
import re
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from core.advice.recipe_search import RecipeSearch
from core.backbones.zoo import find_backbone
from core.checks.dataset import Dataset, ingested_dataset
from core.checks.leaks import leaks
from core.checks.split_groups import split_groups_of
from core.cli.ingested import SHOWN, Ingested, read_images, refuse_question
from core.cli.progress import print_event
from core.dataset.manifest import SPLIT_NAMES, TRAIN, Manifest
from core.dataset.pixels import common_bit_depth
from core.dataset.splits import complete_splits
from core.errors import DatasetError, InputError, RecipeError, WeightsError
from core.intake.results import Accepted
from core.jobs.events import Message, Stage
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.plan import make_plan
from core.training.recipe import MODEL_FILE, Recipe, load_recipe, make_recipe

if TYPE_CHECKING:
    from core.jobs.trials import MeasurementContext

_UNITS: Final = {"": 1, "s": 1, "m": 60, "h": 3600}
WEIGHTS_KINDS = ("imagenet", "starter", "none")


def run(options: argparse.Namespace, settings: Settings) -> None:
    """Ingest images, train, evaluate and print the results."""
    began = time.monotonic()
    recipe = recipe_from(options)
    shares = shares_from(options.split)
    seconds_from(options.auto, "--auto")
    _make_folder(options.out)
    with tempfile.TemporaryDirectory(prefix="graft-train-") as scratch:
        store = OriginalStore(Path(scratch) / "originals", Path(scratch) / "thumbnails")
        found = read_images(options, store, ask=refuse_question, on_progress=make_progress("Reading images", "images"))
        _report_ingestion(found, options)
        recipe = with_bit_depth(recipe, found.accepted)
        dataset = ingested_dataset(found.accepted, store)
        intake_seconds = time.monotonic() - began
        manifest = manifest_from(dataset, shares, recipe.seed)
        manifest.check()
        split_groups = _report_split_groups(dataset, manifest)
        # Fail on an impossible recipe before importing the frameworks.
        make_plan(recipe, classes=len(manifest.classes), training_images=len(manifest.rows(TRAIN)))
        found_recipe = _search(options, recipe, replace(dataset, splits=manifest.splits), store, settings)
        if found_recipe is not None:
            recipe = load_recipe(found_recipe.chosen.recipe)
        result = _execute(recipe, manifest, options.out, store, settings)
    seconds = {"intake": intake_seconds, **result["seconds"], "total": time.monotonic() - began}
    summary = result | {"split_groups": split_groups, "seconds": seconds, "unlabelled": len(found.unlabelled())}
    summary |= found.to_json()
    if found_recipe is not None:
        summary["search"] = describe_search(found_recipe)
    if options.json:
        print(json.dumps(summary))
    else:
        _print(summary)


def recipe_from(options: argparse.Namespace) -> Recipe:
    """Give the recipe of the options; they override those of a recipe file.

    Raises:
        RecipeError: The file cannot be read, or a choice is impossible.
    """
    data: dict[str, Any] = {}
    if options.recipe is not None:
        try:
            data = load_recipe(options.recipe.read_text(encoding="utf-8")).model_dump()
        except (OSError, UnicodeDecodeError) as error:
            raise RecipeError(f"The recipe {options.recipe} cannot be read.", "Check the path.") from error
    _choose_backbone(data.setdefault("backbone", {}), options)
    if options.cut is not None or options.frozen_layers is not None:
        data |= {"strategy": "partial", "cut": None, "frozen_layers": None}
    elif options.strategy not in (None, "partial"):
        data |= {"cut": None, "frozen_layers": None}
    for option in ("cut", "frozen_layers", "strategy", "batch_size", "seed"):
        value = getattr(options, option)
        if value is not None:
            data[option] = value
    if data.get("strategy") == "scratch" and options.weights is None:
        data["backbone"]["weights"] = "none"
    if options.epochs is not None:
        defaults = Recipe()
        for phase in ("head_phase", "fine_tune_phase"):
            data[phase] = data.get(phase, getattr(defaults, phase).model_dump()) | {"epochs": options.epochs}
    return make_recipe(data)


def with_bit_depth(recipe: Recipe, images: Iterable[Accepted]) -> Recipe:
    """Give the recipe with the bit depth of the images that have a class, unless it names one."""
    if recipe.bit_depth is not None:
        return recipe
    depths: Counter[int | None] = Counter(
        image.statistics.bit_depth for image in images if image.label is not None and not image.excluded
    )
    return recipe.model_copy(update={"bit_depth": common_bit_depth(depths)})


def shares_from(text: str) -> tuple[float, ...]:
    """Read shares such as `70,15,15`.

    Raises:
        InputError: They are not three numbers.
    """
    try:
        shares = tuple(float(part) for part in text.split(","))
    except ValueError:
        shares = ()
    if len(shares) != len(SPLIT_NAMES):
        raise InputError(f"--split is {text!r}, not three numbers.", "Write for example --split 70,15,15.")
    return shares


def seconds_from(text: str, option: str) -> float:
    """Read a duration such as `90`, `90s`, `2m` or `1h` as seconds.

    Raises:
        InputError: It is none.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", text.strip())
    if match is None:
        raise InputError(f"{option} is {text!r}, not a duration.", f"Write for example {option} 2m.")
    return float(match[1]) * _UNITS[match[2]]


def measurement_context(store: OriginalStore, settings: Settings) -> "MeasurementContext":
    """What measurements of choices use; progress is printed."""
    from core.jobs.trials import MeasurementContext

    return MeasurementContext(settings, store, make_progress, lambda sentence: print_event(Message(text=sentence)))


def describe_search(found: RecipeSearch) -> dict[str, Any]:
    """Give a search for JSON, recipes as objects."""
    data = found.model_dump(mode="json")
    for one in data["tried"]:
        one["recipe"] = json.loads(one["recipe"])
    return data | {"sentence": found.sentence(), "caveat": found.caveat()}


def _search(
    options: argparse.Namespace, recipe: Recipe, dataset: Dataset, store: OriginalStore, settings: Settings
) -> RecipeSearch | None:
    """Find a good recipe if a time for it is given."""
    budget = seconds_from(options.auto, "--auto")
    if not budget:
        return None
    from core.jobs.recipe_search import search_recipe

    found = search_recipe(measurement_context(store, settings), dataset, recipe, budget=budget, seed=recipe.seed)
    print_event(Message(text=f"{found.sentence().replace('*', '')} {found.caveat()}"))
    return found


def manifest_from(dataset: Dataset, shares: tuple[float, ...], seed: int) -> Manifest:
    """Draw splits for the images that have a class; copies, bursts and groups stay in one split."""
    splits = complete_splits(
        dataset.labels, dataset.splits, shares=shares, seed=seed, groups=dataset.group_ids.tolist()
    )
    return Manifest(dataset.classes, dataset.digests, dataset.labels, splits, dataset.names)


def _report_split_groups(dataset: Dataset, manifest: Manifest) -> dict[str, int]:
    """Print how many images stay together in one split, and warn if fixed splits separate such images."""
    sets = split_groups_of(dataset, [SPLIT_NAMES[split] for split in manifest.splits])
    images = sum(one.images for one in sets)
    if sets:
        text = f"{images} images are in {len(sets)} sets of copies, bursts or groups; each set stays in one split."
        print_event(Message(text=text))
    leaked = leaks(dataset)
    if leaked.flags.any():
        print_event(Message(level="warning", text=leaked.summary))
    return {"sets": len(sets), "images": images}


def _make_folder(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"--out is {out}, which cannot be a folder: {error.strerror}.", "Name another one.") from error


def _choose_backbone(backbone: dict[str, Any], options: argparse.Namespace) -> None:
    if options.backbone is not None:
        backbone["name"] = options.backbone
        kinds = find_backbone(options.backbone).weights_kinds
        if options.weights is None and backbone.get("weights", "imagenet") not in kinds:
            backbone |= {"weights": kinds[0], "weights_file": None}
    if options.weights in WEIGHTS_KINDS:
        backbone |= {"weights": options.weights, "weights_file": None}
    elif options.weights is not None:
        if Path(options.weights).is_dir():
            raise _folder_as_weights(Path(options.weights))
        if not Path(options.weights).is_file():
            raise WeightsError(
                f"--weights is {options.weights!r}, which is none of {', '.join(WEIGHTS_KINDS)}, and no file.",
                "Check the path.",
            )
        backbone |= {"weights": "file", "weights_file": str(Path(options.weights).absolute())}


def _folder_as_weights(folder: Path) -> WeightsError:
    kind = "a TensorFlow SavedModel" if (folder / "saved_model.pb").is_file() else "a folder"
    return WeightsError(
        f"--weights is {str(folder)!r}, {kind}, not a weights file.",
        "Name a .keras or .h5 file; the program that made the model writes one: model.save('model.keras').",
    )


def _report_ingestion(found: Ingested, options: argparse.Namespace) -> None:
    """Print what was read: to standard error if standard output is for JSON.

    Raises:
        DatasetError: A class lost all of its files, and that was not allowed.
    """
    for line in found.lines(SHOWN):
        print(line, file=sys.stderr if options.json else sys.stdout, flush=True)
    missing = found.missing_classes()
    # Without any class, the manifest has the better sentence.
    if missing and not options.allow_missing_classes and len(found.plan.classes()) > len(missing):
        names = ", ".join(repr(name) for name in missing)
        raise DatasetError(
            f"Every file was rejected of the class{'es' if len(missing) > 1 else ''} {names}.",
            "Repair the files, or add --allow-missing-classes to train without.",
        )


def _execute(recipe: Recipe, manifest: Manifest, out: Path, store: OriginalStore, settings: Settings) -> dict[str, Any]:
    from core.jobs.pipeline import execute_run

    result = execute_run(
        recipe,
        manifest,
        out,
        originals=store,
        settings=settings,
        emit=print_event,
        progress=make_progress,
        should_stop=lambda: False,
    )
    counts = dict(zip(SPLIT_NAMES, manifest.counts().sum(axis=0).tolist(), strict=True))
    return {
        "run": str(out),
        "classes": list(manifest.classes),
        "images": counts,
        "seconds": result.seconds,
        "metrics": result.metrics(),
        "model": str(out / MODEL_FILE),
    }


def make_progress(name: str, unit: str = "") -> Callable[[int, int], None]:
    """Begin a stage, and give the function that prints its progress."""
    began = time.monotonic()

    def report(done: int, total: int) -> None:
        left = (time.monotonic() - began) / done * (total - done) if done and total else None
        print_event(Stage(name=name, done=done, total=total, seconds_left=left, unit=unit))

    return report


def _print(summary: dict[str, Any]) -> None:
    test = summary["metrics"]["test"]
    low, high = test["interval"]
    print(f"test accuracy {test['accuracy']:.3f} (95% interval {low:.3f} to {high:.3f}), model {summary['model']}")

"""Projects with drawn images, and finished runs, made through the public functions without training anything."""

import hashlib
import io
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from core.catalog import items, jobs, projects, runs
from core.catalog.database import Database
from core.catalog.items import NewItem
from core.dataset.manifest import TEST, TRAIN, VALIDATION, Manifest
from core.dataset.manifest_file import save_manifest
from core.dataset.project import draw_splits, project_manifest
from core.evaluation.inference.predictions import Predictions, write_predictions
from core.evaluation.metrics.baselines import SIDE, measure_baselines
from core.evaluation.metrics.calibration import fit_temperature
from core.evaluation.metrics.embedding import make_embedding, write_embedding
from core.evaluation.report.report import OutOfDistribution, Report, write_report
from core.evaluation.report.summary import Temperature, summarise
from core.jobs.events import Ended, Epoch, Message, Started, dump_event
from core.jobs.specs import TrainResult
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import Recipe, dump_recipe

DEFAULT = Recipe()
COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#d55e00", "#56b4e9"]


@dataclass(frozen=True)
class Workspace:
    """A workspace with its catalog open."""

    settings: Settings
    database: Database

    @property
    def store(self) -> OriginalStore:
        return OriginalStore(self.settings.originals, self.settings.thumbnails)


def open_workspace(settings: Settings) -> Workspace:
    return Workspace(settings, Database(settings))


def add_project(
    workspace: Workspace, classes: tuple[str, ...] = ("circles", "squares"), images: int = 20, name: str = "Shapes"
) -> str:
    """A project with drawn images, so many a class, and their splits drawn."""
    project = projects.create_project(workspace.database, name)
    new = [_draw(workspace, label, number, index) for number, label in enumerate(classes) for index in range(images)]
    items.add_items(workspace.database, project, new)
    draw_splits(workspace.database, project)
    return project


def add_run(
    workspace: Workspace,
    project: str,
    *,
    accuracy: float = 0.8,
    recipe: Recipe = DEFAULT,
    seed: int = 0,
    name: str = "",
    epochs: int = 8,
) -> str:
    """A finished run whose model has about this accuracy."""
    run = runs.create_run(workspace.database, project, dump_recipe(recipe), name)
    jobs.start_job(workspace.database, run)
    epochs_of_run = draw_epochs(epochs, recipe)
    _emit(workspace.database, run, epochs_of_run)
    report = write_results(workspace, run, recipe, epochs_of_run, accuracy, seed)
    runs.save_summary(workspace.database, run, summary_of(report))
    jobs.end_job(workspace.database, run, "finished", TrainResult(seconds={}))
    return run


def summary_of(report: Report) -> runs.RunSummary:
    validation, test = report.metrics.validation, report.metrics.test
    return runs.RunSummary(
        validation_accuracy=validation.accuracy,
        validation_interval=validation.interval,
        validation_loss=validation.loss,
        test_accuracy=test.accuracy,
        test_interval=test.interval,
        epochs=8,
        seconds=4.0,
    )


def write_results(
    workspace: Workspace, run: str, recipe: Recipe, epochs: list[Epoch], accuracy: float, seed: int
) -> Report:
    """Writes the files of a finished run except the model."""
    manifest = project_manifest(workspace.database, runs.get_run(workspace.database, run).project_id)
    folder = workspace.settings.runs / run
    generator = np.random.default_rng(seed)
    n_images, n_classes = len(manifest), len(manifest.classes)
    logits = generator.normal(0, 1, (n_images, n_classes))
    predicted = np.where(
        generator.random(n_images) < accuracy, manifest.labels, generator.integers(0, n_classes, n_images)
    )
    logits[np.arange(n_images), predicted] += 2.5
    exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
    probabilities = exponents / exponents.sum(axis=1, keepdims=True)
    predictions = Predictions(
        manifest.classes, manifest.digests, manifest.names, manifest.splits, manifest.labels, probabilities
    )
    report = _report(predictions, logits, _thumbnails(workspace.store, manifest), epochs)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "recipe.json").write_text(dump_recipe(recipe), encoding="utf-8")
    save_manifest(manifest, folder)
    write_predictions(predictions, folder / "predictions.csv")
    write_report(report, folder)
    write_embedding(make_embedding(manifest.digests, manifest.splits, logits), folder)
    return report


def draw_epochs(epochs: int, recipe: Recipe) -> list[Epoch]:
    """Epochs of a training that goes well, from scratch less so."""
    first, mistakes = ("scratch", 0.9) if recipe.strategy == "scratch" else ("head", 0.6)
    unfrozen_at = epochs * 2 // 3 if recipe.strategy in {"partial", "full"} else epochs
    return [
        Epoch(
            phase=first if number < unfrozen_at else "fine-tune",
            epoch=number + 1,
            epochs=epochs,
            loss=1 / (number + 1),
            accuracy=1 - 0.5 / (number + 1),
            val_loss=1.2 / (number + 1),
            val_accuracy=1 - mistakes / (number + 1),
            learning_rate=1e-3,
            seconds=0.5,
            best=True,
        )
        for number in range(epochs)
    ]


def _draw(workspace: Workspace, label: str, number: int, index: int) -> NewItem:
    """A shape on a light ground; its place and size follow from the index."""
    generator = np.random.default_rng(number * 1000 + index)
    left, top = generator.integers(4, 30, 2).tolist()
    size = int(generator.integers(24, 56))
    image = Image.new("RGB", (96, 96), "#f4f1ea")
    box = (left, top, left + size, top + size)
    draw = ImageDraw.Draw(image)
    (draw.ellipse if number % 2 == 0 else draw.rectangle)(box, fill=COLOURS[number % len(COLOURS)])
    draw.text((4, 82), f"{label[:10]} {index}", fill="#555555")
    bytes_ = io.BytesIO()
    image.save(bytes_, "PNG")
    digest = hashlib.sha256(bytes_.getvalue()).hexdigest()
    store = workspace.store
    path = store.path(digest)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes_.getvalue())
    thumbnail = io.BytesIO()
    image.save(thumbnail, "JPEG")
    store.put_thumbnail(digest, thumbnail.getvalue())
    return NewItem(
        digest=digest,
        name=f"{label} {index}.png",
        label=label,
        split=None,
        group=None,
        width=96,
        height=96,
        format="PNG",
        size_bytes=len(bytes_.getvalue()),
        brightness=0.9,
        contrast=0.2,
        sharpness=0.5,
        dhash=digest[:16],
    )


def _emit(database: Database, run: str, epochs: list[Epoch]) -> None:
    events = [Started(device="a processor", engine="none"), Message(text="A story."), *epochs, Ended(status="finished")]
    for event in events:
        jobs.add_event(database, run, event.kind, dump_event(event))


def _thumbnails(store: OriginalStore, manifest: Manifest) -> np.ndarray:
    """(n, SIDE, SIDE, 3) thumbnails; black ones of images without files."""
    pixels = np.zeros((len(manifest), SIDE, SIDE, 3), np.uint8)
    for row, digest in enumerate(manifest.digests):
        if store.has(digest):
            with Image.open(store.path(digest)) as image:
                pixels[row] = np.asarray(image.convert("RGB").resize((SIDE, SIDE)))
    return pixels


def _report(predictions: Predictions, logits: np.ndarray, thumbnails: np.ndarray, epochs: list[Epoch]) -> Report:
    train, validation, test = (predictions.splits == split for split in (TRAIN, VALIDATION, TEST))
    true = predictions.true
    fitted = fit_temperature(logits[validation], true[validation])
    return summarise(
        predictions,
        temperature=Temperature(fitted=fitted, applied=False, validation=logits[validation], test=logits[test]),
        baselines=measure_baselines(
            predictions.classes, train=(thumbnails[train], true[train]), test=(thumbnails[test], true[test])
        ),
        ood=OutOfDistribution(threshold=1.0, refused_validation=0.05, refused_test=0.05, accepted_held_out={}),
        epochs=epochs,
    )

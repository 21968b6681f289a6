"""Graft's side of the comparison: its training with cold and warm caches."""

import shutil
from pathlib import Path

import keras
import numpy as np

from benchmarks.clock import Stopwatch, Trial
from benchmarks.peers import Task
from benchmarks.photographs import Photographs
from core.backbones.network import build
from core.backbones.zoo import find_backbone
from core.dataset.manifest import TEST
from core.dataset.pixels import load_image
from core.features.activation_cache import compute_activations
from core.training.recipe import Recipe, make_recipe
from core.training.train import TrainingResult, train


def recipe_for(task: Task, seed: int, cut: str | None = None) -> Recipe:
    """The choices of the peers: the same head, optimizer, learning rates, batches and epochs."""
    return make_recipe(
        {
            "backbone": {"name": task.backbone, "weights": "imagenet" if task.pretrained else "none"},
            "strategy": "feature-extraction" if cut is None else "partial",
            "cut": cut,
            "head_phase": {"epochs": task.epochs, "learning_rate": 1e-3},
            "fine_tune_phase": {"epochs": task.fine_tune_epochs, "learning_rate": 1e-5},
            "batch_size": 32,
            "early_stopping": None,
            "seed": seed,
        }
    )


def clear_caches(photographs: Photographs, *, networks: bool = False) -> None:
    """Remove all activations and working copies, and optionally the converted networks."""
    shutil.rmtree(photographs.settings.cache / "arrays", ignore_errors=True)
    if networks:
        shutil.rmtree(photographs.settings.cache / "networks", ignore_errors=True)


def run(photographs: Photographs, recipe: Recipe, out: Path, *, test: bool = True) -> tuple[Trial, TrainingResult]:
    """Train. The time excludes saving the model; the accuracy is that of the saved model."""
    shutil.rmtree(out, ignore_errors=True)
    with Stopwatch() as watch:
        result = train(
            recipe,
            photographs.manifest,
            originals=photographs.originals,
            settings=photographs.settings,
            emit=lambda _event: None,
            should_stop=lambda: False,
            out=out,
        )
    watch.trial.seconds -= result.seconds["save"]
    if test:
        manifest = photographs.manifest
        predicted = predict(photographs, result.model).argmax(axis=1)
        watch.trial.accuracy = float(np.mean(predicted == manifest.labels[manifest.rows(TEST)]))
    return watch.trial, result


def predict(photographs: Photographs, model: Path, splits: tuple[int, ...] = (TEST,)) -> np.ndarray:
    """(n, n_classes) probabilities of an exported model for the original files of some splits."""
    exported = keras.models.load_model(model)
    rows = np.concatenate([photographs.manifest.rows(split) for split in splits])
    digests = [photographs.manifest.digests[row] for row in rows]
    pixels = (load_image(photographs.originals.path(digest)) for digest in digests)
    return np.concatenate([np.asarray(exported(picture[None]).numpy()) for picture in pixels])


def compute_features(photographs: Photographs, prefix: keras.Model, digests: list[str]) -> Trial:
    """Compute the activations of images that have working copies."""
    for folder in (photographs.settings.cache / "arrays").glob("activations-*"):
        shutil.rmtree(folder)
    with Stopwatch() as watch:
        compute_activations(
            prefix,
            digests,
            originals=photographs.originals,
            settings=photographs.settings,
            size=prefix.input_shape[1],
            resize="crop",
        )
    return watch.trial


def pooled_network(task: Task, keras_home: Path) -> keras.Model:
    """The backbone with its pooling: the frozen network of feature extraction."""
    spec = find_backbone(task.backbone)
    backbone = build(spec, weights="imagenet" if task.pretrained else "none", keras_home=keras_home)
    return keras.Model(backbone.inputs, keras.layers.GlobalAveragePooling2D()(backbone.output))


def last_block(task: Task) -> tuple[str, str]:
    """The cut before the last block, and the name of the first layer after it in `keras.applications`."""
    cut = find_backbone(task.backbone).cuts[-3]
    names = [layer.name for layer in task.base().layers]
    return cut.name, names[names.index(cut.name) + 1]

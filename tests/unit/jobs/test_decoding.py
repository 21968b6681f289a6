"""How a recipe decodes images applies to the whole run: training, evaluation and the exported model."""

import hashlib
from functools import partial

import numpy as np
import pytest
from PIL import Image

from core.dataset.manifest import Manifest
from core.export.predictor import Predictor
from core.jobs.pipeline import execute_run
from core.storage.blobs import OriginalStore
from core.training.recipe import Backbone, Phase
from tests.unit.training.drawn_images import SPLITS, small_recipe

# Keras' own way of reading variables, while it saves a model, with NumPy 2.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

CLASSES = ("hole", "white")
BLACK = "#000000"


@pytest.fixture
def images(settings, tmp_path):
    """Transparent pictures and white pictures: they are equal on white, and differ on any other background."""
    store = OriginalStore(settings.originals, settings.thumbnails)
    digests = []
    for label in range(2):
        for number in range(len(SPLITS)):
            path = tmp_path / f"{label}-{number}.png"
            _picture(hole=label == 0, seed=number).save(path)
            digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
            store.put_file(path, digests[-1])
    labels = np.repeat(np.arange(2), len(SPLITS))
    return Manifest(CLASSES, tuple(digests), labels, np.array(SPLITS * 2, np.int8), tuple(map(str, range(len(labels)))))


def _picture(*, hole: bool, seed: int) -> Image.Image:
    shape = (40 + seed, 60)
    if not hole:
        return Image.fromarray(np.full((*shape, 3), 255, np.uint8))
    values = np.random.default_rng(seed).integers(0, 256, (*shape, 4), np.uint8)
    values[..., 3] = 0
    return Image.fromarray(values)


@pytest.fixture
def run(execute, images):
    return partial(execute, images)


@pytest.fixture
def execute(settings, tmp_path):
    def run_with(manifest, **choices):
        return execute_run(
            small_recipe(**choices),
            manifest,
            tmp_path / "run",
            originals=OriginalStore(settings.originals, settings.thumbnails),
            settings=settings,
            emit=lambda _event: None,
            progress=lambda _name, _unit: lambda _done, _total: None,
            should_stop=lambda: False,
        )

    return run_with


@pytest.mark.parametrize(
    "choices",
    [
        {"head_phase": Phase(epochs=10, learning_rate=1e-2)},
        {
            "strategy": "scratch",
            "backbone": Backbone(name="Starter", weights="none", input_size=32),
            "head_phase": Phase(epochs=20, learning_rate=1e-2),
        },
    ],
    ids=["from activations", "from pixels"],
)
def test_classes_that_differ_only_by_the_background_are_learned(run, tmp_path, choices):
    metrics = run(background=BLACK, **choices).report.metrics
    assert (metrics.train.accuracy, metrics.test.accuracy) == (1, 1)
    for number, hole in enumerate((True, False)):
        _picture(hole=hole, seed=99).save(tmp_path / f"{number}.png")
    answers = Predictor(tmp_path / "run" / "model.keras").predict([tmp_path / "0.png", tmp_path / "1.png"])
    assert answers.argmax(axis=1).tolist() == [0, 1]


def test_on_white_the_classes_are_equal_even_after_a_run_on_black(run):
    run(background=BLACK)
    on_white = run(background="#ffffff")
    assert {epoch.val_accuracy for epoch in on_white.outcome.history} == {0.5}
    metrics = on_white.report.metrics
    assert (metrics.train.accuracy, metrics.test.accuracy) == (0.5, 0.5)


@pytest.fixture
def deep_images(settings, tmp_path):
    """Pictures of 12 bits that are dark or bright: read at a depth of their own each, both classes look alike."""
    store = OriginalStore(settings.originals, settings.thumbnails)
    digests = []
    for top in (255, 4095):
        for number in range(len(SPLITS)):
            path = tmp_path / f"{top}-{number}.png"
            _deep_picture(top, seed=number).save(path)
            digests.append(hashlib.sha256(path.read_bytes()).hexdigest())
            store.put_file(path, digests[-1])
    labels = np.repeat(np.arange(2), len(SPLITS))
    return Manifest(
        ("dark", "bright"), tuple(digests), labels, np.array(SPLITS * 2, np.int8), tuple(map(str, range(len(labels))))
    )


def _deep_picture(top: int, seed: int) -> Image.Image:
    shares = np.random.default_rng(seed).uniform(0.2, 1, (40, 60))
    return Image.fromarray((shares * top).astype(np.uint16))


def test_images_of_one_set_are_learned_and_predicted_at_one_bit_depth(deep_images, execute, tmp_path):
    choices = {"head_phase": Phase(epochs=10, learning_rate=1e-2)}
    metrics = execute(deep_images, bit_depth=12, **choices).report.metrics
    assert (metrics.train.accuracy, metrics.test.accuracy) == (1, 1)
    for number, top in enumerate((255, 4095)):
        _deep_picture(top, seed=99).save(tmp_path / f"{number}.png")
    answers = Predictor(tmp_path / "run" / "model.keras").predict([tmp_path / "0.png", tmp_path / "1.png"])
    assert answers.argmax(axis=1).tolist() == [0, 1]

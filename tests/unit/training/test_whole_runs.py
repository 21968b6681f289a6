"""Whole trainings on synthetic images: resumed, stopped, killed and repeated."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from core.dataset.manifest import Manifest
from core.errors import DatasetError, RecipeError, RunStopped, WeightsError
from core.evaluation.inference.served_model import ServedModel
from core.features.fingerprint import fingerprint
from core.features.openvino_cache import is_converted
from core.jobs.events import Batch, Epoch, Message, Stage
from core.training.checkpoint import FINISHED, FOLDER, LAST, Checkpoint, clear_checkpoint
from core.training.recipe import Augmentation, Backbone, Phase, dump_recipe, load_recipe
from tests.unit.training import drawn_images
from tests.unit.training.drawn_images import small_recipe

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

ROOT = Path(__file__).parents[3]
PARTIAL = small_recipe(strategy="partial", cut="block 3", augmentation=Augmentation(views=1))


def metrics(epochs) -> list[tuple]:
    """The metrics, which must not depend on when and how often a run was started."""
    return [(e.phase, e.epoch, e.loss, e.accuracy, e.val_loss, e.val_accuracy, e.confusion, e.best) for e in epochs]


@pytest.fixture(scope="module")
def undisturbed(drawn, tmp_path_factory) -> list[tuple]:
    """The metrics of `PARTIAL`, trained without interruption."""
    from core.storage.blobs import OriginalStore
    from core.training.train import train

    settings, manifest = drawn
    result = train(
        PARTIAL,
        manifest,
        originals=OriginalStore(settings.originals, settings.thumbnails),
        settings=settings,
        emit=lambda _event: None,
        should_stop=lambda: False,
        out=tmp_path_factory.mktemp("undisturbed"),
    )
    return metrics(result.history)


def test_feature_extraction_learns_and_reports_its_events(train):
    training = train(small_recipe(head_phase=Phase(epochs=10, learning_rate=1e-2)))
    epochs = training.of(Epoch)
    assert epochs == list(training.result.history)
    assert epochs[-1].val_accuracy > 0.9
    assert np.sum(epochs[-1].confusion) == 12
    assert [e.best for e in epochs].count(True) >= 1
    assert training.result.best_epoch == max(e.epoch for e in epochs if e.best)
    assert {e.name for e in training.of(Stage)} >= {"Preparing the network", "Computing features", "Saving the model"}
    assert training.of(Batch)
    assert f"epoch {training.result.best_epoch} of {len(epochs)} is kept" in training.texts()
    assert set(training.result.seconds) == {"prepare", "features", "head", "save"}
    assert json.loads((training.out / "labels.json").read_text()) == list(drawn_images.COLOURS)
    assert training.result.model == training.out / "model.keras"


def test_the_frozen_network_in_the_exported_file_is_the_one_that_was_converted(train, drawn):
    settings, _ = drawn
    served = ServedModel.load(train(small_recipe()).result.model)
    address = fingerprint(served.backbone, size=served.size, resize=served.resize, precision="float32")
    assert is_converted(address, settings)


def test_no_estimate_reaches_beyond_its_phase(train):
    epochs = train(PARTIAL).of(Epoch)
    assert [epoch.next_phase for epoch in epochs] == ["fine-tune"] * 3 + [""] * 2
    assert [epoch.seconds_left == 0 for epoch in epochs] == [False, False, True, False, True]
    last = {phase: sum(epoch.seconds for epoch in epochs if epoch.phase == phase) for phase in ("head", "fine-tune")}
    assert all(epoch.seconds_left <= 3 * last[epoch.phase] for epoch in epochs)


def test_fine_tuning_follows_the_head_by_itself(undisturbed):
    assert [(phase, number) for phase, number, *_ in undisturbed] == [
        ("head", 1), ("head", 2), ("head", 3), ("fine-tune", 4), ("fine-tune", 5),
    ]  # fmt: skip


def test_the_same_recipe_and_images_give_the_same_metrics(train, undisturbed):
    assert metrics(train(PARTIAL).result.history) == undisturbed


def test_another_seed_gives_other_metrics(train, undisturbed):
    training = train(PARTIAL.model_copy(update={"seed": 1}))
    assert metrics(training.result.history) != undisturbed


@pytest.mark.parametrize("strategy", ["full", "scratch"])
def test_training_on_pixels_is_repeatable(strategy, train, tmp_path):
    weights = "none" if strategy == "scratch" else "starter"
    recipe = small_recipe(
        strategy=strategy,
        backbone=Backbone(name="Starter", weights=weights, input_size=32),
        augmentation=Augmentation(views=1),
        head_phase=Phase(epochs=2, learning_rate=1e-3),
        class_weights=True,
    )
    first, second = train(recipe), train(recipe, out=tmp_path / "again")
    assert metrics(first.result.history) == metrics(second.result.history)
    assert first.result.history[-1].phase == ("scratch" if strategy == "scratch" else "fine-tune")


def killed_after(epochs: int, workspace: Path, out: Path) -> None:
    """Train `PARTIAL` in a process of its own and kill it when that many epochs have ended."""
    recipe = out.with_suffix(".json")
    recipe.write_text(dump_recipe(PARTIAL))
    command = [sys.executable, "-m", "tests.unit.training.drawn_images", str(workspace), str(recipe), str(out)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(epochs):
            assert process.stdout.readline(), "the run ended before it was killed"
        process.kill()


@pytest.mark.parametrize("epochs", [2, 4])
def test_a_killed_run_goes_on_after_its_last_epoch(epochs, train, drawn, tmp_path, undisturbed):
    out = tmp_path / "killed"
    killed_after(epochs, drawn[0].workspace, out)
    assert (out / FOLDER / LAST).exists()
    training = train(PARTIAL, out=out)
    trained_again = training.of(Epoch)
    assert "Continuing after epoch" in training.texts()
    assert trained_again[0].epoch >= epochs
    assert metrics(training.result.history) == undisturbed


def test_a_stopped_run_keeps_its_best_epoch_and_can_go_on(train, undisturbed):
    stopped = train(PARTIAL, stop=lambda events: sum(isinstance(e, Epoch) for e in events) == 4)
    assert stopped.result.status == "stopped"
    assert len(stopped.result.history) == 4
    assert stopped.result.model.exists()
    assert "Stopped: epoch" in stopped.texts()
    assert metrics(train(PARTIAL).result.history) == undisturbed


def test_a_run_stopped_before_its_first_epoch_keeps_nothing(train):
    with pytest.raises(RunStopped, match="stopped before its first epoch ended, so there is no model to keep"):
        train(small_recipe(), stop=lambda events: any(isinstance(event, Batch) for event in events))


def test_a_finished_run_is_not_trained_again_unless_its_checkpoint_is_cleared(train):
    recipe = small_recipe()
    first = train(recipe)
    again = train(recipe)
    assert again.events == []
    assert again.result == first.result
    clear_checkpoint(first.out)
    assert train(recipe).of(Epoch)


def test_another_recipe_in_the_same_folder_begins_anew(train):
    train(small_recipe(), stop=lambda events: sum(isinstance(event, Epoch) for event in events) == 2)
    training = train(small_recipe(seed=5))
    assert [epoch.epoch for epoch in training.of(Epoch)] == [1, 2, 3]


def test_a_damaged_checkpoint_begins_anew(train):
    training = train(small_recipe(), stop=lambda events: sum(isinstance(event, Epoch) for event in events) == 2)
    (training.out / FOLDER / LAST).write_bytes(b"torn")
    assert len(train(small_recipe()).of(Epoch)) == 3


def test_a_run_that_began_before_a_background_could_be_chosen_goes_on(tmp_path):
    earlier = Path(__file__).with_name("recipe_before_backgrounds.json").read_text(encoding="utf-8")
    two = np.array([0, 1])
    manifest = Manifest(("a", "b"), ("x", "y"), two.astype(np.int64), two.astype(np.int8), ("x.png", "y.png"))
    # Of that recipe and these images, as it was computed then.
    state = {"fingerprint": "95f1db2151cc0e027c628d59e134e6b1ac0620f8c6a962d791aa499d1e858296"}
    (tmp_path / FOLDER).mkdir()
    np.savez(tmp_path / FOLDER / FINISHED, np.array(json.dumps(state | {"history": [], "seconds": {}})))
    recipe = load_recipe(earlier)
    assert Checkpoint(tmp_path, recipe, manifest).finished() is not None
    on_black = recipe.model_copy(update={"background": "#000000"})
    assert Checkpoint(tmp_path, on_black, manifest).finished() is None


def test_a_fall_after_unfreezing_is_reported_and_the_epoch_before_it_is_kept(train):
    recipe = small_recipe(
        strategy="partial",
        cut="block 1",
        head_phase=Phase(epochs=2, learning_rate=1e-3),
        fine_tune_phase=Phase(epochs=2, learning_rate=0.3),
    )
    training = train(recipe)
    assert training.result.best_epoch == 2
    warnings = [message.text for message in training.of(Message) if message.level == "warning"]
    assert "after unfreezing; the best epoch so far is kept" in warnings[0]
    assert "Fine-tuning did not lower the validation loss" in training.texts()


def test_a_phase_that_gets_no_better_ends_early(train):
    training = train(small_recipe(head_phase=Phase(epochs=50, learning_rate=1.0), early_stopping=2))
    assert len(training.result.history) < 50
    assert "The validation loss has not become lower for 2 epochs" in training.texts()


def test_a_run_that_diverges_at_once_says_so(train):
    recipe = small_recipe(
        strategy="scratch",
        backbone=Backbone(name="VGG16", weights="none", input_size=32),
        optimizer="sgd",
        head_phase=Phase(epochs=1, learning_rate=10),
    )
    with pytest.raises(RecipeError, match="with a learning rate of 10, the loss became infinite in the first epoch"):
        train(recipe)


def test_a_fine_tuning_that_diverges_keeps_the_head(train):
    recipe = small_recipe(
        strategy="full",
        head_phase=Phase(epochs=2, learning_rate=1e-3),
        fine_tune_phase=Phase(epochs=2, learning_rate=10),
        optimizer="sgd",
    )
    training = train(recipe)
    assert training.result.best_epoch == 2
    assert [epoch.phase for epoch in training.result.history] == ["head", "head", "fine-tune"]
    assert "The loss became infinite in epoch 3, so the phase ended and epoch 2 is kept" in training.texts()


def test_images_that_make_no_training_possible_are_refused(train, drawn):
    manifest = drawn[1]
    keep = manifest.labels == 0
    one_class = Manifest(
        manifest.classes[:1],
        tuple(np.array(manifest.digests)[keep]),
        manifest.labels[keep],
        manifest.splits[keep],
        tuple(np.array(manifest.names)[keep]),
    )
    with pytest.raises(DatasetError, match="There is only one class"):
        train(small_recipe(), manifest=one_class)


def test_a_batch_larger_than_the_data_is_refused_before_anything_is_loaded(train):
    with pytest.raises(RecipeError, match="A batch of 25 images is larger than the 24 training images"):
        train(small_recipe(batch_size=25))


def test_weights_of_another_network_are_refused(train, tmp_path):
    file = tmp_path / "other.weights.h5"
    file.write_bytes(b"no weights at all")
    backbone = Backbone(name="Starter", weights="file", weights_file=str(file), input_size=32)
    with pytest.raises(WeightsError):
        train(small_recipe(backbone=backbone))

"""The pretraining learns, resumes after a kill, and its weights load into a network of any precision."""

import math
import subprocess
import sys
import time
from dataclasses import replace

import keras
import numpy as np
import pytest

from core.backbones.starter.images import SHAPES, TARGETS
from core.backbones.starter.network import build_starter
from core.backbones.starter.pretrain import main, pretrain
from core.backbones.starter.pretraining import Pretraining, save_weights
from core.backbones.starter.recipe import PretrainingRecipe
from core.backbones.starter.renderer import render_dataset
from core.errors import InputError

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy:DeprecationWarning")

TINY = PretrainingRecipe(
    images_per_class=1,
    image_size=48,
    view_size=32,
    last_view_size=32,
    steps=100,
    batch=24,
    warmup=5,
    cooldown=20,
    precision="float32",
)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    return render_dataset(
        tmp_path_factory.mktemp("dataset"), 1, seed=0, size=48, on_progress=lambda *_: None, processes=1
    )


@pytest.fixture(scope="module")
def learned(dataset, tmp_path_factory):
    training = Pretraining(TINY, tmp_path_factory.mktemp("learned"), dataset)
    return [training.train_step() for _ in range(TINY.steps)]


@pytest.mark.parametrize("palette", ["surface_palette", "ground_palette"])
def test_a_tiny_run_learns_colours(learned, palette):
    assert np.mean([step[palette] for step in learned[-10:]]) < 0.85 * math.log(TARGETS[palette])


def test_a_tiny_run_learns_which_views_show_the_same_image(learned):
    chance = math.log(2 * TINY.batch - 1)
    assert np.mean([step["contrastive"] for step in learned[-10:]]) < 0.5 * chance


def test_a_resumed_run_is_the_run_without_an_interruption(dataset, tmp_path):
    whole, first = Pretraining(TINY, tmp_path / "whole", dataset), Pretraining(TINY, tmp_path / "parts", dataset)
    expected = [whole.train_step()["contrastive"] for _ in range(4)]
    found = [first.train_step()["contrastive"] for _ in range(2)]
    first.save()
    second = Pretraining(TINY, tmp_path / "parts", dataset)
    assert second.done == 2
    assert found + [second.train_step()["contrastive"] for _ in range(2)] == pytest.approx(expected, rel=1e-3)


def test_a_longer_recipe_is_the_same_until_the_shorter_one_cools_down():
    short, long = PretrainingRecipe(steps=1000), PretrainingRecipe(steps=2000)
    assert [short.rate(s) for s in range(601)] == [long.rate(s) for s in range(601)]
    assert [short.size(s) for s in (0, 599, 600, 999)] == [64, 64, 96, 96]
    assert short.rate(0) == pytest.approx(2e-5)
    assert short.rate(999) == pytest.approx(2e-3 / 400)


def test_a_killed_run_resumes_from_its_checkpoint(tmp_path):
    weights = tmp_path / "new.weights.h5"
    command = [sys.executable, "-m", "core.backbones.starter.pretrain", "--folder", tmp_path, "--output", weights]
    command += ["--images-per-class", "1", "--steps", "6", "--batch", "4", "--save-every", "2"]
    killed = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert any(line.startswith("step 2 of 6") for line in killed.stderr)
    killed.kill()
    killed.wait()
    killed.stderr.close()
    assert not weights.exists()
    resumed = subprocess.run(command, capture_output=True, text=True, check=True).stderr
    assert "resuming after step" in resumed
    assert "step 6 of 6; accuracy on unseen images: form" in resumed
    assert weights.exists()


def test_an_existing_shard_is_not_rendered_again(tmp_path):
    render_dataset(tmp_path, 1, seed=0, size=32, on_progress=lambda *_: None, processes=1)
    shards = []
    dataset = render_dataset(tmp_path, 1, seed=0, size=32, on_progress=lambda *shard: shards.append(shard), processes=1)
    assert shards == []
    assert len(dataset) == SHAPES


def test_a_time_limit_stops_the_run_with_a_checkpoint(tmp_path, capsys):
    recipe = replace(TINY, image_size=32, steps=10**6, batch=4)
    began = time.monotonic()
    pretrain(recipe, tmp_path, tmp_path / "new.weights.h5", minutes=0.01)
    assert "of 1000000; accuracy" in capsys.readouterr().err
    assert time.monotonic() - began < 120
    assert list(tmp_path.glob("checkpoints/*.index"))


def test_another_suffix_of_the_file_is_rejected(tmp_path, capsys):
    with pytest.raises(InputError, match=r"cannot be written to 'weights\.bin'.*ends in \.weights\.h5"):
        pretrain(TINY, tmp_path, tmp_path / "weights.bin")
    assert main(["--folder", str(tmp_path), "--output", "weights.bin"]) == 1
    assert "ends in .weights.h5" in capsys.readouterr().err


def test_half_precision_weights_load_into_the_network(tmp_path):
    network, file = build_starter(48), tmp_path / "half.weights.h5"
    save_weights(network, file)
    again = build_starter(None)
    again.load_weights(file)
    assert {weight.dtype.name for weight in again.get_weights()} == {"float32"}
    for one, other in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-3)


@pytest.mark.parametrize(("size", "cells"), [(32, 2), (75, 5), (96, 6), (224, 14)])
def test_the_network_takes_every_size_from_32(size, cells):
    assert build_starter(None)(np.zeros((1, size, size, 3), "float32")).shape == (1, cells, cells, 896)
    assert build_starter(size).output_shape == (None, cells, cells, 896)


def test_the_network_has_built_in_layers_and_loads_without_this_project(tmp_path):
    network = build_starter(64)
    network.save(tmp_path / "network.keras")
    script = f"import keras; keras.saving.load_model({str(tmp_path / 'network.keras')!r})"
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    assert all(type(layer).__module__.startswith("keras.") for layer in network.layers)
    assert 1e6 < network.count_params() < 4e6


def test_one_tensor_crosses_at_the_end_of_each_block():
    network = build_starter(64)
    for name in ("block1", "block2", "block3"):
        upper = keras.Model(network.get_layer(name).output, network.output)
        lower = keras.Model(network.input, network.get_layer(name).output)
        image = np.random.default_rng(0).uniform(0, 255, (1, 64, 64, 3)).astype("float32")
        np.testing.assert_allclose(upper(lower(image)), network(image), atol=1e-4)

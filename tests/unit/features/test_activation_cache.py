"""Activations equal those of Keras, are computed once, and stay within the limits of memory and disk."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import keras
import numpy as np
import pytest

from core.dataset.pixels import load_square
from core.errors import ImageError, RunStopped, WorkspaceError
from core.features import activation_cache
from core.features.activation_cache import Activations, compute_activations, open_cache
from core.features.augment import augment
from core.settings import Settings
from core.storage.blobs import OriginalStore
from core.training.recipe import Augmentation
from tests.unit.dataset.transparent import save_transparent
from tests.unit.features.small_networks import SIZE, draw_photographs, small_network, two_tensors

VARIATIONS = Augmentation(rotation=30, brightness=0.3)


@pytest.fixture
def store(settings: Settings) -> OriginalStore:
    return OriginalStore(settings.originals, settings.thumbnails)


@pytest.fixture
def draw(store: OriginalStore, tmp_path: Path) -> Callable[..., list[str]]:
    return lambda count, first=0: draw_photographs(store, tmp_path, count, first)


class ActivationComputer:
    """Calls `compute_activations` and records its messages and progress."""

    def __init__(self, settings: Settings, store: OriginalStore) -> None:
        self.settings = settings
        self.store = store

    def __call__(self, network: keras.Model, digests: list[str], **options) -> Activations:
        self.progress: list[tuple[int, int]] = []
        self.messages: list[str] = []
        options = {"settings": self.settings, "size": SIZE, "resize": "crop"} | options
        return compute_activations(
            network,
            digests,
            originals=self.store,
            on_progress=lambda done, total: self.progress.append((done, total)),
            on_message=self.messages.append,
            **options,
        )

    @property
    def computed(self) -> int:
        return self.progress[-1][0] if self.progress else 0


@pytest.fixture
def compute(settings: Settings, store: OriginalStore) -> ActivationComputer:
    return ActivationComputer(settings, store)


def directly(network: keras.Model, store: OriginalStore, digests: list[str], view: int = 0) -> list[np.ndarray]:
    """The same with Pillow and Keras alone."""
    squares = [load_square(store.path(digest), SIZE, "crop") for digest in digests]
    seen = [augment(s, d, view, seed=0, variations=VARIATIONS) for s, d in zip(squares, digests, strict=True)]
    return [tensor.numpy() for tensor in keras.tree.flatten(network(np.stack(seen).astype(np.float32), training=False))]


@pytest.mark.parametrize("make", [small_network, two_tensors], ids=["one tensor", "two tensors"])
def test_activations_are_what_keras_computes(make, compute, draw, store):
    network, digests = make(), draw(70)
    activations = compute(network, digests)
    rows = np.random.default_rng(0).permutation(70)
    expected = directly(network, store, digests)
    assert len(activations) == 70
    assert activations.shapes == [value.shape[1:] for value in expected]
    for value, right in zip(activations.gather(rows), expected, strict=True):
        np.testing.assert_allclose(value, right[rows], rtol=1e-4, atol=1e-5)


def test_only_new_images_are_computed(compute, draw):
    network, digests = small_network(), draw(40)
    compute(network, digests)
    assert compute.computed == 40
    compute(network, digests + draw(10, first=40))
    assert compute.computed == 10
    assert compute.messages[0] == "The features of 40 of 50 images were cached already."


def test_cached_activations_need_no_engine(compute, draw):
    digests = draw(5)
    first = compute(small_network(), digests).gather(np.arange(5))[0]
    again = compute(small_network(), digests)
    assert compute.progress == []
    assert compute.messages == ["The features of 5 of 5 images were cached already."]
    np.testing.assert_array_equal(again.gather(np.arange(5))[0], first)


def test_another_weights_file_never_gets_stale_activations(compute, draw, store):
    digests = draw(6)
    compute(small_network(), digests)
    other = small_network(seed=1)
    activations = compute(other, digests)
    assert compute.computed == 6
    np.testing.assert_allclose(activations.gather(np.arange(6))[0], directly(other, store, digests)[0], rtol=1e-4)


def test_another_background_gives_other_activations(compute, store, tmp_path):
    path = save_transparent("png of RGB and alpha", tmp_path)
    store.put_file(path, "ab" * 32)
    computed, seen = [], []
    for background in ("#ffffff", "#000000", "#ffffff"):
        activations = compute(small_network(), ["ab" * 32], background=background)
        computed.append(compute.computed)
        seen.append(activations.gather(np.array([0]))[0])
    assert computed == [1, 1, 0]
    assert np.abs(seen[0] - seen[1]).max() > 0.01
    np.testing.assert_array_equal(seen[0], seen[2])


def test_the_engine_is_reported(compute, draw):
    compute(small_network(), draw(1))
    assert compute.messages[-1].startswith("Features are computed by OpenVINO 20")
    assert compute.messages[-1].endswith(" on the processor in float32.")


@pytest.mark.parametrize("in_memory", [True, False])
def test_views_are_those_of_the_augmentation(in_memory, compute, draw, store, monkeypatch):
    monkeypatch.setattr(activation_cache, "IN_MEMORY_BYTES", 2**20 if in_memory else 0)
    network, digests = small_network(), draw(12)
    activations = compute(network, digests, augmentation=VARIATIONS, views=2)
    assert activations.in_memory == in_memory
    assert compute.computed == 36
    seen = [activations.gather(np.arange(12), view)[0] for view in range(3)]
    for view, value in enumerate(seen):
        np.testing.assert_allclose(value, directly(network, store, digests, view)[0], rtol=1e-3, atol=1e-4)
    assert not np.allclose(seen[0], seen[1])
    assert not np.allclose(seen[1], seen[2])


def test_only_training_images_are_varied(compute, draw):
    activations = compute(small_network(), draw(10), augmentation=VARIATIONS, views=3, varied=np.array([1, 4]))
    assert compute.computed == 10 + 2 * 3
    assert activations.gather(np.array([4, 1, 4]), 3)[0].shape == (3, 8)
    with pytest.raises(IndexError, match="variations"):
        activations.gather(np.array([0]), 1)


def test_only_new_views_are_computed(compute, draw):
    digests = draw(8)
    compute(small_network(), digests, augmentation=VARIATIONS, views=1)
    compute(small_network(), digests, augmentation=VARIATIONS, views=3)
    assert compute.computed == 16
    assert compute.messages[0] == "The features of 16 of 32 views of the images were cached already."


def test_a_subset_of_the_images_can_be_read(compute, draw):
    activations = compute(small_network(), draw(9), augmentation=VARIATIONS, views=1)
    some = activations.only(np.array([7, 2]))
    assert len(some) == 2
    np.testing.assert_array_equal(some.gather(np.array([1, 0]), 1)[0], activations.gather(np.array([2, 7]), 1)[0])


def test_the_same_image_twice_is_computed_once(compute, draw):
    digests = draw(3)
    activations = compute(small_network(), digests + digests)
    np.testing.assert_array_equal(*np.split(activations.gather(np.arange(6))[0], 2))


def test_many_activations_are_read_from_the_disk(compute, draw, store, monkeypatch):
    monkeypatch.setattr(activation_cache, "IN_MEMORY_BYTES", 0)
    network, digests = small_network(pooled=False), draw(40)
    activations = compute(network, digests)
    assert not activations.in_memory
    assert activations.nbytes == 40 * 8 * 8 * 8 * 4
    rows = np.array([39, 0, 7, 7])
    expected = directly(network, store, [digests[row] for row in rows])[0]
    np.testing.assert_allclose(activations.gather(rows)[0], expected, rtol=1e-4, atol=1e-5)


def test_evicted_rows_are_computed_again(compute, draw, store, settings, monkeypatch):
    monkeypatch.setattr(activation_cache, "IN_MEMORY_BYTES", 0)
    network, digests = small_network(), draw(12)
    activations = compute(network, digests)
    for file in (settings.arrays).glob("activations-*/*"):
        file.unlink()
    expected = directly(network, store, digests)[0]
    np.testing.assert_allclose(activations.gather(np.arange(12))[0], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("share", [0.5, 4.0], ids=["half of it fits", "all but the working copies fits"])
def test_rows_that_do_not_fit_are_computed_again(share, compute, draw, store, settings):
    n, network = 60, small_network(pooled=False, channels=16)
    row_bytes = 8 * 8 * 16 * 4
    small = replace(settings, cache_bytes=int(share * n * row_bytes * 2))
    digests = draw(n)
    activations = compute(network, digests, settings=small)
    rows = np.random.default_rng(0).permutation(n)
    expected = directly(network, store, [digests[row] for row in rows])[0]
    np.testing.assert_allclose(activations.gather(rows)[0], expected, rtol=1e-4, atol=1e-5)
    assert open_cache(small).used_bytes() <= small.cache_bytes
    assert any("are computed again in every epoch" in sentence for sentence in compute.messages) == (share < 1)


def test_a_small_cache_is_reported_with_a_remedy(compute, draw, settings):
    compute(small_network(pooled=False), draw(30), settings=replace(settings, cache_bytes=40_000))
    sentence = compute.messages[0]
    assert sentence.startswith("The features of this run take 0.0 GB, and the cache may hold 0.0: ")
    assert sentence.endswith("A later cut, a smaller input size or a larger GRAFT_CACHE_GB makes the run faster.")


def test_a_missing_image_is_named(compute, draw, store):
    digests = draw(3)
    store.path(digests[1]).unlink()
    with pytest.raises(ImageError, match=r"second\.jpg cannot be used any more"):
        compute(small_network(), digests, names=["first.jpg", "second.jpg", "third.jpg"])


def test_a_stopped_computation_can_be_resumed(compute, draw):
    digests = draw(100)
    with pytest.raises(RunStopped, match=r"Stopped while features were computed\. The computed features are kept"):
        compute(small_network(), digests, should_stop=lambda: True)
    done = compute.computed
    assert 0 < done < 100
    compute(small_network(), digests)
    assert compute.computed == 100 - done


def test_a_cache_that_cannot_be_written_raises_one_sentence(compute, draw, settings):
    digests = draw(2)
    settings.cache.mkdir(parents=True)
    (settings.arrays).touch()
    with pytest.raises(WorkspaceError, match="cannot be written"):
        compute(small_network(), digests)


PROCESS = """
import sys
import time
from pathlib import Path

import numpy as np
import psutil

from core.storage.blobs import OriginalStore
from core.features import activation_cache
from core.settings import Settings
from tests.unit.features.small_networks import SIZE, small_network

workspace, out, kill_after = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
settings = Settings(workspace=workspace)
activation_cache.FLUSH_SECONDS = 0
small_network(seed=9)  # so that Keras numbers the names of the next one differently


def on_progress(done, total):
    if done >= kill_after:
        psutil.Process().kill()


digests = sorted(path.name for path in settings.originals.glob("??/*"))
Path(f"{out}.ready").touch()
while not (workspace / "go").exists():
    time.sleep(0.001)
activations = activation_cache.compute_activations(
    small_network(), digests, originals=OriginalStore(settings.originals, settings.thumbnails), settings=settings,
    size=SIZE, resize="crop", on_progress=on_progress,
)
np.save(out, activations.gather(np.arange(len(digests)))[0])
"""


def start(settings: Settings, out: Path, kill_after: int = 10**9) -> subprocess.Popen:
    return subprocess.Popen([sys.executable, "-c", PROCESS, str(settings.workspace), str(out), str(kill_after)])


def test_a_killed_process_leaves_a_usable_cache_to_the_others(compute, draw, store, settings, tmp_path):
    digests = sorted(draw(160))
    killed, alive = start(settings, tmp_path / "killed.npy", kill_after=1), start(settings, tmp_path / "alive.npy")
    both = [tmp_path / "killed.npy.ready", tmp_path / "alive.npy.ready"]
    while not all(path.exists() for path in both):
        assert killed.poll() is None
        assert alive.poll() is None
        time.sleep(0.01)
    (settings.workspace / "go").touch()
    assert killed.wait(240) != 0
    assert alive.wait(240) == 0
    network = small_network()
    activations = compute(network, digests)
    assert compute.progress == []
    expected = directly(network, store, digests)[0]
    np.testing.assert_allclose(activations.gather(np.arange(160))[0], expected, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(np.load(tmp_path / "alive.npy"), expected, rtol=1e-4, atol=1e-5)


def test_what_a_killed_process_computed_is_not_computed_again(compute, draw, settings, tmp_path):
    digests = sorted(draw(160))
    (settings.workspace / "go").touch()
    assert start(settings, tmp_path / "killed.npy", kill_after=96).wait(240) != 0
    compute(small_network(), digests)
    assert compute.computed == 96

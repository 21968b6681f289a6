"""Hostile and damaged weights files are rejected with one sentence; files of Keras are read."""

import contextlib
import json
import os
import random
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import h5py
import numpy as np
import psutil
import pytest

from core.backbones import weights_file
from core.backbones.weights_file import open_weights
from core.errors import WeightsError

KERNEL = np.arange(6, dtype="float32").reshape(2, 3)
BIAS = np.ones(3, dtype="float32")


def write_old(file: h5py.Group, arrays: dict[str, np.ndarray], layer: str = "dense") -> None:
    file.attrs["layer_names"] = [layer]
    group = file.create_group(layer)
    group.attrs["weight_names"] = list(arrays)
    for name, array in arrays.items():
        group[name] = array


def write_new(file: h5py.File, path: str = "layers/dense", name: str = "dense") -> None:
    own = file.create_group(f"{path}/vars")
    own.attrs["name"] = name
    own["0"], own["1"] = KERNEL, BIAS


def write_model(path: Path, config: object, weights: Path, compression: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", compression) as archive:
        archive.writestr("config.json", config if isinstance(config, str) else json.dumps(config))
        archive.write(weights, "model.weights.h5")
    return path


@pytest.fixture
def old(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "old.h5", "w") as file:
        write_old(file, {"dense/kernel:0": KERNEL, "dense/bias:0": BIAS})
    return tmp_path / "old.h5"


@pytest.fixture
def new(tmp_path: Path) -> Path:
    with h5py.File(tmp_path / "new.weights.h5", "w") as file:
        write_new(file)
        write_new(file, "optimizer", "adam")
        write_new(file, "layers/dropout/seed_generator", "seed")
    return tmp_path / "new.weights.h5"


def names_and_shapes(path: Path) -> list[tuple[str, tuple]]:
    with open_weights(path, trusted=True) as file:
        return [(layer.name, layer.shapes) for layer in file.layers]


def rejection(path: Path, *, trusted: bool = True) -> str:
    """The message for a file; without a child process, because these files are made by the test."""
    with pytest.raises(WeightsError) as caught, open_weights(path, trusted=trusted) as file:
        list(file.read(file.layers))
    return str(caught.value)


def test_old_weights_are_read(old: Path) -> None:
    assert names_and_shapes(old) == [("dense", ((2, 3), (3,)))]


def test_a_whole_model_in_the_old_format_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "model.h5", "w") as file:
        write_old(file.create_group("model_weights"), {"kernel:0": KERNEL})
    assert names_and_shapes(tmp_path / "model.h5") == [("dense", ((2, 3),))]


def test_divided_lists_of_names_are_read_in_order(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "long.h5", "w") as file:
        for part in range(12):
            file.attrs[f"layer_names{part}"] = [f"layer{part}"]
            file.create_group(f"layer{part}").attrs["weight_names"] = ["w"]
            file[f"layer{part}/w"] = BIAS
    assert [name for name, _ in names_and_shapes(tmp_path / "long.h5")] == [f"layer{part}" for part in range(12)]


def test_new_weights_are_read_without_optimizer_and_random_state(new: Path) -> None:
    assert names_and_shapes(new) == [("dense", ((2, 3), (3,)))]


def test_values_are_read(new: Path) -> None:
    with open_weights(new) as file:
        ((kernel, bias),) = file.read(file.layers)
    np.testing.assert_array_equal(kernel, KERNEL)
    np.testing.assert_array_equal(bias, BIAS)


def test_a_scalar_is_read(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "scalar.h5", "w") as file:
        write_old(file, {"count": np.int32(7)}, "normalization")
    with open_weights(tmp_path / "scalar.h5") as stored:
        assert [layer.shapes for layer in stored.layers] == [((),)]
        (((count,),)) = list(stored.read(stored.layers))
    assert count.shape == ()
    assert count == 7


def test_a_keras_model_is_read(tmp_path: Path, new: Path) -> None:
    config = {"config": {"layers": [{"module": "keras.layers", "class_name": "Dense"}]}}
    assert names_and_shapes(write_model(tmp_path / "model.keras", config, new)) == [("dense", ((2, 3), (3,)))]


def test_a_loss_of_ones_own_is_not_code_of_the_architecture(tmp_path: Path, new: Path) -> None:
    config = {"config": {}, "compile_config": {"loss": {"module": "builtins", "class_name": "function"}}}
    assert names_and_shapes(write_model(tmp_path / "model.keras", config, new))


def test_a_missing_file_is_rejected(tmp_path: Path) -> None:
    assert "cannot be read: No such file or directory" in rejection(tmp_path / "none.h5")


@pytest.mark.parametrize("content", [b"", b"\x80\x04\x95pickled", b"PNG", b"\x89HDF"])
def test_another_kind_of_file_is_rejected(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "weights.h5").write_bytes(content)
    assert "weights.h5 is no weights file: it is neither HDF5 nor a Keras model." in rejection(tmp_path / "weights.h5")


def test_a_truncated_file_is_rejected(old: Path) -> None:
    old.write_bytes(old.read_bytes()[: old.stat().st_size // 2])
    assert "old.h5 is damaged: it cannot be read as HDF5." in rejection(old)


def test_a_file_without_keras_weights_is_rejected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "table.h5", "w") as file:
        file["table"] = BIAS
    assert "table.h5 holds no weights that Keras wrote." in rejection(tmp_path / "table.h5")


def test_a_named_layer_that_is_missing_is_rejected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        file.attrs["layer_names"] = ["gone"]
    assert "w.h5 is damaged: it names a layer 'gone' and does not contain it." in rejection(tmp_path / "w.h5")


def test_named_weights_that_are_missing_are_rejected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_old(file, {})
        file["dense"].attrs["weight_names"] = ["kernel"]
    assert "w.h5 is damaged: it names the weights 'kernel' and does not contain them." in rejection(tmp_path / "w.h5")


@pytest.mark.parametrize("link", [h5py.SoftLink("/elsewhere"), h5py.ExternalLink("/etc/passwd", "/")])
def test_links_are_rejected(old: Path, link: object) -> None:
    with h5py.File(old, "a") as file:
        file["dense/more"] = link
    assert "old.h5 cannot be trusted: 'more' in it is a link to something else." in rejection(old)


def test_virtual_arrays_are_rejected(old: Path, new: Path) -> None:
    layout = h5py.VirtualLayout(shape=(2, 3), dtype="float32")
    layout[:] = h5py.VirtualSource(new, "layers/dense/vars/0", shape=(2, 3))
    with h5py.File(old, "a") as file:
        file.create_virtual_dataset("dense/virtual", layout)
    assert "old.h5 cannot be trusted: the array 'virtual' in it lies in another file." in rejection(old)


def test_external_arrays_are_rejected(old: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").write_bytes(bytes(24))
    with h5py.File(old, "a") as file:
        file.create_dataset("dense/outside", (6,), "float32", external=[(str(tmp_path / "secret"), 0, 24)])
    assert "old.h5 cannot be trusted: the array 'outside' in it lies in another file." in rejection(old)


@pytest.mark.parametrize("inner", ["layers/dense", "/"])
def test_a_circle_of_groups_is_rejected(new: Path, inner: str) -> None:
    with h5py.File(new, "a") as file:
        file["layers/dense/again"] = file[inner]
    assert "new.weights.h5 cannot be trusted: " in rejection(new)
    assert " in it is there twice." in rejection(new)


def test_a_crowd_of_objects_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backbones.weights_process.MAX_OBJECTS", 5)
    with h5py.File(tmp_path / "crowd.h5", "w") as file:
        for number in range(10):
            file.create_group(str(number))
    assert "crowd.h5 cannot be trusted: it holds more than 5 objects." in rejection(tmp_path / "crowd.h5")


def test_a_crowd_of_names_is_rejected(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backbones.weights_process.MAX_NAMES", 1)
    assert "old.h5 cannot be trusted: it names more than 1 weights." in rejection(old)


def test_a_giant_is_rejected(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.backbones.weights_process.MAX_BYTES", 1 << 10)
    assert "old.h5 is larger than 0 GB, which no network of the zoo needs." in rejection(old)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_what_is_not_finite_is_rejected(tmp_path: Path, value: float) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_old(file, {"kernel": np.full(3, value, "float32")})
    assert "w.h5 holds weights that are not finite numbers, in /dense/kernel." in rejection(tmp_path / "w.h5")


def test_text_for_weights_is_rejected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "w.h5", "w") as file:
        write_old(file, {"kernel": np.array([b"abc"])})
    assert "w.h5 holds weights of the kind |S3, which Graft does not read." in rejection(tmp_path / "w.h5")


@pytest.mark.parametrize(
    ("layer", "kind"),
    [
        ({"module": "keras.layers", "class_name": "Lambda", "config": {"function": {}}}, "Lambda"),
        ({"module": "my.layers", "class_name": "Mine"}, "Mine"),
        (
            {
                "module": "keras.layers",
                "class_name": "Activation",
                "config": {"activation": {"class_name": "function"}},
            },
            "function",
        ),
        ({"module": "builtins", "class_name": "eval"}, "eval"),
        ({"module": 5, "class_name": "Dense"}, "Dense"),
    ],
)
def test_code_of_its_own_is_rejected(tmp_path: Path, new: Path, layer: dict, kind: str) -> None:
    model = write_model(tmp_path / "model.keras", {"config": {"layers": [[layer]]}}, new)
    assert f"model.keras brings code of its own ({kind}), and Graft runs no foreign code." in rejection(model)


def test_a_description_that_is_no_json_is_rejected(tmp_path: Path, new: Path) -> None:
    model = write_model(tmp_path / "model.keras", "{", new)
    assert "model.keras is damaged: its description is not JSON." in rejection(model)


def test_another_zip_is_rejected(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "weights.pt", "w") as archive:
        archive.writestr("data.pkl", "")
    assert "weights.pt is no Keras model: it contains no config.json." in rejection(tmp_path / "weights.pt")


def test_a_zip_bomb_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "zeros").write_bytes(bytes(1 << 20))
    model = write_model(tmp_path / "bomb.keras", {}, tmp_path / "zeros", zipfile.ZIP_DEFLATED)
    assert "bomb.keras cannot be trusted: its model.weights.h5 would unpack to 1,048,576 bytes." in rejection(model)


def test_a_truncated_model_is_rejected(tmp_path: Path, new: Path) -> None:
    model = write_model(tmp_path / "model.keras", {}, new)
    model.write_bytes(model.read_bytes()[:-10])
    assert "model.keras is damaged: File is not a zip file." in rejection(model)


def test_an_encrypted_model_is_rejected(tmp_path: Path, new: Path) -> None:
    model = write_model(tmp_path / "model.keras", {}, new)
    content = bytearray(model.read_bytes())
    content[content.index(b"PK\x01\x02") + 8] |= 1
    model.write_bytes(content)
    assert "model.keras is encrypted." in rejection(model)


@pytest.fixture
def children() -> Iterator[Callable[[], set[psutil.Process]]]:
    """Gives the child processes that were started within the test and still run; none may be left at its end."""
    before = set(psutil.Process().children())
    yield lambda: set(psutil.Process().children()) - before
    assert not set(psutil.Process().children()) - before


@pytest.mark.usefixtures("children")
def test_a_file_that_takes_too_long_is_rejected(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weights_file, "LIMITS", replace(weights_file.LIMITS, seconds=0.05))
    with h5py.File(tmp_path / "slow.h5", "w") as file:
        for number in range(20_000):
            file.create_group(str(number))
    assert rejection(tmp_path / "slow.h5", trusted=False).startswith("slow.h5 cannot be trusted: reading it took more")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere the memory is measured ten times a second")
def test_a_small_file_that_takes_much_memory_is_rejected(children, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(weights_file, "LIMITS", replace(weights_file.LIMITS, memory_bytes=100 << 20))
    with h5py.File(tmp_path / "bomb.h5", "w") as file:
        file.attrs["layer_names"] = ["dense"]
        file.create_group("dense").attrs["weight_names"] = ["kernel"]
        file.create_dataset("dense/kernel", (1 << 26,), "float32", compression="gzip", chunks=(1 << 16,))
    assert (tmp_path / "bomb.h5").stat().st_size < 1 << 20
    before = psutil.Process().memory_info().rss
    assert rejection(tmp_path / "bomb.h5", trusted=False) == (
        "bomb.h5 cannot be trusted: reading it takes more than 100 MB of memory."
    )
    assert psutil.Process().memory_info().rss - before < 50 << 20
    assert not children()


def test_arrays_in_giant_chunks_are_rejected(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "chunk.h5", "w") as file:
        write_old(file, {})
        file["dense"].attrs["weight_names"] = ["kernel"]
        file.create_dataset("dense/kernel", (3,), "float32", compression="gzip", chunks=(1 << 26,), maxshape=(None,))
    assert "chunk.h5 cannot be trusted: it stores /dense/kernel in chunks of 268,435,456 bytes." in rejection(
        tmp_path / "chunk.h5"
    )


def test_a_process_that_crashes_rejects_the_file(old: Path, children) -> None:
    with open_weights(old) as file:
        (child,) = children()
        child.kill()
        with pytest.raises(WeightsError, match=r"old\.h5 is damaged: the process that read it ended"):
            list(file.read(file.layers))


def test_damage_anywhere_costs_at_most_the_child(old: Path, new: Path, tmp_path: Path, children) -> None:
    seed = int(os.environ.get("GRAFT_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 1 << 30)
    print(f"GRAFT_FUZZ_SEED={seed}")  # noqa: T201 - shown when the test fails
    chosen = random.Random(seed)
    for _ in range(int(os.environ.get("GRAFT_FUZZ_FILES", "6"))):
        content = bytearray(chosen.choice([old, new]).read_bytes())
        for _ in range(chosen.randint(1, 8)):
            content[chosen.randrange(len(content))] = chosen.randrange(256)
        target = tmp_path / "damaged.h5"
        target.write_bytes(content)
        with contextlib.suppress(WeightsError), open_weights(target) as file:
            list(file.read(file.layers))
        assert not children()

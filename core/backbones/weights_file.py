"""Reads the layers that a weights file holds, trusting nothing in it. Free of frameworks.

Three kinds are understood, told apart by their first bytes and not by their names:

- Keras' older HDF5 (`.h5`), as weights or as a whole model: groups by layer, with lists of weight names;
- Keras 3 weights (`.weights.h5`): groups by class and number, each with the name of its layer;
- Keras 3 models (`.keras`): a zip with such weights and a description of the architecture.

Nothing is ever deserialised: no layer, function or optimizer is made from what a file says. Only arrays are read, and
only those whose shape was asked for. Links out of the file, virtual and external arrays are refused, because HDF5
would follow them to other files of this machine; a description that brings code of its own is refused as well.
"""

import json
import re
import shutil
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from core.backbones.weights import HDF5_SIGNATURE
from core.errors import WeightsError

ZIP_SIGNATURE = b"PK\x03\x04"
# The largest network of the zoo takes 1.4 GB, and three times as much with the state of its optimizer.
MAX_BYTES = 8 << 30
MAX_CONFIG_BYTES = 64 << 20
# Trained weights hardly compress; Keras does not compress them at all.
MAX_RATIO = 20
# NASNetLarge, the network with the most layers, makes about 8,000.
MAX_OBJECTS = 100_000
MAX_NAMES = 100_000
LAST = 1 << 31
AGAIN = "Get the file again: it may not have been copied completely."
FOREIGN_CODE = ("Lambda", "__lambda__", "function")
# What h5py raises for files whose parts contradict each other.
HDF5_DAMAGE = (OSError, RuntimeError, KeyError, ValueError, TypeError)


@dataclass(frozen=True)
class StoredLayer:
    """A layer with weights, as found in a file.

    Attributes:
        name: Its name in the network that was saved; empty where the file does not say.
        path: Where it is in the file, e.g. `layers/functional/layers/conv2d_3`.
        arrays: Its weights: trainable ones first, then the others.
    """

    name: str
    path: str
    arrays: tuple[h5py.Dataset, ...]

    @property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Shape of each of its weights."""
        return tuple(tuple(array.shape) for array in self.arrays)


@contextmanager
def open_weights(path: Path) -> Iterator[list[StoredLayer]]:
    """The layers of a weights file, in its own order, as long as the context is open.

    Raises:
        WeightsError: The file is not there, damaged, none of the three kinds, or does what no weights file does.
    """
    try:
        with path.open("rb") as file:
            signature = file.read(len(HDF5_SIGNATURE))
    except OSError as error:
        raise WeightsError(f"The weights file {path} cannot be read: {error.strerror}.") from error
    if signature == HDF5_SIGNATURE:
        with _open_hdf5(path, path.name) as layers:
            yield layers
    elif signature.startswith(ZIP_SIGNATURE):
        with _open_archive(path) as layers:
            yield layers
    else:
        raise WeightsError(
            f"{path.name} is no weights file: it is neither HDF5 nor a Keras model.",
            "Graft reads the .h5, .weights.h5 and .keras files that Keras writes.",
        )


def read_array(array: h5py.Dataset, file_name: str) -> NDArray[Any]:
    """The values of one array.

    Raises:
        WeightsError: It is damaged, or holds something else than finite numbers.
    """
    if array.dtype.kind not in "fiu" or "dtype" in array.attrs:
        raise WeightsError(f"{file_name} holds weights of the kind {array.dtype}, which Graft does not read.")
    try:
        values: NDArray[Any] = array[()]
    except HDF5_DAMAGE as error:
        raise WeightsError(f"{file_name} is damaged: the array {array.name} cannot be read.", AGAIN) from error
    if not np.all(np.isfinite(values)):
        raise WeightsError(f"{file_name} holds weights that are not finite numbers, in {array.name}.")
    return values


@contextmanager
def _open_archive(path: Path) -> Iterator[list[StoredLayer]]:
    try:
        with zipfile.ZipFile(path) as archive, tempfile.TemporaryDirectory() as folder:
            _refuse_own_code(_config(archive, path.name), path.name)
            weights = Path(folder) / "model.weights.h5"
            with _member(archive, weights.name, MAX_BYTES, path.name) as source, weights.open("wb") as target:
                shutil.copyfileobj(source, target)
            with _open_hdf5(weights, path.name) as layers:
                yield layers
    except (zipfile.BadZipFile, NotImplementedError, EOFError) as error:
        raise WeightsError(f"{path.name} is damaged: {error}.", AGAIN) from error


def _member(archive: zipfile.ZipFile, name: str, limit: int, file_name: str) -> Any:  # noqa: ANN401 - a binary file
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise WeightsError(f"{file_name} is no Keras model: it contains no {name}.") from error
    if info.flag_bits & 1:
        raise WeightsError(f"{file_name} is encrypted.", "Save it without a password.")
    if info.file_size > limit or info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise WeightsError(f"{file_name} cannot be trusted: its {name} would unpack to {info.file_size:,} bytes.")
    return archive.open(info)


def _config(archive: zipfile.ZipFile, file_name: str) -> Any:  # noqa: ANN401 - plain JSON
    with _member(archive, "config.json", MAX_CONFIG_BYTES, file_name) as source:
        text = source.read()
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{file_name} is damaged: its description is not JSON.", AGAIN) from error


def _refuse_own_code(config: object, file_name: str) -> None:
    """Refuse an architecture with functions of its own, or with layers that are not Keras'."""
    waiting: list[object] = [config.get("config")] if isinstance(config, dict) else []
    while waiting:
        found = waiting.pop()
        if isinstance(found, list):
            waiting.extend(found)
        elif isinstance(found, dict):
            waiting.extend(found.values())
            kind, module = found.get("class_name"), found.get("module")
            of_keras = module is None or str(module).split(".")[0] == "keras"
            if kind is not None and (kind in FOREIGN_CODE or not of_keras):
                raise WeightsError(
                    f"{file_name} brings code of its own ({kind}), and Graft runs no foreign code.",
                    "Save the weights alone, with model.save_weights('name.weights.h5').",
                )


@contextmanager
def _open_hdf5(path: Path, file_name: str) -> Iterator[list[StoredLayer]]:
    if path.stat().st_size > MAX_BYTES:
        raise WeightsError(f"{file_name} is larger than {MAX_BYTES >> 30} GB, which no network of the zoo needs.")
    with ExitStack() as stack:
        try:
            file = stack.enter_context(h5py.File(path, "r"))
            _audit(file, file_name)
            layers = _layers(file, file_name)
        except HDF5_DAMAGE as error:
            raise WeightsError(f"{file_name} is damaged: it cannot be read as HDF5.", AGAIN) from error
        yield layers


def _audit(file: h5py.File, file_name: str) -> None:
    """Look at every object of the file, without reading any array.

    Raises:
        WeightsError: Something leads out of the file, leads back into it, or there is too much of it.
    """
    waiting: list[h5py.Group] = [file]
    seen: set[Any] = {h5py.h5o.get_info(file.id).addr}
    while waiting:
        group = waiting.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise WeightsError(f"{file_name} cannot be trusted: {name!r} in it is a link to something else.")
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                raise WeightsError(f"{file_name} cannot be trusted: {name!r} in it is there twice.")
            seen.add(address)
            if isinstance(found, h5py.Group):
                waiting.append(found)
            elif isinstance(found, h5py.Dataset) and (found.is_virtual or found.external):
                raise WeightsError(f"{file_name} cannot be trusted: the array {name!r} in it lies in another file.")
            if len(seen) > MAX_OBJECTS:
                raise WeightsError(f"{file_name} cannot be trusted: it holds more than {MAX_OBJECTS:,} objects.")


def _layers(file: h5py.File, file_name: str) -> list[StoredLayer]:
    root = file["model_weights"] if isinstance(file.get("model_weights"), h5py.Group) else file
    layers = list(_old_layers(root, file_name) if "layer_names" in _lists(root) else _new_layers(file))
    if not layers:
        raise WeightsError(f"{file_name} holds no weights that Keras wrote.")
    return layers


def _old_layers(root: h5py.Group, file_name: str) -> Iterator[StoredLayer]:
    for group_name in _names(root, "layer_names", file_name):
        group = root.get(group_name)
        if not isinstance(group, h5py.Group):
            raise WeightsError(
                f"{file_name} is damaged: it names a layer {group_name!r} and does not contain it.", AGAIN
            )
        arrays: dict[str, list[h5py.Dataset]] = {}
        for name in _names(group, "weight_names", file_name):
            array = group.get(name)
            if not isinstance(array, h5py.Dataset):
                raise WeightsError(
                    f"{file_name} is damaged: it names the weights {name!r} and does not contain them.", AGAIN
                )
            arrays.setdefault(name.rpartition("/")[0], []).append(array)
        for path, found in arrays.items():
            yield StoredLayer(path.rpartition("/")[2] or group_name, f"{group_name}/{path}", tuple(found))


def _names(group: h5py.Group, attribute: str, file_name: str) -> list[str]:
    """A list of names; Keras divides one that is too long for HDF5 into `attribute0`, `attribute1`, ..."""
    found: list[str] = []
    for part in _lists(group).get(attribute, []):
        identifier = group.attrs.get_id(part)
        if int(np.prod(identifier.shape, dtype=np.int64)) > MAX_NAMES:
            raise WeightsError(f"{file_name} cannot be trusted: it names more than {MAX_NAMES:,} weights.")
        values = np.atleast_1d(group.attrs[part])
        found += [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in values]
    return found


def _lists(group: h5py.Group) -> dict[str, list[str]]:
    """Attributes that hold lists of names, the parts of each in order."""
    lists: dict[str, list[tuple[int, str]]] = {}
    for attribute in group.attrs:
        if divided := re.fullmatch(r"(layer_names|weight_names)(\d*)", attribute):
            lists.setdefault(divided[1], []).append((int(divided[2] or 0), attribute))
    return {name: [attribute for _, attribute in sorted(parts)] for name, parts in lists.items()}


def _new_layers(file: h5py.File) -> Iterator[StoredLayer]:
    waiting: list[h5py.Group] = [file]
    while waiting:
        group = waiting.pop()
        if isinstance(own := group.get("vars"), h5py.Group) and len(own) and _is_layer(group.name):
            arrays = [own[name] for name in sorted(own, key=_number) if isinstance(own[name], h5py.Dataset)]
            name = own.attrs.get("name", "")
            yield StoredLayer(name if isinstance(name, str) else "", _plain(group.name), tuple(arrays))
        waiting += [found for name in group if name != "vars" and isinstance(found := group[name], h5py.Group)]


def _is_layer(path: str) -> bool:
    """Whether a group is a layer, and not the optimizer, a metric or the random state of a dropout."""
    return "layers/" in _plain(path) and not path.endswith("seed_generator")


def _plain(path: str) -> str:
    """The path as Keras writes it today: `layers/...`."""
    return path.strip("/").replace("_layer_checkpoint_dependencies", "layers")


def _number(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else LAST, name)


def format_shapes(shapes: Sequence[Sequence[int]]) -> str:
    """Shapes as a person reads them, e.g. `3x3x3x32 and 32`."""
    return " and ".join("x".join(map(str, shape)) or "1" for shape in shapes) or "nothing"

"""The process that parses weights files, trusting nothing in them. Runs in a `core.sandbox`.

Three kinds are recognised by their first bytes, not by their names:

- the older HDF5 of Keras (`.h5`), as weights or as a whole model: groups by layer, with lists of weight names;
- Keras 3 weights (`.weights.h5`): groups by class and number, each with the name of its layer;
- Keras 3 models (`.keras`): a zip with such weights and a description of the architecture.

Nothing is deserialised: no layer, function or optimizer is made from the content of a file. Links out of the file and
virtual or external arrays are rejected, because HDF5 would follow them to other files of this machine. A description
that contains code is rejected as well.
"""

import json
import re
import shutil
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import h5py
import numpy as np
from numpy.typing import NDArray

from core.backbones.weights_file import AGAIN, HDF5_SIGNATURE, StoredArray, StoredLayer
from core.errors import WeightsError

ZIP_SIGNATURE: Final = b"PK\x03\x04"
# The largest network of the zoo takes 1.4 GB, and three times as much with the state of its optimizer.
MAX_BYTES: Final = 8 << 30
MAX_CONFIG_BYTES: Final = 64 << 20
# Trained weights hardly compress; Keras does not compress them at all.
MAX_RATIO: Final = 20
# NASNetLarge, the network with the most layers, makes about 8,000 objects.
MAX_OBJECTS: Final = 100_000
MAX_NAMES: Final = 100_000
# HDF5 decompresses whole chunks; h5py's default chunks have at most 1 MB.
MAX_CHUNK_BYTES: Final = 128 << 20
LAST: Final = 1 << 31
FOREIGN_CODE: Final = ("Lambda", "__lambda__", "function")
# Exceptions that h5py raises for inconsistent files.
HDF5_ERRORS: Final = (OSError, RuntimeError, KeyError, ValueError, TypeError, OverflowError, AttributeError)


class OpenFile:
    """An open weights file.

    Args:
        path: The file.
        folder: An empty folder, for the weights in a `.keras` file.

    Raises:
        WeightsError: It is missing, damaged, none of the three kinds, or does what no weights file does.
    """

    def __init__(self, path: Path, folder: Path) -> None:
        self.name = path.name
        self._stack = ExitStack()
        signature = _read_signature(path)
        if signature.startswith(ZIP_SIGNATURE):
            path = _unpack(path, folder)
        elif signature != HDF5_SIGNATURE:
            raise WeightsError(
                f"{path.name} is no weights file: it is neither HDF5 nor a Keras model.",
                "Graft reads the .h5, .weights.h5 and .keras files that Keras writes.",
            )
        self._file, self.layers = self._open(path)

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def read(self, path: str) -> NDArray[Any]:
        """Read the array at a path of the file.

        Raises:
            WeightsError: It is damaged, or contains other values than finite numbers.
        """
        try:
            array = self._file[path]
            chunk = int(np.prod(array.chunks or (0,), dtype=np.int64)) * array.dtype.itemsize
            if array.dtype.kind not in "fiu" or "dtype" in array.attrs:
                raise WeightsError(f"{self.name} holds weights of the kind {array.dtype}, which Graft does not read.")
            if not 0 <= chunk <= MAX_CHUNK_BYTES:
                raise WeightsError(f"{self.name} cannot be trusted: it stores {path} in chunks of {chunk:,} bytes.")
            values: NDArray[Any] = array[()]
        except HDF5_ERRORS as error:
            raise WeightsError(f"{self.name} is damaged: the array {path} cannot be read.", AGAIN) from error
        if not np.all(np.isfinite(values)):
            raise WeightsError(f"{self.name} holds weights that are not finite numbers, in {path}.")
        return values

    def _open(self, path: Path) -> tuple[h5py.File, list[StoredLayer]]:
        if path.stat().st_size > MAX_BYTES:
            raise WeightsError(f"{self.name} is larger than {MAX_BYTES >> 30} GB, which no network of the zoo needs.")
        try:
            file = self._stack.enter_context(h5py.File(path, "r"))
            _audit(file, self.name)
            return file, _list_layers(file, self.name)
        except HDF5_ERRORS as error:
            raise WeightsError(f"{self.name} is damaged: it cannot be read as HDF5.", AGAIN) from error


class Session:
    """Answers the requests of one `core.backbones.weights_file.WeightsReader`."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._file: OpenFile | None = None

    def close(self) -> None:
        """Close the file."""
        self._stack.close()

    def answer(self, request: dict[str, Any]) -> Iterator[tuple[dict[str, Any], bytes]]:
        """Open a file and `list` its layers, or `read` arrays of the open file."""
        if request["task"] == "list":
            self._file = OpenFile(Path(request["path"]), Path(request["folder"]))
            self._stack.callback(self._file.close)
            yield {"layers": [_describe(layer) for layer in self._file.layers]}, b""
        elif self._file is not None:
            for path in request["arrays"]:
                yield {}, self._file.read(path).tobytes()


answer = Session().answer


def _describe(layer: StoredLayer) -> dict[str, Any]:
    arrays = [(array.path, array.shape, array.dtype) for array in layer.arrays]
    return {"name": layer.name, "path": layer.path, "arrays": arrays}


def _read_signature(path: Path) -> bytes:
    try:
        if not path.is_file() and path.exists():
            raise WeightsError(f"The weights file {path} is no file.")
        with path.open("rb") as file:
            return file.read(len(HDF5_SIGNATURE))
    except OSError as error:
        raise WeightsError(f"The weights file {path} cannot be read: {error.strerror}.") from error


def _unpack(path: Path, folder: Path) -> Path:
    """Unpack the weights of a `.keras` file, if its description contains no code."""
    try:
        with zipfile.ZipFile(path) as archive:
            _reject_foreign_code(_read_config(archive, path.name), path.name)
            weights = folder / "model.weights.h5"
            with _open_member(archive, weights.name, MAX_BYTES, path.name) as source, weights.open("wb") as target:
                shutil.copyfileobj(source, target)
            return weights
    except (zipfile.BadZipFile, NotImplementedError, EOFError, ValueError) as error:
        raise WeightsError(f"{path.name} is damaged: {error}.", AGAIN) from error


def _open_member(archive: zipfile.ZipFile, name: str, limit: int, file_name: str) -> Any:  # noqa: ANN401 - a binary file
    try:
        info = archive.getinfo(name)
    except KeyError as error:
        raise WeightsError(f"{file_name} is no Keras model: it contains no {name}.") from error
    if info.flag_bits & 1:
        raise WeightsError(f"{file_name} is encrypted.", "Save it without a password.")
    if info.file_size > limit or info.file_size > MAX_RATIO * max(info.compress_size, 1):
        raise WeightsError(f"{file_name} cannot be trusted: its {name} would unpack to {info.file_size:,} bytes.")
    return archive.open(info)


def _read_config(archive: zipfile.ZipFile, file_name: str) -> Any:  # noqa: ANN401 - plain JSON
    with _open_member(archive, "config.json", MAX_CONFIG_BYTES, file_name) as source:
        text = source.read()
    try:
        return json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WeightsError(f"{file_name} is damaged: its description is not JSON.", AGAIN) from error


def _reject_foreign_code(config: object, file_name: str) -> None:
    """Reject an architecture with custom functions, or with layers that are not those of Keras."""
    queue: list[object] = [config.get("config")] if isinstance(config, dict) else []
    while queue:
        found = queue.pop()
        if isinstance(found, list):
            queue.extend(found)
        elif isinstance(found, dict):
            queue.extend(found.values())
            kind, module = found.get("class_name"), found.get("module")
            is_of_keras = module is None or str(module).split(".")[0] == "keras"
            if kind is not None and (kind in FOREIGN_CODE or not is_of_keras):
                raise WeightsError(
                    f"{file_name} brings code of its own ({kind}), and Graft runs no foreign code.",
                    "Save the weights alone, with model.save_weights('name.weights.h5').",
                )


def _audit(file: h5py.File, file_name: str) -> None:
    """Check every object of the file, without reading any array.

    Raises:
        WeightsError: A link leads out of the file or back into it, or there are too many objects.
    """
    queue: list[h5py.Group] = [file]
    seen: set[Any] = {h5py.h5o.get_info(file.id).addr}
    while queue:
        group = queue.pop()
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                raise WeightsError(f"{file_name} cannot be trusted: {name!r} in it is a link to something else.")
            found = group[name]
            address = h5py.h5o.get_info(found.id).addr
            if address in seen:
                raise WeightsError(f"{file_name} cannot be trusted: {name!r} in it is there twice.")
            seen.add(address)
            if isinstance(found, h5py.Group):
                queue.append(found)
            elif isinstance(found, h5py.Dataset) and (found.is_virtual or found.external):
                raise WeightsError(f"{file_name} cannot be trusted: the array {name!r} in it lies in another file.")
            if len(seen) > MAX_OBJECTS:
                raise WeightsError(f"{file_name} cannot be trusted: it holds more than {MAX_OBJECTS:,} objects.")


def _list_layers(file: h5py.File, file_name: str) -> list[StoredLayer]:
    root = file["model_weights"] if isinstance(file.get("model_weights"), h5py.Group) else file
    layers = list(_old_layers(root, file_name) if "layer_names" in _name_lists(root) else _new_layers(file))
    if not layers:
        raise WeightsError(f"{file_name} holds no weights that Keras wrote.")
    return layers


def _old_layers(root: h5py.Group, file_name: str) -> Iterator[StoredLayer]:
    for group_name in _read_names(root, "layer_names", file_name):
        group = root.get(group_name)
        if not isinstance(group, h5py.Group):
            raise WeightsError(
                f"{file_name} is damaged: it names a layer {group_name!r} and does not contain it.", AGAIN
            )
        arrays: dict[str, list[h5py.Dataset]] = {}
        for name in _read_names(group, "weight_names", file_name):
            array = group.get(name)
            if not isinstance(array, h5py.Dataset):
                raise WeightsError(
                    f"{file_name} is damaged: it names the weights {name!r} and does not contain them.", AGAIN
                )
            arrays.setdefault(name.rpartition("/")[0], []).append(array)
        for path, found in arrays.items():
            yield _stored_layer(path.rpartition("/")[2] or group_name, f"{group_name}/{path}", found)


def _new_layers(file: h5py.File) -> Iterator[StoredLayer]:
    queue: list[h5py.Group] = [file]
    while queue:
        group = queue.pop()
        if isinstance(own := group.get("vars"), h5py.Group) and len(own) and _is_layer(group.name):
            arrays = [own[name] for name in sorted(own, key=_number) if isinstance(own[name], h5py.Dataset)]
            name = own.attrs.get("name", "")
            yield _stored_layer(name if isinstance(name, str) else "", _normalise(group.name), arrays)
        queue += [found for name in group if name != "vars" and isinstance(found := group[name], h5py.Group)]


def _stored_layer(name: str, path: str, arrays: Sequence[h5py.Dataset]) -> StoredLayer:
    # A scalar has the shape (), an empty dataset none.
    found = [
        StoredArray(array.name, (0,) if array.shape is None else tuple(array.shape), array.dtype.str)
        for array in arrays
    ]
    return StoredLayer(name, path, tuple(found))


def _read_names(group: h5py.Group, attribute: str, file_name: str) -> list[str]:
    """A list of names; Keras divides one that is too long for HDF5 into `attribute0`, `attribute1`, ..."""
    found: list[str] = []
    for part in _name_lists(group).get(attribute, []):
        identifier = group.attrs.get_id(part)
        if int(np.prod(identifier.shape, dtype=np.int64)) > MAX_NAMES:
            raise WeightsError(f"{file_name} cannot be trusted: it names more than {MAX_NAMES:,} weights.")
        values = np.atleast_1d(group.attrs[part])
        found += [name.decode("utf-8", "replace") if isinstance(name, bytes) else str(name) for name in values]
    return found


def _name_lists(group: h5py.Group) -> dict[str, list[str]]:
    """Names of the attributes that hold lists of names, the parts of each list in order."""
    lists: dict[str, list[tuple[int, str]]] = {}
    for attribute in group.attrs:
        if divided := re.fullmatch(r"(layer_names|weight_names)(\d*)", attribute):
            lists.setdefault(divided[1], []).append((int(divided[2] or 0), attribute))
    return {name: [attribute for _, attribute in sorted(parts)] for name, parts in lists.items()}


def _is_layer(path: str) -> bool:
    """Whether a group is a layer, and not the optimizer, a metric or the random state of a dropout."""
    return "layers/" in _normalise(path) and not path.endswith("seed_generator")


def _normalise(path: str) -> str:
    """The path as Keras writes it today: `layers/...`."""
    return path.strip("/").replace("_layer_checkpoint_dependencies", "layers")


def _number(name: str) -> tuple[int, str]:
    return (int(name) if name.isdecimal() else LAST, name)

"""Writes a model as a `.keras` file that earlier versions of Keras can read. Worker only: gets a Keras model.

Keras writes every option of a layer, and earlier versions refuse options that they do not know. Options that were added
since Keras 3.10 are left out where they have their defaults, which mean what 3.10 does without them. Keras 3.10 and
3.15 were seen to give the same probabilities from such files, for a network of each of eleven families. Keras 3.8 has
no antialiased resizing, so it cannot read them.
"""

import json
import zipfile
from pathlib import Path
from typing import Any, Final

import keras

from core.storage.atomic import write_atomic

CONFIG: Final = "config.json"
# Options that were added since Keras 3.10, with their defaults: of Dense, of the Glorot and He initializers, and of
# batch normalisation.
NEW_OPTIONS: Final[dict[str, Any]] = {
    "quantization_config": None,
    "input_axes": None,
    "output_axes": None,
    "renorm": False,
    "renorm_clipping": None,
    "renorm_momentum": 0.99,
}
# Operations have had names since Keras 3.11; a graph refers to them by the name beside the options.
OPERATIONS: Final = "keras.src.ops"


def save_keras(model: keras.Model, path: Path) -> None:
    """Write a model; the file is written completely or not at all.

    Raises:
        WorkspaceError: The disk is full or not writable.
    """
    write_atomic(path, lambda part: _write(model, part))


def _write(model: keras.Model, part: Path) -> None:
    whole = part.with_name(f"{part.stem}-whole.keras")
    try:
        model.save(whole)
        with zipfile.ZipFile(whole) as source, zipfile.ZipFile(part, "w") as target:
            for entry in source.infolist():
                data = source.read(entry)
                target.writestr(entry, _without_new_options(data) if entry.filename == CONFIG else data)
    finally:
        whole.unlink(missing_ok=True)


def _without_new_options(data: bytes) -> bytes:
    config = json.loads(data)
    _drop(config)
    return json.dumps(config).encode()


def _drop(node: Any) -> None:  # noqa: ANN401 - JSON
    if isinstance(node, list):
        for child in node:
            _drop(child)
    elif isinstance(node, dict):
        options = node.get("config")
        if isinstance(options, dict):
            if str(node.get("module", "")).startswith(OPERATIONS):
                options.pop("name", None)
            for name, default in NEW_OPTIONS.items():
                if name in options and options[name] == default:
                    del options[name]
        for child in node.values():
            _drop(child)

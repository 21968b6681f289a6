"""Writes and loads a model in each format. Worker only: imports TensorFlow, and OpenVINO for its format.

Formats without the resizing (TensorFlow Lite has no antialiased resizing, OpenVINO cannot convert it) contain the graph
behind it, for one square at a time.
"""

import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.evaluation.inference.served_model import ServedModel

# Image or square as (1, height, width, 3) -> (n_classes,) probabilities.
PredictFunction = Callable[[NDArray[Any]], NDArray[np.float64]]


def write_keras(served: ServedModel, path: Path) -> None:
    """Write one `.keras` file."""
    served.model.save(path)


def load_keras(path: Path) -> PredictFunction:
    """Load what `write_keras` wrote."""
    model = keras.models.load_model(path, compile=False)
    return lambda image: _row(model(image, training=False))


def write_saved_model(served: ServedModel, path: Path) -> None:
    """Write a folder with a graph and its variables; its signature `serve` takes images of any size."""
    served.model.export(path, format="tf_saved_model", verbose=False)


def load_saved_model(path: Path) -> PredictFunction:
    """Load what `write_saved_model` wrote."""
    loaded = tf.saved_model.load(path)
    return lambda image: _row(loaded.serve(image))


def write_tflite(served: ServedModel, path: Path) -> None:
    """Write one `.tflite` file in float32, for one square at a time."""
    with tempfile.TemporaryDirectory() as folder:
        _behind_resizing(served).export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        path.write_bytes(converter.convert())


def load_tflite(path: Path) -> PredictFunction:
    """Load what `write_tflite` wrote."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    (model_input,), (output,) = runner.get_input_details(), runner.get_output_details()
    return lambda image: _row(runner(**{model_input: image})[output])


def write_openvino(served: ServedModel, path: Path) -> None:
    """Write a folder with `model.xml` and `model.bin` in float32, for one square at a time."""
    from core.features.openvino_engine import convert, save_network

    network = _behind_resizing(served)
    shape = (1, *served.resizing.output.shape[1:])
    function = tf.function(lambda square: network(square, training=False))
    path.mkdir()
    save_network(convert(function.get_concrete_function(tf.TensorSpec(shape, tf.float32))), path / "model.xml")


def load_openvino(path: Path) -> PredictFunction:
    """Load what `write_openvino` wrote, in float32 on this processor."""
    from core.features.openvino_engine import read_network

    compiled = _compile(read_network(path / "model.xml"))
    return lambda image: _row(compiled(image)[0])


def _compile(network: Any) -> Any:  # noqa: ANN401 - untyped in OpenVINO
    import openvino

    return openvino.Core().compile_model(network, "CPU", {"INFERENCE_PRECISION_HINT": "f32"})


WRITERS: Final[dict[str, tuple[Callable[[ServedModel, Path], None], Callable[[Path], PredictFunction]]]] = {
    "keras": (write_keras, load_keras),
    "saved-model": (write_saved_model, load_saved_model),
    "tflite": (write_tflite, load_tflite),
    "openvino": (write_openvino, load_openvino),
}


def _behind_resizing(served: ServedModel) -> keras.Model:
    square = keras.Input(batch_shape=(1, *served.resizing.output.shape[1:]), name="square")
    rest = keras.Model(served.resizing.output, served.model.output)
    return keras.Model(square, rest(square, training=False), name="graft")


def _row(output: Any) -> NDArray[np.float64]:  # noqa: ANN401 - TensorFlow's, OpenVINO's or NumPy's
    row: NDArray[np.float64] = np.asarray(output, np.float64)[0]
    return row

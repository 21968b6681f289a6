"""Writes and loads a model in each format. Worker only: imports TensorFlow, and OpenVINO for its format.

Formats without the resizing (TensorFlow Lite has no antialiased resizing, OpenVINO cannot convert it) contain the graph
behind it, for one square at a time. All formats but `model.keras` have the out-of-distribution score as a second output
(`core.export.ood`).
"""

import tempfile
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from core.evaluation.inference.served_model import ServedModel
from core.export.bundle_files.preprocess import ood_score
from core.export.ood import OodReference
from core.training.keras_file import save_keras
from core.training.networks import LOGITS

PROBABILITIES: Final = "probabilities"
OOD_SCORE: Final = "ood_score"


@dataclass(frozen=True)
class Answer:
    """The outputs of an exported model for one image.

    Attributes:
        probabilities: (n_classes,) float64.
        ood_score: Above 1, the image is none of the classes; None where the format was written without it.
    """

    probabilities: NDArray[np.float64]
    ood_score: float | None


# Image or square as (1, height, width, 3).
PredictFunction = Callable[[NDArray[Any]], Answer]
WriteFunction = Callable[[ServedModel, Path, OodReference | None], None]


def write_keras(served: ServedModel, path: Path, ood: OodReference | None) -> None:
    """Write one `.keras` file, and `ood.npz` beside it."""
    save_keras(served.model, path)
    if ood is not None:
        ood.write(path.parent)


def load_keras(path: Path) -> PredictFunction:
    """Load what `write_keras` wrote, with the score as `predict.py` computes it."""
    model = keras.models.load_model(path, compile=False)
    outputs = keras.Model(model.input, [model.output, model.get_layer(LOGITS).input])

    def predict(image: NDArray[Any]) -> Answer:
        probabilities, features = (np.asarray(one) for one in outputs(image, training=False))
        return Answer(_row(probabilities), ood_score(features[0], path.parent))

    return predict


def write_saved_model(served: ServedModel, path: Path, ood: OodReference | None) -> None:
    """Write a folder with a graph and its variables; `serve` takes images of any size, and so does `ood_score`."""
    archive = keras.export.ExportArchive()
    archive.track(served.model)
    signature = [tf.TensorSpec((None, None, None, 3), tf.uint8, name="image")]
    archive.add_endpoint("serve", lambda image: served.model(image, training=False), input_signature=signature)
    if ood is not None:
        scorer = keras.Model(served.model.input, ood.scores(served.logits.input))
        archive.track(scorer)
        archive.add_endpoint(OOD_SCORE, lambda image: scorer(image, training=False), input_signature=signature)
    archive.write_out(path, verbose=False)


def load_saved_model(path: Path) -> PredictFunction:
    """Load what `write_saved_model` wrote."""
    loaded = tf.saved_model.load(path)

    def predict(image: NDArray[Any]) -> Answer:
        score = float(loaded.ood_score(image)[0, 0]) if hasattr(loaded, OOD_SCORE) else None
        return Answer(_row(loaded.serve(image)), score)

    return predict


def write_tflite(served: ServedModel, path: Path, ood: OodReference | None) -> None:
    """Write one `.tflite` file in float32, for one square at a time."""
    with tempfile.TemporaryDirectory() as folder:
        _behind_resizing(served, ood).export(folder, format="tf_saved_model", verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        path.write_bytes(converter.convert())


def load_tflite(path: Path) -> PredictFunction:
    """Load what `write_tflite` wrote."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*tf.lite.Interpreter is deprecated")
        interpreter = tf.lite.Interpreter(model_path=str(path))
    runner = interpreter.get_signature_runner()
    (model_input,) = runner.get_input_details()
    return lambda image: _named_answer(runner(**{model_input: image}))


def write_openvino(served: ServedModel, path: Path, ood: OodReference | None) -> None:
    """Write a folder with `model.xml` and `model.bin` in float32, for one square at a time.

    Every operation is marked to be computed in float32: without the mark, a plain `compile_model` on a processor with
    bfloat16 rounds to that and changes predictions. A file cannot store `INFERENCE_PRECISION_HINT`.
    """
    from core.features.openvino_engine import convert, save_network

    network = _behind_resizing(served, ood)
    names = [PROBABILITIES] if ood is None else [PROBABILITIES, OOD_SCORE]
    shape = (1, *served.resizing.output.shape[1:])

    def compute(square: tf.Tensor) -> tuple[tf.Tensor, ...]:
        outputs = network(square, training=False)
        return tuple(outputs[name] for name in names)  # probabilities first; TensorFlow would sort a dictionary

    function = tf.function(compute, autograph=False)
    converted = convert(function.get_concrete_function(tf.TensorSpec(shape, tf.float32)))
    for operation in converted.get_ops():
        operation.get_rt_info()["precise_0"] = ""
    for output, name in zip(converted.outputs, names, strict=True):
        output.get_tensor().set_names({name})
    path.mkdir()
    save_network(converted, path / "model.xml")


def load_openvino(path: Path) -> PredictFunction:
    """Load what `write_openvino` wrote, with the defaults of OpenVINO."""
    from core.compat import disable_openvino_telemetry

    disable_openvino_telemetry()
    import openvino

    compiled = openvino.compile_model(path / "model.xml")
    names = [output.get_any_name() for output in compiled.outputs]
    return lambda image: _named_answer(dict(zip(names, compiled(image).values(), strict=True)))


WRITERS: Final[dict[str, tuple[WriteFunction, Callable[[Path], PredictFunction]]]] = {
    "keras": (write_keras, load_keras),
    "saved-model": (write_saved_model, load_saved_model),
    "tflite": (write_tflite, load_tflite),
    "openvino": (write_openvino, load_openvino),
}


def _behind_resizing(served: ServedModel, ood: OodReference | None) -> keras.Model:
    square = keras.Input(batch_shape=(1, *served.resizing.output.shape[1:]), name="square")
    rest = keras.Model(served.resizing.output, [served.model.output, served.logits.input])
    probabilities, features = rest(square, training=False)
    outputs = {PROBABILITIES: probabilities}
    if ood is not None:
        outputs[OOD_SCORE] = ood.scores(features)
    return keras.Model(square, outputs, name="graft")


def _named_answer(outputs: dict[str, Any]) -> Answer:
    score = outputs.get(OOD_SCORE)
    return Answer(_row(outputs[PROBABILITIES]), None if score is None else float(np.asarray(score)[0, 0]))


def _row(output: Any) -> NDArray[np.float64]:  # noqa: ANN401 - TensorFlow's, OpenVINO's or NumPy's
    row: NDArray[np.float64] = np.asarray(output, np.float64)[0]
    return row

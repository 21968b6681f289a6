"""The formats a model can be taken home in. Free of frameworks: the Export page lists them."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Format:
    """One way to write a model.

    Attributes:
        key: What recipes of exports call it.
        label: Its name for a person.
        path: The file or folder in the bundle.
        purpose: What it is good for, in one sentence.
        any_size: Whether it takes photographs of any size; if not, `preprocess.py` makes its squares.
        tolerance: Largest probability difference to the app's own predictions that is certified. Squares of
            `preprocess.py` differ from the graph's own by rounding, and so do their probabilities.
    """

    key: str
    label: str
    path: str
    purpose: str
    any_size: bool
    tolerance: float


_LISTED: Final = (
    Format(
        "keras",
        "Keras",
        "model.keras",
        "One file for Python; takes photographs of any size, resizing and preprocessing inside.",
        any_size=True,
        tolerance=1e-4,
    ),
    Format(
        "saved-model",
        "TensorFlow SavedModel",
        "saved_model",
        "For TensorFlow Serving and other servers; takes photographs of any size.",
        any_size=True,
        tolerance=1e-4,
    ),
    Format(
        "tflite",
        "TensorFlow Lite",
        "model.tflite",
        "For phones and small computers; is fed squares that preprocess.py makes.",
        any_size=False,
        tolerance=0.03,
    ),
    Format(
        "openvino",
        "OpenVINO",
        "openvino",
        "For Intel processors, 2 to 4 times as fast as TensorFlow; is fed squares that preprocess.py makes.",
        any_size=False,
        tolerance=0.03,
    ),
)

FORMATS: Final = {listed.key: listed for listed in _LISTED}

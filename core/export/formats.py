"""The export formats. Needs no framework."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Format:
    """An export format.

    Attributes:
        key: Its id in export jobs.
        label: Its name on screen.
        path: The file or folder in the bundle.
        purpose: What it is good for, in one sentence.
        any_size: Whether it takes images of any size; if not, `preprocess.py` resizes them.
        packages: The packages that load it, for `requirements.txt`.
        tolerance: Largest difference of a probability to the app's that is certified. The squares of `preprocess.py`
            differ from those of the graph by rounding, which changes the probabilities.
    """

    key: str
    label: str
    path: str
    purpose: str
    any_size: bool
    packages: tuple[str, ...]
    tolerance: float


_LISTED: Final = (
    Format(
        "keras",
        "Keras",
        "model.keras",
        "One file for Python; takes images of any size; resizing and preprocessing are inside.",
        any_size=True,
        packages=("keras", "tensorflow"),
        tolerance=1e-4,
    ),
    Format(
        "saved-model",
        "TensorFlow SavedModel",
        "saved_model",
        "For TensorFlow Serving and other servers; takes images of any size.",
        any_size=True,
        packages=("tensorflow",),
        tolerance=1e-4,
    ),
    Format(
        "tflite",
        "TensorFlow Lite",
        "model.tflite",
        "For phones and small computers; takes squares from preprocess.py.",
        any_size=False,
        packages=("tensorflow",),
        tolerance=0.03,
    ),
    Format(
        "openvino",
        "OpenVINO",
        "openvino",
        "For Intel processors, 2 to 4 times as fast as TensorFlow; takes squares from preprocess.py.",
        any_size=False,
        packages=("openvino",),
        tolerance=0.03,
    ),
)

# Largest difference of the out-of-distribution score that is certified; the threshold is a score of 1.
OOD_TOLERANCE: Final = 0.05

FORMATS: Final = {listed.key: listed for listed in _LISTED}


def bundle_file_name(project: str, run: str) -> str:
    """Name a bundle after its project and run, without characters that file systems refuse."""
    allowed = "".join(letter if letter.isalnum() or letter in " -_" else "-" for letter in f"{project} - {run}")
    return f"{allowed.strip(' -') or 'model'}.zip"

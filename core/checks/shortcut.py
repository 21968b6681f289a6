"""The shortcut test: can the label be told from the border alone?

If a probe that sees only the border of each image, its centre masked, does nearly as well as one that sees all of it,
a model may learn the background, a frame or a watermark instead of the thing (Geirhos et al., "Shortcut learning in
deep neural networks", Nature Machine Intelligence 2020).
"""

import numpy as np

from core.checks.material import Material
from core.checks.probe import out_of_fold
from core.checks.result import Result, fine

MASKED_SHARE = 0.6
"""Side of the masked centre over the side of the image."""
NEARLY = 0.9
"""Share of the whole image's gain over guessing from which the border explains too much."""


def shortcut(material: Material) -> Result:
    """Find out whether the border alone gives the label away."""
    n, n_classes = len(material), len(material.classes)
    if material.features is None or material.border_features is None:
        return fine(n, "Not looked at: no features were computed.")
    whole = material.probe
    border = out_of_fold(material.border_features, material.labels, material.together, n_classes)
    guess = float(np.bincount(material.labels, minlength=n_classes).max(initial=0) / max(n, 1))
    whole_accuracy, border_accuracy = whole.accuracy(material.labels), border.accuracy(material.labels)
    figures = f"{border_accuracy:.0%} right from the border alone, {whole_accuracy:.0%} from the whole image"
    if border_accuracy - guess < NEARLY * (whole_accuracy - guess) or whole_accuracy <= guess:
        return fine(n, f"The border does not give the class away: {figures}.")
    own = border.probabilities[np.arange(n), material.labels]
    right = border.predicted & (border.probabilities.argmax(axis=1) == material.labels)
    return Result(
        np.where(right, 1 - own, 1.0),
        right,
        f"The border alone gives the class away: {figures}. The model may learn the background or a frame instead "
        "of the thing; crop the images, or photograph each class against the same backgrounds.",
    )

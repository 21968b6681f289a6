"""The shortcut test: does the border of the images predict their label?

If a probe of the border alone, with the centre masked, does nearly as well as a probe of the whole image, a model may
learn the background, a frame or a watermark instead of the object (Geirhos et al., "Shortcut learning in deep neural
networks", Nature Machine Intelligence 2020). If only one class has such a mark, the border separates this class from
all others almost without errors.

Measured on five sets with MobileNetV2: a coloured border of 8% around one class gives areas under the ROC curve of
0.996 or more from the border alone; without it the largest is 0.971, and the border reaches at most 0.67 of the gain.
"""

import numpy as np

from core.checks.dataset import Dataset
from core.checks.probe import out_of_fold
from core.checks.result import Result, no_issue

MASKED_SHARE = 0.75
"""Side of the masked centre over the side of the image."""
NEARLY = 0.9
"""Share of the whole image's gain over chance from which the border counts as a shortcut."""
PARTLY = 0.45
"""Share of the way from chance to 100% from which the border counts as a shortcut in part."""
MARKED = 0.98
"""Area under the ROC curve of the border probe from which a class counts as marked."""


def shortcut(dataset: Dataset) -> Result:
    """Test whether the border alone predicts the label, or one class."""
    n, n_classes = len(dataset), len(dataset.classes)
    if dataset.features is None or dataset.border_features is None:
        return no_issue(n, "Not checked: no features were computed.")
    whole = dataset.probe
    border = out_of_fold(dataset.border_features, dataset.labels, dataset.group_ids, n_classes)
    whole_accuracy, border_accuracy = whole.accuracy(dataset.labels), border.accuracy(dataset.labels)
    chance = float(np.bincount(dataset.labels, minlength=n_classes).max(initial=0) / max(n, 1))
    figures = (
        f"{border_accuracy:.0%} correct from the border alone, {whole_accuracy:.0%} from the whole image, {chance:.0%} "
        "by always naming the largest class"
    )
    everywhere = whole_accuracy > chance and border_accuracy - chance >= NEARLY * (whole_accuracy - chance)
    marked = [label for label in range(n_classes) if border.separation(dataset.labels, label) >= MARKED]
    if not everywhere and not marked:
        if border_accuracy - chance < PARTLY * (1 - chance):
            return no_issue(n, f"The border does not give the class away: {figures}.")
        return Result(
            np.ones(n),
            np.zeros(n, np.bool_),
            f"The border alone says much about the class: {figures}. The backgrounds of the classes may differ, or the "
            "objects reach into the border; test the model on images with other backgrounds.",
            issue_of_dataset=True,
        )
    correct = border.correct(dataset.labels)
    flags = correct if everywhere else correct & np.isin(dataset.labels, marked)
    what = "the class" if everywhere else " and ".join(f"“{dataset.classes[label]}”" for label in marked)
    return Result(
        np.where(flags, 1 - border.probabilities[np.arange(n), dataset.labels], 1.0),
        flags,
        f"The border alone gives {what} away: {figures}. The model may learn the background or a frame instead "
        "of the object; crop the images, or photograph each class against the same backgrounds.",
    )

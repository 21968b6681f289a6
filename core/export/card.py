"""Writes the model card: what a model is, its data, its quality and its limits. Needs no framework.

In the spirit of Mitchell et al., Model cards for model reporting (FAT* 2019).
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from core.dataset.manifest import SPLIT_NAMES, Manifest
from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.report import Estimate, Mistakes, Report
from core.export.certificate import Certificate
from core.export.formats import FORMATS
from core.training.recipe import Recipe

CARD_FILE = "README.md"
# Earlier versions cannot resize with antialiasing; see `core.training.keras_file`.
OLDEST_KERAS: Final = "3.10"
# Fewer test images of a class than this say little about it.
FEW = 10
_MARKUP: Final = re.compile(r"[\\`*_{}\[\]()<>#|!~&$]")


def write_card(name: str, report: Report, recipe: Recipe, manifest: Manifest, certificate: Certificate) -> str:
    """Write the card in Markdown.

    Args:
        name: Title of the card.
        report: The report of the run.
        recipe: The recipe of the run.
        manifest: The images of the run.
        certificate: The files in the bundle and their verification.
    """
    sections = (
        _title(name, report),
        _use(certificate, recipe),
        _data(manifest),
        _training(recipe),
        _quality(report),
        _classes(report),
        _limits(report),
        _files(certificate),
    )
    return "\n".join(line for section in sections for line in section)


def _title(name: str, report: Report) -> Iterator[str]:
    yield from (f"# {_text(name)}", "")
    yield from (f"Classifies images into {len(report.classes)} classes: {_names(report.classes)}.", "")


def _use(certificate: Certificate, recipe: Recipe) -> Iterator[str]:
    yield from (
        "## Use",
        "",
        "    pip install -r requirements.txt",
        "    python predict.py image.jpg folder",
        "    python predict.py folder --out table.csv",
        "",
    )
    yield "The model takes images of any size as uint8 RGB pixels and gives one probability a class, in the order of"
    yield "`labels.json`. It resizes and scales them itself. `preprocess.py` reads a file as the app does: upright, in"
    yield f"sRGB, transparent pixels on `{recipe.background}`."
    if recipe.bit_depth is not None:
        yield f"Grey images of 16 bits are read as images of {recipe.bit_depth} bits, as all training images were."
    if "keras" in certificate.made_with:
        yield f"`model.keras` was written by Keras {certificate.made_with['keras']} for Keras {OLDEST_KERAS} and later."
    if any(not fmt.any_size and fmt.path in certificate.formats for fmt in FORMATS.values()):
        yield "Formats without the resizing take squares instead, which `preprocess.py` makes."
    yield ""


def _data(manifest: Manifest) -> Iterator[str]:
    yield from ("## Images", "", f"| class | {' | '.join(SPLIT_NAMES)} |", "| --- | ---: | ---: | ---: |")
    counts = manifest.counts()
    for name, images in zip(manifest.classes, counts, strict=True):
        yield f"| {_text(name)} | {' | '.join(map(str, images))} |"
    yield from (f"| all | {' | '.join(map(str, counts.sum(axis=0)))} |", "")


def _training(recipe: Recipe) -> Iterator[str]:
    backbone, strategy = recipe.backbone, recipe.strategy.replace("-", " ")
    weights = {"imagenet": "ImageNet weights", "none": "random weights", "file": "weights from a file"}
    yield from ("## Training", "")
    yield f"{backbone.name} with {weights.get(backbone.weights, f'{backbone.weights} weights')}, {strategy}, images"
    yield f"made square by `{recipe.resize}`, seed {recipe.seed}. Every choice is in `recipe.json`."
    yield ""


def _quality(report: Report) -> Iterator[str]:
    test, validation = report.metrics.test, report.metrics.validation
    accuracy = Estimate(value=test.accuracy, interval=test.interval)
    yield from ("## Quality", "", "Measured on the exported file, with 95% intervals.", "")
    yield from ("| on test images | |", "| --- | --- |", f"| images | {test.images} |")
    yield f"| accuracy | {_estimate(accuracy)} |"
    yield f"| balanced accuracy | {_estimate(test.balanced_accuracy)} |"
    yield f"| macro F1 | {_estimate(test.macro_f1)} |"
    baselines = report.baselines
    yield f"| always predicting {_text(baselines.largest_class)} | {baselines.largest_class_accuracy:.1%} |"
    yield f"| nearest training image by 16 x 16 pixels | {baselines.nearest_pixels_accuracy:.1%} |"
    yield f"| expected calibration error | {_calibration_error(report):.1%} |"
    yield from ("", "The kept epoch is the one with the lowest validation loss. Its exported model has a validation")
    yield from (f"accuracy of {_estimate(Estimate(value=validation.accuracy, interval=validation.interval))}", "")


def _calibration_error(report: Report) -> float:
    return (report.calibration.after if report.calibration.applied else report.calibration.before).error


def _classes(report: Report) -> Iterator[str]:
    yield from ("| class | test images | precision | recall | F1 |", "| --- | ---: | --- | --- | --- |")
    for scores in report.metrics.test.per_class:
        precision = _estimate(Estimate(value=scores.precision, interval=scores.precision_interval))
        recall = _estimate(Estimate(value=scores.recall, interval=scores.recall_interval))
        yield f"| {_text(scores.name)} | {scores.support} | {precision} | {recall} | {scores.f1:.1%} |"
    yield ""


def _limits(report: Report) -> Iterator[str]:
    ood, test = report.ood, report.metrics.test
    yield from ("## Limits", "")
    yield f"- Its most probable class is always one of the {len(report.classes)}, whatever the image shows. The"
    yield "  out-of-distribution score (`ood_score`) is above 1 for images that are unlike all training images: none of"
    yield f"  these. That holds for {ood.refused_test:.1%} of the test images. It is an output of every format but"
    yield "  `model.keras`, for which `predict.py` computes it from `ood.npz`."
    yield "- The figures hold for images like the test images; on others it can be much worse."
    if test.relabelled_by_model:
        yield f"- The labels of {test.relabelled_by_model} test images were changed after a network had disagreed with"
        yield "  them. Such changes raise the accuracy; correct predictions were not checked in the same way."
    if test.more_images:
        yield f"- With {test.images} test images the accuracy is known to {_points(test.interval)} points;"
        yield f"  {test.more_images} more would make that 5."
    few = [scores.name for scores in test.per_class if scores.support < FEW]
    if few:
        yield f"- Too few test images to say much about: {_names(few)}."
    yield from _confusions(report.mistakes)
    yield from ("", *(f"- {one.text}" for one in report.fit_diagnosis if one.level == "warning"), "")


def _confusions(mistakes: Mistakes) -> Iterator[str]:
    for pair in mistakes.confused_pairs[:3]:
        yield f"- {pair.images} test images of {_text(pair.true)} were predicted as {_text(pair.predicted)}."


def _files(certificate: Certificate) -> Iterator[str]:
    yield from (
        "## Files",
        "",
        "| file | for | largest difference to the app | same class |",
        "| --- | --- | --- | --- |",
    )
    for fmt in FORMATS.values():
        if (one := certificate.formats.get(fmt.path)) is not None:
            same = f"{one.same_class} of {certificate.images}"
            yield f"| `{fmt.path}` | {fmt.purpose} | {one.largest_difference:.1e} | {same} |"
    yield from (f"\n`{path}` is left out: {reason}" for path, reason in certificate.left_out.items())
    yield ""


def _estimate(estimate: Estimate) -> str:
    if estimate.interval is None:
        return f"{estimate.value:.1%} (too few images for an interval)"
    return f"{estimate.value:.1%} ({estimate.interval.low:.1%} to {estimate.interval.high:.1%})"


def _points(interval: Interval) -> str:
    return f"+-{50 * (interval.high - interval.low):.0f}"


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(_text, names))


def _text(text: str) -> str:
    """Escape a name for Markdown, so that it is no heading, link, image, table cell or HTML."""
    return _MARKUP.sub(r"\\\g<0>", " ".join(text.split()))

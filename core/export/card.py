"""Writes the model card: what a model is, its data, its quality and its limits. Needs no framework.

In the spirit of Mitchell et al., Model cards for model reporting (FAT* 2019).
"""

from collections.abc import Iterator

from core.dataset.manifest import SPLIT_NAMES, Manifest
from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.report import Estimate, Mistakes, Report
from core.export.certificate import Certificate
from core.export.formats import FORMATS
from core.training.recipe import Recipe

CARD_FILE = "README.md"
# Fewer test images of a class than this say little about it.
FEW = 10


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
        [f"# {name}", "", f"Classifies images into {len(report.classes)} classes: {', '.join(report.classes)}.", ""],
        _use(certificate, recipe.background),
        _data(manifest),
        _training(recipe),
        _quality(report),
        _classes(report),
        _limits(report),
        _files(certificate),
    )
    return "\n".join(line for section in sections for line in section)


def _use(certificate: Certificate, background: str) -> Iterator[str]:
    yield from ("## Use", "", "    pip install -r requirements.txt", "    python predict.py image.jpg", "")
    yield "The model takes images of any size as uint8 RGB pixels and gives one probability a class, in the order of"
    yield "`labels.json`. It resizes and scales them itself. `preprocess.py` reads a file as the app does: upright, in"
    yield f"sRGB, transparent pixels on `{background}`."
    if any(not fmt.any_size and fmt.path in certificate.formats for fmt in FORMATS.values()):
        yield "Formats without the resizing take squares instead, which `preprocess.py` makes."
    yield ""


def _data(manifest: Manifest) -> Iterator[str]:
    yield from ("## Images", "", f"| class | {' | '.join(SPLIT_NAMES)} |", "| --- | ---: | ---: | ---: |")
    counts = manifest.counts()
    for name, images in zip(manifest.classes, counts, strict=True):
        yield f"| {_cell(name)} | {' | '.join(map(str, images))} |"
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
    yield f"| always predicting {_cell(baselines.largest_class)} | {baselines.largest_class_accuracy:.1%} |"
    yield f"| nearest training image by 16 x 16 pixels | {baselines.nearest_pixels_accuracy:.1%} |"
    yield f"| expected calibration error | {_calibration_error(report):.1%} |"
    yield from ("", f"Validation accuracy, by which the epoch was chosen: {validation.accuracy:.1%}.", "")


def _calibration_error(report: Report) -> float:
    return (report.calibration.after if report.calibration.applied else report.calibration.before).error


def _classes(report: Report) -> Iterator[str]:
    yield from ("| class | test images | precision | recall | F1 |", "| --- | ---: | --- | --- | --- |")
    for scores in report.metrics.test.per_class:
        precision = _estimate(Estimate(value=scores.precision, interval=scores.precision_interval))
        recall = _estimate(Estimate(value=scores.recall, interval=scores.recall_interval))
        yield f"| {_cell(scores.name)} | {scores.support} | {precision} | {recall} | {scores.f1:.2f} |"
    yield ""


def _limits(report: Report) -> Iterator[str]:
    ood, test = report.ood, report.metrics.test
    yield from ("## Limits", "")
    yield f"- It always predicts one of its {len(report.classes)} classes, whatever the image shows."
    yield "- The figures hold for images like the test images; on others it can be much worse."
    if test.more_images:
        yield f"- With {test.images} test images the accuracy is known to {_points(test.interval)} points;"
        yield f"  {test.more_images} more would make that 5."
    few = [scores.name for scores in test.per_class if scores.support < FEW]
    if few:
        yield f"- Too few test images to say much about: {', '.join(few)}."
    yield from _confusions(report.mistakes)
    yield f"- Graft refuses images that are unlike all training images (distance above {ood.threshold:.3f}), among them"
    yield f"  {ood.refused_test:.1%} of the test images; the model file alone does not."
    yield from ("", *(f"- {one.text}" for one in report.fit_diagnosis if one.level == "warning"), "")


def _confusions(mistakes: Mistakes) -> Iterator[str]:
    for pair in mistakes.confused_pairs[:3]:
        yield f"- {pair.images} test images of {pair.true} were predicted as {pair.predicted}."


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


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("\n", " ")

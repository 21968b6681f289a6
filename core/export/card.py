"""The model card: what a model is, what it was made from, how good it is and where not to trust it. Framework-free.

In the spirit of Mitchell et al., Model cards for model reporting (FAT* 2019).
"""

from collections.abc import Iterator

from core.dataset.manifest import SPLIT_NAMES, Manifest
from core.evaluation.metrics.intervals import Interval
from core.evaluation.report.parts import Estimate, Mistakes
from core.evaluation.report.report import Report
from core.export.certificate import Certificate
from core.export.formats import FORMATS
from core.training.recipe import Recipe

FILE_NAME = "README.md"
# Fewer test images of a class than this say little about the class.
FEW = 10


def model_card(name: str, report: Report, recipe: Recipe, manifest: Manifest, certificate: Certificate) -> str:
    """Write the card in Markdown.

    Args:
        name: What the model is called.
        report: What was measured.
        recipe: How it was trained.
        manifest: What it was trained on.
        certificate: Which files are in the bundle, and how well they agree.
    """
    sections = (
        [f"# {name}", "", f"Tells {len(report.classes)} classes of pictures apart: {', '.join(report.classes)}.", ""],
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
    yield from ("## Use", "", "    pip install -r requirements.txt", "    python predict.py picture.jpg", "")
    yield "The model takes pictures of any size as bytes of red, green and blue, and gives one probability a class, in"
    yield "the order of `labels.json`. Nothing has to be resized or scaled before. `preprocess.py` reads a file as the"
    yield f"app does: upright, in sRGB, its transparent places on `{background}`."
    if any(not fmt.any_size and fmt.path in certificate.formats for fmt in FORMATS.values()):
        yield "The formats for small computers are fed squares instead, which `preprocess.py` makes."
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
    yield f"{backbone.name} with {weights.get(backbone.weights, f'{backbone.weights} weights')}, {strategy}, pictures"
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
    yield f"| always answering {_cell(baselines.largest_class)} | {baselines.largest_class_accuracy:.1%} |"
    yield f"| nearest training image by 16 x 16 pixels | {baselines.nearest_pixels_accuracy:.1%} |"
    yield f"| expected calibration error | {_calibration_error(report):.1%} |"
    yield from ("", f"Validation accuracy, by which the epoch was chosen: {validation.accuracy:.1%}.", "")


def _calibration_error(report: Report) -> float:
    return (report.calibration.after if report.calibration.kept else report.calibration.before).error


def _classes(report: Report) -> Iterator[str]:
    yield from ("| class | test images | precision | recall | F1 |", "| --- | ---: | --- | --- | --- |")
    for scores in report.metrics.test.per_class:
        precision = _estimate(Estimate(value=scores.precision, interval=scores.precision_interval))
        recall = _estimate(Estimate(value=scores.recall, interval=scores.recall_interval))
        yield f"| {_cell(scores.name)} | {scores.support} | {precision} | {recall} | {scores.f1:.2f} |"
    yield ""


def _limits(report: Report) -> Iterator[str]:
    unknown, test = report.unknown, report.metrics.test
    yield from ("## Limits", "")
    yield f"- It always answers one of its {len(report.classes)} classes, whatever the picture shows."
    yield "- The figures hold for pictures taken like those it was tested on; others can be much worse."
    if test.more_images:
        yield f"- With {test.images} test images the accuracy is known to {_points(test.interval)} points;"
        yield f"  {test.more_images} more would make that 5."
    few = [scores.name for scores in test.per_class if scores.support < FEW]
    if few:
        yield f"- Too few test images to say much about: {', '.join(few)}."
    yield from _confusions(report.mistakes)
    yield f"- Graft refuses pictures that are unlike all training images (distance above {unknown.threshold:.3f});"
    yield f"  that costs {unknown.refused_test:.1%} of the true test images; the model file alone does not."
    yield from ("", *(f"- {finding.text}" for finding in report.findings if finding.level == "warning"), "")


def _confusions(mistakes: Mistakes) -> Iterator[str]:
    for pair in mistakes.confused_pairs[:3]:
        yield f"- {pair.images} test images of {pair.true} were taken for {pair.predicted}."


def _files(certificate: Certificate) -> Iterator[str]:
    yield from (
        "## Files",
        "",
        "| file | for | largest difference to the app | same class |",
        "| --- | --- | --- | --- |",
    )
    for fmt in FORMATS.values():
        if (proved := certificate.formats.get(fmt.path)) is not None:
            same = f"{proved.same_class} of {certificate.images}"
            yield f"| `{fmt.path}` | {fmt.purpose} | {proved.largest_difference:.1e} | {same} |"
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

"""A run's report as one HTML file that can be mailed: drawings and pictures are inside, and no network is asked.

Its own content security policy forbids every request, so that a name in it which looks like a link stays a name.
"""

import base64
import io
import json
import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from core.evaluation.metrics.intervals import Interval
from core.evaluation.rendering.svg import BLUE, ORANGE, Axes, Line, line_chart, matrix_chart, reliability_chart
from core.evaluation.report.parts import ClassMetrics, Seen
from core.evaluation.report.report import Report
from core.jobs.events import Epoch

PICTURE_SIDE: Final = 160
PICTURE_QUALITY: Final = 75
MOST_PICTURES: Final = 24

_HEAD: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }}
h1 {{ line-height: 1.2; }}
h2 {{ margin-top: 2.5rem; border-bottom: 1px solid #8a8f98; }}
table {{ border-collapse: collapse; }}
th, td {{ padding: .2rem .7rem; text-align: right; border-bottom: 1px solid #8a8f9855; }}
th:first-child, td:first-child {{ text-align: left; }}
svg {{ max-width: 100%; height: auto; }}
.wide {{ overflow-x: auto; }}
.wide svg {{ max-width: none; }}
.side, .figures {{ display: flex; flex-wrap: wrap; gap: 1rem; }}
.figures div {{ border: 1px solid #8a8f98; border-radius: .5rem; padding: .5rem 1rem; }}
.figures b {{ display: block; font-size: 1.8rem; }}
.pictures {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(150px, 1fr)); gap: 1rem; }}
figure {{ margin: 0; font-size: .85rem; overflow-wrap: anywhere; }}
figure img {{ width: 100%; aspect-ratio: 1; object-fit: contain; background: #8a8f9822; }}
pre {{ overflow-x: auto; }}
</style>
</head>
<body>
"""


@dataclass(frozen=True)
class Subject:
    """What the report is of.

    Attributes:
        run: Name of the run.
        project: Name of the project.
        recipe: The recipe as JSON.
        epochs: Epochs of the run, in order; may be empty.
    """

    run: str
    project: str
    recipe: str
    epochs: Sequence[Epoch] = ()


def build_html(report: Report, subject: Subject, thumbnail: Callable[[str], Path]) -> str:
    """Write a report as one HTML page.

    Args:
        report: What was measured.
        subject: What it was measured on.
        thumbnail: Gives the path of an image's thumbnail by digest; one that is not there is left out.
    """
    title = f"{subject.run}, {subject.project}"
    parts = [
        _HEAD.format(title=escape(title)),
        f"<h1>{escape(subject.run)}</h1><p>Project {escape(subject.project)}. Made with Graft.</p>",
        _headline(report),
        _confusion(report),
        _classes(report.metrics.test.per_class),
        _confidence(report),
        _mistakes(report.mistakes.top_losses, thumbnail),
        _course(subject.epochs),
        f"<h2>Recipe</h2><pre>{escape(json.dumps(json.loads(subject.recipe), indent=1))}</pre>",
        "</body></html>\n",
    ]
    return "\n".join(parts)


def _headline(report: Report) -> str:
    test, baselines = report.metrics.test, report.baselines
    figures = (
        ("Accuracy", test.accuracy, test.interval),
        ("Balanced accuracy", test.balanced_accuracy.value, test.balanced_accuracy.interval),
        ("Macro F1", test.macro_f1.value, test.macro_f1.interval),
    )
    drawn = "".join(f"<div>{name}<b>{value:.1%}</b>{_sure(interval)}</div>" for name, value, interval in figures)
    said = (
        f"Measured on {test.images:,} test images that the network never saw. For comparison: always answering "
        f"“{escape(baselines.largest_class)}” gives {baselines.largest_class_accuracy:.1%}, the most similar "
        f"training image at 16 by 16 pixels gives {baselines.nearest_pixels_accuracy:.1%}."
    )
    if test.more_images:
        said += f" For an interval of ±5 points, {test.more_images:,} more test images are needed."
    findings = "".join(f"<li>{escape(finding.text)}</li>" for finding in report.findings)
    return f'<div class="figures">{drawn}</div><p>{said}</p><ul>{findings}</ul>'


def _confusion(report: Report) -> str:
    order = list(report.order)
    counts = np.array(report.confusion)[np.ix_(order, order)].tolist()
    hits = sum(row[index] for index, row in enumerate(counts))
    said = f"Confusion matrix: {hits} of {report.metrics.test.images} test images were called what they are."
    chart = matrix_chart(counts, [report.classes[index] for index in order], said)
    pairs = _table(
        ("is", "was called", "test images"),
        [(pair.true, pair.predicted, str(pair.images)) for pair in report.mistakes.confused_pairs[:10]],
    )
    return f'<h2>Confusion</h2><p>{said} Similar classes stand together.</p><div class="wide">{chart}</div>{pairs}'


def _classes(classes: Sequence[ClassMetrics]) -> str:
    head = ("class", "test images", "precision", "95%", "recall", "95%", "F1", "95%", "ROC area")
    rows = [
        (
            one.name,
            str(one.support),
            f"{one.precision:.1%}",
            _between(one.precision_interval),
            f"{one.recall:.1%}",
            _between(one.recall_interval),
            f"{one.f1:.1%}",
            _between(one.f1_interval),
            "" if one.roc_area is None else f"{one.roc_area:.3f}",
        )
        for one in classes
    ]
    return f'<h2>Classes</h2><div class="wide">{_table(head, rows)}</div>'


def _confidence(report: Report) -> str:
    calibration, unknown = report.calibration, report.unknown
    diagram = calibration.after if calibration.kept else calibration.before
    error = f"{100 * diagram.error:.1f} points"
    kept = (
        f"The model divides its logits by a temperature of {calibration.temperature:.2f}; without it the difference "
        f"was {100 * calibration.before.error:.1f} points."
        if calibration.kept
        else "By the validation split, the confidences need no correction (a temperature of 1)."
    )
    refused = f"{unknown.refused_test:.1%} of the true test images are refused wrongly"
    if accepted := unknown.accepted_held_out.values():
        mean = sum(accepted) / len(accepted)
        refused += f", and {mean:.1%} of the images of a class that was left out are accepted wrongly"
    chart = reliability_chart(diagram.accuracy, diagram.counts, f"Reliability diagram; the mean difference is {error}.")
    return (
        f"<h2>Confidence</h2>{chart}<p>Confidence and accuracy differ by {error} on average (expected calibration "
        f"error). {kept}</p><p>None of these: {refused}.</p>"
    )


def _mistakes(surprising: Iterable[Seen], thumbnail: Callable[[str], Path]) -> str:
    wrong = [seen for seen in surprising if seen.true != seen.predicted][:MOST_PICTURES]
    if not wrong:
        return "<h2>Mistakes</h2><p>No test image was called wrongly.</p>"
    figures = "".join(_figure(one, thumbnail) for one in wrong)
    said = "The most surprising first: sure of the wrong class."
    return f'<h2>Mistakes</h2><p>{said}</p><div class="pictures">{figures}</div>'


def _figure(seen: Seen, thumbnail: Callable[[str], Path]) -> str:
    picture = _picture(thumbnail(seen.digest))
    image = f'<img src="{picture}" alt="{escape(seen.name)}">' if picture else ""
    said = (
        f"{escape(seen.name)}<br>is {escape(seen.true)}<br>called {escape(seen.predicted)}, {seen.confidence:.0%} sure"
    )
    return f"<figure>{image}<figcaption>{said}</figcaption></figure>"


def _picture(path: Path) -> str:
    if not path.is_file():
        return ""
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((PICTURE_SIDE, PICTURE_SIDE))
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=PICTURE_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode("ascii")


def _course(epochs: Sequence[Epoch]) -> str:
    if not epochs:
        return ""
    numbers = [float(epoch.epoch) for epoch in epochs]
    reach = (1.0, max(numbers[-1], 2.0))
    accuracy = line_chart(
        [
            Line("training", numbers, [epoch.accuracy for epoch in epochs], ORANGE, "5 4"),
            Line("validation", numbers, [epoch.val_accuracy for epoch in epochs], BLUE),
        ],
        Axes("epoch", "accuracy", reach, (0, 1)),
        f"Accuracy over {len(epochs)} epochs; validation ended at {epochs[-1].val_accuracy:.1%}.",
    )
    highest = math.ceil(2 * max(max(epoch.loss, epoch.val_loss) for epoch in epochs)) / 2
    loss = line_chart(
        [
            Line("training", numbers, [epoch.loss for epoch in epochs], ORANGE, "5 4"),
            Line("validation", numbers, [epoch.val_loss for epoch in epochs], BLUE),
        ],
        Axes("epoch", "loss (nats)", reach, (0, highest), y_share=False),
        f"Loss over {len(epochs)} epochs; validation ended at {epochs[-1].val_loss:.3f}.",
    )
    return f'<h2>Training</h2><div class="side">{accuracy}{loss}</div>'


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    if not rows:
        return ""
    cells = "".join(f"<th>{escape(name)}</th>" for name in head)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows)
    return f"<table><thead><tr>{cells}</tr></thead><tbody>{body}</tbody></table>"


def _between(interval: Interval | None) -> str:
    return f"{interval.low:.1%} to {interval.high:.1%}" if interval else ""


def _sure(interval: Interval | None) -> str:
    return f"95% interval: {_between(interval)}" if interval else "Too few test images a class for an interval."

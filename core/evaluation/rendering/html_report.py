"""Writes a run's report as one HTML file that can be mailed: charts and images are inside, and it needs no network.

Its content security policy forbids every request, and every name is escaped.
"""

import base64
import io
import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final

import numpy as np
from jinja2 import Environment, StrictUndefined, Template
from markupsafe import Markup
from PIL import Image

from core.evaluation.metrics.intervals import Interval
from core.evaluation.rendering.svg import BLUE, ORANGE, Axes, Line, line_chart, matrix_chart, reliability_chart
from core.evaluation.report.report import Report
from core.jobs.events import Epoch

IMAGE_SIDE: Final = 160
IMAGE_QUALITY: Final = 75
MOST_IMAGES: Final = 24
TEMPLATE: Final = Path(__file__).with_name("report.html.jinja")


@dataclass(frozen=True)
class Subject:
    """The run that a report is about.

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
        report: The report.
        subject: The run.
        thumbnail: Gives the path of an image's thumbnail by digest; a missing file is left out.
    """
    test = report.metrics.test
    diagram = report.calibration.after if report.calibration.applied else report.calibration.before
    accepted = list(report.ood.accepted_held_out.values())
    wrong = [one for one in report.mistakes.top_losses if one.true != one.predicted][:MOST_IMAGES]
    confusion_text, confusion_chart = _confusion(report)
    return _template().render(
        report=report,
        subject=subject,
        test=test,
        figures=(
            ("Accuracy", test.accuracy, test.interval),
            ("Balanced accuracy", test.balanced_accuracy.value, test.balanced_accuracy.interval),
            ("Macro F1", test.macro_f1.value, test.macro_f1.interval),
        ),
        confusion_text=confusion_text,
        confusion_chart=confusion_chart,
        diagram=diagram,
        reliability_chart=Markup(
            reliability_chart(
                diagram.accuracy,
                diagram.counts,
                f"Reliability diagram; the mean difference is {_points(diagram.error)}.",
            )
        ),
        accepted=sum(accepted) / len(accepted) if accepted else None,
        mistakes=[(one, _data_url(thumbnail(one.digest))) for one in wrong],
        learning_curves=_learning_curves(subject.epochs),
        recipe=json.dumps(json.loads(subject.recipe), indent=1),
    )


@cache
def _template() -> Template:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters |= {"percent": "{:.1%}".format, "points": _points, "range": _range}
    return environment.from_string(TEMPLATE.read_text(encoding="utf-8"))


def _points(share: float) -> str:
    return f"{100 * share:.1f} points"


def _range(interval: Interval | None) -> str:
    return f"{interval.low:.1%} to {interval.high:.1%}" if interval else ""


def _confusion(report: Report) -> tuple[str, Markup]:
    order = list(report.order)
    counts = np.array(report.confusion)[np.ix_(order, order)].tolist()
    correct = sum(row[index] for index, row in enumerate(counts))
    text = f"Confusion matrix: {correct} of {report.metrics.test.images} test images were predicted correctly."
    return text, Markup(matrix_chart(counts, [report.classes[index] for index in order], text))


def _data_url(path: Path) -> str:
    if not path.is_file():
        return ""
    with Image.open(path) as image:
        small = image.convert("RGB")
    small.thumbnail((IMAGE_SIDE, IMAGE_SIDE))
    jpeg = io.BytesIO()
    small.save(jpeg, "JPEG", quality=IMAGE_QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(jpeg.getvalue()).decode("ascii")


def _learning_curves(epochs: Sequence[Epoch]) -> list[Markup]:
    if not epochs:
        return []
    numbers = [float(epoch.epoch) for epoch in epochs]
    extent = (1.0, max(numbers[-1], 2.0))
    accuracy = line_chart(
        [
            Line("training", numbers, [epoch.accuracy for epoch in epochs], ORANGE, "5 4"),
            Line("validation", numbers, [epoch.val_accuracy for epoch in epochs], BLUE),
        ],
        Axes("epoch", "accuracy", extent, (0, 1)),
        f"Accuracy over {len(epochs)} epochs; validation ended at {epochs[-1].val_accuracy:.1%}.",
    )
    highest = math.ceil(2 * max(max(epoch.loss, epoch.val_loss) for epoch in epochs)) / 2
    loss = line_chart(
        [
            Line("training", numbers, [epoch.loss for epoch in epochs], ORANGE, "5 4"),
            Line("validation", numbers, [epoch.val_loss for epoch in epochs], BLUE),
        ],
        Axes("epoch", "loss (nats)", extent, (0, highest), y_share=False),
        f"Loss over {len(epochs)} epochs; validation ended at {epochs[-1].val_loss:.3f}.",
    )
    return [Markup(accuracy), Markup(loss)]

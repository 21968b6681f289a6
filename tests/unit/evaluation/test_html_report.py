"""The report as one HTML file: self-contained, without requests, with escaped names."""

import base64
import io
from html.parser import HTMLParser

import pytest
from PIL import Image

from core.evaluation.rendering.html_report import Subject, build_html
from core.jobs.events import Epoch
from core.training.recipe import Recipe, dump_recipe
from tests.unit.evaluation.made_up import make_predictions, make_report

HOSTILE = '<img src="http://example.org/x" onerror=alert(1)>'
COURSE = {"phase": "head", "epochs": 2, "val_accuracy": 0.75, "learning_rate": 0.125, "seconds": 1, "val_loss": 0.5}
EPOCHS = [Epoch(**COURSE, epoch=1, loss=1.5, accuracy=0.5), Epoch(**COURSE, epoch=2, loss=1.0, accuracy=0.625)]


class Page(HTMLParser):
    """Collects tags, attributes and text, and minds that what is opened is closed."""

    VOID = frozenset({"meta", "img", "br"})

    def __init__(self, text):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], [], "", []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.fixture(scope="module")
def thumbnails(tmp_path_factory):
    path = tmp_path_factory.mktemp("thumbnails") / "one.jpg"
    Image.effect_noise((256, 200), 80).convert("RGB").save(path, "JPEG")
    return path


def page_of(report, thumbnail, run="Run 1", epochs=EPOCHS):
    subject = Subject(run, "Shapes", dump_recipe(Recipe()), epochs)
    return build_html(report, subject, lambda _digest: thumbnail)


@pytest.fixture(scope="module")
def html(report, thumbnails):
    return page_of(report, thumbnails)


def test_it_makes_no_requests(html):
    page = Page(html)
    addresses = [value for name, value in page.attributes if name in {"src", "href", "srcset", "data", "action"}]
    assert addresses
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not {"script", "link", "iframe", "object", "form"} & set(page.tags)
    assert "default-src 'none'" in str(page.attributes)
    assert "url(" not in html
    assert "@import" not in html


def test_every_figure_of_the_headline_is_in_it(html, report):
    text, test = Page(html).text, report.metrics.test
    for value in (test.accuracy, test.balanced_accuracy.value, test.macro_f1.value):
        assert f"{100 * value:.1f}%" in text
    for one in test.per_class:
        assert f"{100 * one.recall_interval.low:.1f}% to {100 * one.recall_interval.high:.1f}%" in text
    assert f"{100 * report.calibration.after.error:.1f} points" in text


def test_the_images_of_the_mistakes_are_small_and_embedded(html, report):
    wrong = [seen for seen in report.mistakes.top_losses if seen.true != seen.predicted]
    sources = [value for name, value in Page(html).attributes if name == "src"]
    assert len(sources) == min(24, len(wrong))
    with Image.open(io.BytesIO(base64.b64decode(sources[0].partition(",")[2]))) as picture:
        assert picture.size == (160, 125)
    assert len(html) < 1_000_000


def test_names_are_escaped(thumbnails):
    report = make_report(make_predictions(classes=(HOSTILE, "b")))
    page = Page(page_of(report, thumbnails, run=HOSTILE))
    assert HOSTILE in page.text
    assert not [value for name, value in page.attributes if name == "onerror"]


def test_every_chart_has_a_text_alternative(html):
    page = Page(html)
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert len(labels) == page.tags.count("svg") == 4
    assert all(len(label) > 30 for label in labels)


def test_without_thumbnails_and_epochs_it_is_still_a_report(report, tmp_path):
    page = Page(page_of(report, tmp_path / "gone.jpg", epochs=()))
    assert "img" not in page.tags
    assert "Accuracy over" not in str(page.attributes)


def test_a_hundred_classes_fit_into_a_mail(thumbnails):
    predictions = make_predictions(classes=[f"species {n}" for n in range(100)], images=3000, sharpness=1.0)
    assert len(page_of(make_report(predictions), thumbnails)) < 3_000_000

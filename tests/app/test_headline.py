"""The sentence with which the Results page opens."""

import pytest

from core.evaluation.report.report import read_report
from pages.results.headline import sum_up
from tests.finished_runs import add_project, add_run, open_workspace


@pytest.fixture
def report(settings):
    workspace = open_workspace(settings)
    project = add_project(workspace, ("ants", "bees", "wasps"), images=40)
    return read_report(settings.runs / add_run(workspace, project, accuracy=0.6))


def with_test(report, **changes):
    metrics = report.metrics.model_copy(update={"test": report.metrics.test.model_copy(update=changes)})
    return report.model_copy(update={"metrics": metrics})


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [
        (0.01, "Hardly any of the new images"),
        (0.5, "About 1 of 2 new images"),
        (0.66, "About 2 of 3 new images"),
        (0.76, "About 3 of 4 new images"),
        (0.89, "About 9 of 10 new images"),
        (0.94, "About 19 of 20 new images"),
        (0.99, "Nearly all new images"),
    ],
)
def test_an_accuracy_is_said_as_a_small_fraction(report, accuracy, words):
    assert sum_up(with_test(report, accuracy=accuracy)).startswith(words)


def test_the_two_classes_that_are_confused_most_are_named(report):
    pairs = report.mistakes.confused_pairs
    both_ways = [
        pairs[0].model_copy(update={"true": one, "predicted": two, "images": 3}) for one, two in BEES_AND_WASPS
    ]
    one_way = pairs[0].model_copy(update={"true": "ants", "predicted": "bees", "images": 5})
    mistakes = report.mistakes.model_copy(update={"confused_pairs": (one_way, *both_ways)})
    assert "; bees and wasps are confused most often" in sum_up(report.model_copy(update={"mistakes": mistakes}))


def test_no_pair_is_named_where_two_are_confused_as_often(report):
    pair = report.mistakes.confused_pairs[0]
    pairs = [pair.model_copy(update={"true": "ants", "predicted": name, "images": 2}) for name in ("bees", "wasps")]
    mistakes = report.mistakes.model_copy(update={"confused_pairs": tuple(pairs)})
    assert "confused" not in sum_up(report.model_copy(update={"mistakes": mistakes}))


def test_few_test_images_are_said_to_be_a_rough_estimate(report):
    assert "a rough estimate from only 18 test images" in sum_up(report)
    interval = type(report.metrics.test.interval)(0.55, 0.65)
    assert "rough" not in sum_up(with_test(report, interval=interval))


def test_a_network_that_is_no_better_than_one_answer_for_all_is_told_so(report):
    assert "no better than always answering" in sum_up(with_test(report, accuracy=0.3))


def test_a_run_without_mistakes_is_not_said_to_be_perfect_on_new_images(report):
    mistakes = report.mistakes.model_copy(update={"wrong": 0, "confused_pairs": ()})
    assert (
        sum_up(report.model_copy(update={"mistakes": mistakes})) == "Each of the 18 test images is predicted correctly."
    )


BEES_AND_WASPS = (("bees", "wasps"), ("wasps", "bees"))

"""Fixtures: synthetic predictions and their report."""

import pytest

from core.evaluation.inference.predictions import Predictions
from core.evaluation.report.report import Report
from tests.unit.evaluation.made_up import make_predictions, make_report


@pytest.fixture(scope="session")
def predictions() -> Predictions:
    return make_predictions()


@pytest.fixture(scope="session")
def report(predictions) -> Report:
    return make_report(predictions)

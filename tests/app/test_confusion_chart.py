"""The confusion matrix as it is drawn: every number in its place, and every number to be read."""

import numpy as np
import pytest
import streamlit as st
from sklearn.metrics import confusion_matrix

from core.evaluation.rendering.contrast import contrast, shade
from pages.components import charts
from pages.components.confusion_chart import NUMBERS_UP_TO, confusion_chart

NAMES = ("ants", "bees", "wasps")
TRUE = [0] * 30 + [1] * 20 + [2] * 9
CALLED = [0] * 21 + [1] * 9 + [1] * 20 + [2] * 5 + [0] * 4
COUNTS = confusion_matrix(TRUE, CALLED)


def texts_of(chart):
    return [trace for trace in chart.figure.select_traces({"type": "scatter"}) if trace.mode == "text"]


def numbers(chart):
    """The written numbers by (row, column) of the drawing."""
    return {
        (row, column): text
        for trace in texts_of(chart)
        for row, column, text in zip(trace.y, trace.x, trace.text, strict=True)
    }


@pytest.mark.parametrize(("shares", "normalize"), [("rows", "true"), ("columns", "pred")])
def test_shares_of_rows_and_columns_equal_scikit_learn(shares, normalize):
    expected = confusion_matrix(TRUE, CALLED, normalize=normalize)
    shown = numbers(confusion_chart(COUNTS, NAMES, shares=shares))
    assert shown == {place: f"{share:.0%}" for place, share in np.ndenumerate(expected) if share}


def test_counts_are_drawn_in_the_order_given_and_mistakes_alone_leave_the_diagonal_empty():
    order = (2, 0, 1)
    expected = {
        (row, column): str(COUNTS[order[row], order[column]])
        for row in range(3)
        for column in range(3)
        if COUNTS[order[row], order[column]]
    }
    assert numbers(confusion_chart(COUNTS, NAMES, order=order)) == expected
    mistakes = numbers(confusion_chart(COUNTS, NAMES, order=order, mistakes_only=True))
    assert mistakes == {place: text for place, text in expected.items() if place[0] != place[1]}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_number_can_be_read_on_its_cell(theme, monkeypatch):
    scale = st.get_option(f"theme.{theme}.chartSequentialColors")
    monkeypatch.setattr("pages.components.confusion_chart.sequential_colours", lambda: scale)
    counts = np.arange(1, 197).reshape(14, 14)
    chart = confusion_chart(counts, [f"class {n}" for n in range(14)])
    heat = chart.figure.data[0]
    assert [colour for _, colour in heat.colorscale] == scale
    written = {}
    for trace in texts_of(chart):
        written |= dict.fromkeys(zip(trace.y, trace.x, strict=True), trace.textfont.color)
    assert len(written) == counts.size
    for (row, column), ink in written.items():
        cell = shade(scale, (counts[row, column] - heat.zmin) / (heat.zmax - heat.zmin))
        assert contrast(ink, cell) >= 4.5


@pytest.mark.parametrize("classes", [2, NUMBERS_UP_TO, NUMBERS_UP_TO + 1, 100])
def test_from_two_to_a_hundred_classes_every_cell_with_images_can_be_clicked(classes):
    counts = np.eye(classes, dtype=np.int64) * 5
    counts[0, -1] = 2
    chart = confusion_chart(counts, [f"class {n}" for n in range(classes)])
    cells = next(chart.figure.select_traces({"mode": "markers"}))
    clickable = {(true, called): images for true, called, _, _, images in cells.customdata}
    assert all(clickable[place] == images for place, images in np.ndenumerate(counts) if images)
    assert bool(numbers(chart)) == (classes <= NUMBERS_UP_TO)


def test_without_a_browser_the_colours_are_those_of_the_light_theme():
    assert charts.sequential_colours() == st.get_option("theme.light.chartSequentialColors")

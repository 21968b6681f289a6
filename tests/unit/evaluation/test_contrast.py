"""Text is readable on every colour of a scale."""

import tomllib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.evaluation.rendering import contrast
from core.evaluation.rendering.svg import MATRIX_SCALE

THEMES = tomllib.loads((Path(__file__).parents[3] / ".streamlit" / "config.toml").read_text(encoding="utf-8"))["theme"]
SCALES = {
    "light": THEMES["light"]["chartSequentialColors"],
    "dark": THEMES["dark"]["chartSequentialColors"],
    "report to mail": MATRIX_SCALE,
}


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [("#ffffff", "#000000", 21), ("#777777", "#ffffff", 4.48), ("#0000ff", "#ffffff", 8.59), ("#123456", "#123456", 1)],
)
def test_known_contrasts(one, other, expected):
    assert contrast.contrast(one, other) == pytest.approx(expected, abs=0.005)


@given(st.tuples(*[st.integers(0, 255)] * 3))
def test_every_colour_has_a_readable_text_colour(channels):
    colour = "#" + bytes(channels).hex()
    assert contrast.contrast(contrast.text_colour(colour), colour) >= 4.5


@pytest.mark.parametrize("theme", SCALES)
def test_numbers_can_be_read_on_the_whole_scale_of_a_theme(theme):
    colours = [contrast.shade(SCALES[theme], share) for share in np.linspace(0, 1, 1001)]
    assert len(set(colours)) > 100
    assert min(contrast.contrast(contrast.text_colour(colour), colour) for colour in colours) >= 4.5


def test_a_scale_is_interpolated_evenly_between_its_ends():
    scale = ("#000000", "#640000", "#6400c8")
    shades = [contrast.shade(scale, share) for share in (-1, 0, 0.25, 0.5, 0.75, 1, 2)]
    assert shades == ["#000000", "#000000", "#320000", "#640000", "#640064", "#6400c8", "#6400c8"]

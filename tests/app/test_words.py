"""Numbers and times as a person says them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import words


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.2, "under a second"), (42, "42 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_a_duration(seconds, said):
    assert words.duration(seconds) == said


@pytest.mark.parametrize(
    ("passed", "said"), [(5, "just now"), (300, "5 min ago"), (7200, "2 h ago"), (86400, "1 day ago")]
)
def test_how_long_ago(passed, said):
    assert words.ago(1000, now=1000 + passed) == said


@pytest.mark.parametrize(("seconds", "said"), [(None, ""), (12, "about 12 s left"), (130, "about 2 min left")])
def test_time_left(seconds, said):
    assert words.time_left(seconds) == said


def test_one_and_several():
    assert (words.count(1, "class", "classes"), words.count(12000, "image")) == ("1 class", "12,000 images")


def test_a_share_and_its_interval():
    assert (words.percent(0.9412), words.percent(0.9412, 0), words.percent(1)) == ("94.1%", "94%", "100.0%")
    assert words.between(0.8117, 0.94) == "81.2% to 94.0%"


@given(st.text(), st.integers(min_value=3, max_value=60))
def test_a_shortened_name_fits_and_keeps_its_end(name, length):
    short = words.shorten(name, length)
    assert len(short) <= length
    assert short == name or name.endswith(short[-1:])


def test_a_persons_text_is_not_markdown():
    assert words.plain("a *b* <i>") == r"a \*b\* \<i\>"

"""Numbers and times as a person says them."""

import ast
import re
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pages.shared import words

ROOT = Path(__file__).parents[2]


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


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ("a *b* <i> c_d.jpg", r"a \*b\* \<i\> c\_d.jpg"),
        ("The class “:red[e]” has 1 image: add $b$.", r"The class “\:red\[e\]” has 1 image: add \$b\$."),
        ("![x](https://tracker.example/x.png)", "!\\[x\\](https:\u2060//tracker.example/x.png)"),
        ("www.example.org", "www\u2060.example.org"),
        ("me@example.org", "me@\u2060example.org"),
        (":material/home: :smile:", ":\u2060material/home: :\u2060smile:"),
        ("a -> b <-> c -- d", "a -\u2060\\> b \\<-\u2060\\> c -\u2060- d"),
        ("1. leaves", r"1\. leaves"),
        ("- leaves", r"\- leaves"),
        ("# leaves", r"\# leaves"),
        ("    leaves\n\n# trees", r"leaves \# trees"),
        ("leaves\u202egpj.exe", "leavesgpj.exe"),
    ],
)
def test_text_of_a_person_is_not_markdown(text, escaped):
    assert words.escape_markdown(text) == escaped


def test_a_moment_is_said_alike_whenever_it_is_said():
    assert words.moment(0) == words.moment(0.9) != words.moment(1)


@pytest.mark.parametrize(
    ("n_bytes", "said"),
    [(1, "1 byte"), (41, "41 bytes"), (70_300, "70.3 KB"), (2_500_000, "2.5 MB"), (12e8, "1,200.0 MB")],
)
def test_how_large(n_bytes, said):
    assert words.size(n_bytes) == said


def test_a_file_is_named_without_its_folders():
    assert (words.file_name("set/ants/1.jpg"), words.file_name("1.jpg")) == ("1.jpg", "1.jpg")


def test_percentages_are_written_alike_everywhere():
    """Without a space before the sign, in every text of the code: a number or a value, and then `%`."""
    found = []
    for path in (file for folder in ("core", "pages") for file in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            parts = node.values if isinstance(node, ast.JoinedStr) else [node]
            texts = [part.value if isinstance(part, ast.Constant) else "0" for part in parts]
            if re.search(r"\d\s%", "".join(text for text in texts if isinstance(text, str))):
                found.append(f"{path.name}:{node.lineno}")
    assert not found


@given(st.integers(0, 400), st.integers(1, 400))
def test_a_column_of_percents_shows_what_the_text_shows(part, whole):
    share = min(part, whole) / whole
    number = words.percent_number(share)
    assert words.percent(share) == f"{number:.1f}%"
    # How a browser writes it: the nearest decimal, and of two the larger one.
    assert Decimal(number).quantize(Decimal("0.1"), ROUND_HALF_UP) == Decimal(words.percent(share).rstrip("%"))

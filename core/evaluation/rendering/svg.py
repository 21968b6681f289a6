"""Small drawings as SVG, for a report that is read anywhere and asks no network for anything.

Text takes the colour of the page around it, so that a drawing is readable on light and on dark.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from core.evaluation.rendering.contrast import shade, text_colour

# The palette of Okabe and Ito (2008), which can be told apart with every common kind of colour blindness.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#8a8f98"
_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 30, 44
_TICKS = 5
_LONGEST_LABEL = 18
_ROOM_FOR_NUMBERS: Final = 15
# From few to many images. The colours cover the page, so that a number on them is as readable on a dark page.
MATRIX_SCALE: Final = ("#dbe8f3", BLUE)

Range = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: For the legend.
        x: Places.
        y: Values, as many.
        colour: Of the line.
        dash: SVG's dash pattern; empty for a whole line.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    dash: str = ""


@dataclass(frozen=True)
class Axes:
    """What both axes of a chart show.

    Attributes:
        x_title: Of the horizontal axis.
        y_title: Of the vertical axis.
        x: First and last value of the horizontal axis.
        y: First and last value of the vertical axis.
        x_share: Whether the horizontal values are shares, written in percent; else they are whole numbers.
        y_share: Whether the vertical values are.
    """

    x_title: str
    y_title: str
    x: Range
    y: Range
    x_share: bool = False
    y_share: bool = True

    def across(self, value: float) -> float:
        """The pixel of a horizontal value."""
        return _LEFT + (value - self.x[0]) / (self.x[1] - self.x[0] or 1) * (_WIDTH - _LEFT - _RIGHT)

    def up(self, value: float) -> float:
        """The pixel of a vertical value."""
        share = (value - self.y[0]) / (self.y[1] - self.y[0] or 1)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def line_chart(lines: Sequence[Line], axes: Axes, alt: str) -> str:
    """Draw lines with a legend.

    Args:
        lines: At least one.
        axes: What they are drawn in.
        alt: What the chart shows, in words.
    """
    drawn = [_polyline(line, axes) for line in lines]
    return _svg(_WIDTH, _HEIGHT, alt, _frame(axes) + "".join(drawn) + _legend(lines))


def reliability_chart(accuracy: Sequence[float], counts: Sequence[int], alt: str) -> str:
    """Draw how often each confidence was right, against the line on which both agree.

    Args:
        accuracy: Share of right answers of each bin.
        counts: Images of each bin; empty bins are left out.
        alt: What the chart shows, in words.
    """
    axes = Axes("confidence of the answer", "share of right answers", (0, 1), (0, 1), x_share=True)
    width = 1 / len(counts)
    bars = [
        _rectangle(
            axes.across((row + 0.05) * width),
            axes.up(accuracy[row]),
            axes.across(0.9 * width) - _LEFT,
            axes.up(0) - axes.up(accuracy[row]),
            f'fill="{BLUE}"',
            f"{counts[row]} images, {accuracy[row]:.1%} right",
        )
        for row in range(len(counts))
        if counts[row]
    ]
    ideal = _polyline(Line("", (0, 1), (0, 1), ORANGE, "6 4"), axes)
    return _svg(_WIDTH, _HEIGHT, alt, _frame(axes) + "".join(bars) + ideal)


def matrix_chart(counts: Sequence[Sequence[int]], names: Sequence[str], alt: str) -> str:
    """Draw a confusion matrix; empty cells stay empty.

    Args:
        counts: Rows true, columns predicted, in the order to draw.
        names: Of the classes, in that order.
        alt: What the chart shows, in words.
    """
    size = 44 if len(names) <= _ROOM_FOR_NUMBERS else 13
    room = 8 * min(_LONGEST_LABEL, max(map(len, names))) + 24
    side = size * len(names)
    most = max(max(row) for row in counts) or 1
    cells = [
        _cell(room + column * size, room + row * size, size, number, number / most, f"{names[row]} → {names[column]}")
        for row, line in enumerate(counts)
        for column, number in enumerate(line)
        if number
    ]
    labels = [
        f'<text x="{room - 6}" y="{room + (row + 0.5) * size + 4:.0f}" text-anchor="end">{_short(name)}</text>'
        f'<text transform="translate({room + (row + 0.5) * size + 4:.0f},{room - 6}) rotate(-90)">{_short(name)}</text>'
        for row, name in enumerate(names)
    ]
    border = f'<rect x="{room}" y="{room}" width="{side}" height="{side}" fill="none" stroke="{GREY}"/>'
    titles = (
        f'<text x="{room + side / 2:.0f}" y="14" text-anchor="middle">called (predicted class)</text>'
        f'<text transform="translate(14,{room + side / 2:.0f}) rotate(-90)" text-anchor="middle">is (true class)</text>'
    )
    return _svg(room + side + 10, room + side + 10, alt, border + "".join(cells + labels) + titles)


def _cell(x: float, y: float, size: int, number: int, share: float, what: str) -> str:
    """A square that is the bluer the more images it has; its number where there is room."""
    colour = shade(MATRIX_SCALE, share)
    drawn = _rectangle(x, y, size - 1, size - 1, f'fill="{colour}"', f"{what}: {number}")
    if size < 2 * _LONGEST_LABEL:
        return drawn
    place = f'x="{x + size / 2:.0f}" y="{y + size / 2 + 5:.0f}" text-anchor="middle"'
    return f'{drawn}<text {place} fill="{text_colour(colour)}">{number}</text>'


def _frame(axes: Axes) -> str:
    marks = []
    for value in _ticks(axes.y):
        y = axes.up(value)
        grid = f'x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" opacity=".3"'
        label = _tick(value, axes.y_share)
        marks.append(f'<line {grid}/><text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    places = _ticks(axes.x) if axes.x_share else sorted({float(round(place)) for place in _ticks(axes.x)})
    for place in places:
        label = _tick(place, axes.x_share)
        marks.append(f'<text x="{axes.across(place):.1f}" y="{_HEIGHT - 26}" text-anchor="middle">{label}</text>')
    middle = (_TOP + _HEIGHT - _BOTTOM) / 2
    titles = (
        f'<text x="{(_LEFT + _WIDTH - _RIGHT) / 2:.0f}" y="{_HEIGHT - 6}" text-anchor="middle">{axes.x_title}</text>'
        f'<text transform="translate(14,{middle:.0f}) rotate(-90)" text-anchor="middle">{axes.y_title}</text>'
    )
    return "".join(marks) + titles


def _ticks(reach: Range) -> list[float]:
    first, last = reach
    return [first + number / _TICKS * (last - first) for number in range(_TICKS + 1)]


def _tick(value: float, share: bool) -> str:
    return f"{value:.0%}" if share else f"{value:.3g}"


def _polyline(line: Line, axes: Axes) -> str:
    points = " ".join(f"{axes.across(x):.1f},{axes.up(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
    dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
    return f'<polyline points="{points}" fill="none" stroke="{line.colour}" stroke-width="2"{dash}/>'


def _legend(lines: Sequence[Line]) -> str:
    drawn, x = [], float(_LEFT)
    for line in lines:
        dash = f' stroke-dasharray="{line.dash}"' if line.dash else ""
        drawn.append(
            f'<line x1="{x:.0f}" x2="{x + 24:.0f}" y1="12" y2="12" stroke="{line.colour}" stroke-width="2"{dash}/>'
            f'<text x="{x + 30:.0f}" y="16">{escape(line.name)}</text>'
        )
        x += 48 + 7 * len(line.name)
    return "".join(drawn)


def _rectangle(x: float, y: float, width: float, height: float, style: str, title: str) -> str:
    box = f'x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}"'
    return f"<rect {box} {style}><title>{escape(title)}</title></rect>"


def _short(name: str) -> str:
    return escape(name if len(name) <= _LONGEST_LABEL else f"{name[: _LONGEST_LABEL - 1]}…")


def _svg(width: float, height: float, alt: str, content: str) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'role="img" aria-label="{escape(alt)}" fill="currentColor" font-size="12">{content}</svg>'
    )

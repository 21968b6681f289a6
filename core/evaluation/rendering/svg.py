"""Draws charts as SVG, for a report that needs no network.

Text takes the colour of the page around it, so charts are readable on a light and on a dark background.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Final

from core.evaluation.rendering.contrast import shade, text_colour

# The palette of Okabe and Ito (2008), distinguishable with every common kind of colour blindness.
BLUE, ORANGE, GREEN, GREY = "#0072b2", "#e69f00", "#009e73", "#8a8f98"
_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 58, 12, 30, 44
_TICKS = 5
_LONGEST_LABEL = 18
_MOST_CLASSES_WITH_NUMBERS: Final = 15
# From few to many images. Opaque, so numbers on them are readable on a dark page too.
MATRIX_SCALE: Final = ("#dbe8f3", BLUE)

Range = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """A line of a chart.

    Attributes:
        name: For the legend.
        x: Horizontal values.
        y: Vertical values, as many.
        colour: Of the line.
        dash: SVG's dash pattern; empty for a solid line.
    """

    name: str
    x: Sequence[float]
    y: Sequence[float]
    colour: str
    dash: str = ""


@dataclass(frozen=True)
class Axes:
    """The axes of a chart.

    Attributes:
        x_title: Of the horizontal axis.
        y_title: Of the vertical axis.
        x: First and last value of the horizontal axis.
        y: First and last value of the vertical axis.
        x_share: Whether the horizontal values are shares, labelled in percent; else they are whole numbers.
        y_share: Whether the vertical values are shares.
    """

    x_title: str
    y_title: str
    x: Range
    y: Range
    x_share: bool = False
    y_share: bool = True

    def x_pixel(self, value: float) -> float:
        """Convert a horizontal value to pixels."""
        return _LEFT + (value - self.x[0]) / (self.x[1] - self.x[0] or 1) * (_WIDTH - _LEFT - _RIGHT)

    def y_pixel(self, value: float) -> float:
        """Convert a vertical value to pixels."""
        share = (value - self.y[0]) / (self.y[1] - self.y[0] or 1)
        return _HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM)


def line_chart(lines: Sequence[Line], axes: Axes, alt: str) -> str:
    """Draw lines with a legend.

    Args:
        lines: At least one.
        axes: Their axes.
        alt: Text alternative of the chart.
    """
    drawn = [_polyline(line, axes) for line in lines]
    return _svg(_WIDTH, _HEIGHT, alt, _frame(axes) + "".join(drawn) + _legend(lines))


def reliability_chart(accuracy: Sequence[float], counts: Sequence[int], alt: str) -> str:
    """Draw accuracy by confidence, with the line on which both agree.

    Args:
        accuracy: Of each bin.
        counts: Images of each bin; empty bins are left out.
        alt: Text alternative of the chart.
    """
    axes = Axes("confidence", "accuracy", (0, 1), (0, 1), x_share=True)
    width = 1 / len(counts)
    bars = [
        _rectangle(
            axes.x_pixel((row + 0.05) * width),
            axes.y_pixel(accuracy[row]),
            axes.x_pixel(0.9 * width) - _LEFT,
            axes.y_pixel(0) - axes.y_pixel(accuracy[row]),
            f'fill="{BLUE}"',
            f"{counts[row]} images, accuracy {accuracy[row]:.1%}",
        )
        for row in range(len(counts))
        if counts[row]
    ]
    ideal = _polyline(Line("", (0, 1), (0, 1), ORANGE, "6 4"), axes)
    return _svg(_WIDTH, _HEIGHT, alt, _frame(axes) + "".join(bars) + ideal)


def matrix_chart(counts: Sequence[Sequence[int]], names: Sequence[str], alt: str) -> str:
    """Draw a confusion matrix; cells without images stay empty.

    Args:
        counts: Rows true, columns predicted, in the order to draw.
        names: Class names, in that order.
        alt: Text alternative of the chart.
    """
    size = 44 if len(names) <= _MOST_CLASSES_WITH_NUMBERS else 13
    margin = 8 * min(_LONGEST_LABEL, max(map(len, names))) + 24
    side = size * len(names)
    most = max(max(row) for row in counts) or 1
    cells = [
        _cell(
            margin + column * size, margin + row * size, size, number, number / most, f"{names[row]} → {names[column]}"
        )
        for row, line in enumerate(counts)
        for column, number in enumerate(line)
        if number
    ]
    middles = [f"{margin + (row + 0.5) * size + 4:.0f}" for row in range(len(names))]
    labels = [
        f'<text x="{margin - 6}" y="{middle}" text-anchor="end">{_short(name)}</text>'
        f'<text transform="translate({middle},{margin - 6}) rotate(-90)">{_short(name)}</text>'
        for middle, name in zip(middles, names, strict=True)
    ]
    border = f'<rect x="{margin}" y="{margin}" width="{side}" height="{side}" fill="none" stroke="{GREY}"/>'
    titles = (
        f'<text x="{margin + side / 2:.0f}" y="14" text-anchor="middle">predicted class</text>'
        f'<text transform="translate(14,{margin + side / 2:.0f}) rotate(-90)" text-anchor="middle">true class</text>'
    )
    return _svg(margin + side + 10, margin + side + 10, alt, border + "".join(cells + labels) + titles)


def _cell(x: float, y: float, size: int, number: int, share: float, what: str) -> str:
    """Draw one cell, coloured by its number of images; with the number where there is room."""
    colour = shade(MATRIX_SCALE, share)
    drawn = _rectangle(x, y, size - 1, size - 1, f'fill="{colour}"', f"{what}: {number}")
    if size < 2 * _LONGEST_LABEL:
        return drawn
    place = f'x="{x + size / 2:.0f}" y="{y + size / 2 + 5:.0f}" text-anchor="middle"'
    return f'{drawn}<text {place} fill="{text_colour(colour)}">{number}</text>'


def _frame(axes: Axes) -> str:
    marks = []
    for value in _ticks(axes.y):
        y = axes.y_pixel(value)
        grid = f'x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}" stroke="{GREY}" opacity=".3"'
        label = _tick(value, axes.y_share)
        marks.append(f'<line {grid}/><text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{label}</text>')
    places = _ticks(axes.x) if axes.x_share else sorted({float(round(place)) for place in _ticks(axes.x)})
    for place in places:
        label = _tick(place, axes.x_share)
        marks.append(f'<text x="{axes.x_pixel(place):.1f}" y="{_HEIGHT - 26}" text-anchor="middle">{label}</text>')
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
    points = " ".join(f"{axes.x_pixel(x):.1f},{axes.y_pixel(y):.1f}" for x, y in zip(line.x, line.y, strict=True))
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

"""The network as a strip of blocks from input to output, coloured by whether they are frozen, trained or new."""

import html
import itertools

import streamlit as st

from core.training.plan import Plan, Segment, SegmentKind
from pages.shared import words

# Colours of Okabe and Ito's palette, and a pattern for those who see no colours.
_COLOURS: dict[SegmentKind, str] = {"frozen": "#0072b2", "trained": "#e69f00", "new": "#009e73"}
_MEANINGS: dict[SegmentKind, str] = {
    "frozen": "frozen: not changed",
    "trained": "trained on your images",
    "new": "new: starts untrained",
}
_WIDTH, _HEIGHT, _HEAD, _GAP = 1000, 92, 76, 2


def draw(plan: Plan) -> None:
    """Draw the strip of a plan, with its legend."""
    *blocks, head = plan.segments
    scale = (_WIDTH - _HEAD - _GAP) / sum(block.layers for block in blocks)
    starts = itertools.accumulate((block.layers * scale for block in blocks), initial=0.0)
    rectangles = [
        _rectangle(block, start, block.layers * scale, _HEIGHT - 16)
        for block, start in zip(blocks, starts, strict=False)
    ]
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" preserveAspectRatio="none">{_PATTERN}{"".join(rectangles)}'
        f"{_rectangle(head, _WIDTH - _HEAD, _HEAD, _HEIGHT)}</svg>"
    )
    st.image(svg, width="stretch", alt=_alt(plan))
    st.html(_legend(plan))


_PATTERN = (
    '<defs><pattern id="graft-frozen" width="9" height="9" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    f'<rect width="9" height="9" fill="{_COLOURS["frozen"]}"/><rect width="2" height="9" fill="#fff" opacity=".3"/>'
    "</pattern></defs>"
)


def _rectangle(segment: Segment, start: float, width: float, height: int) -> str:
    fill = "url(#graft-frozen)" if segment.kind == "frozen" else _COLOURS[segment.kind]
    return (
        f'<rect x="{start:.1f}" y="{(_HEIGHT - height) / 2:.0f}" width="{max(1.0, width - _GAP):.1f}" '
        f'height="{height}" rx="3" fill="{fill}"><title>{html.escape(segment.label)}</title></rect>'
    )


def _legend(plan: Plan) -> str:
    present = [kind for kind in _COLOURS if any(segment.kind == kind for segment in plan.segments)]
    entries = "".join(
        f'<span style="margin-right:1.2em;white-space:nowrap"><span style="display:inline-block;width:.8em;height:.8em;'
        f'border-radius:2px;margin-right:.4em;background:{_COLOURS[kind]}"></span>{_MEANINGS[kind]}</span>'
        for kind in present
    )
    return f'<div style="font-size:.85rem;line-height:1.7">← your image goes in&ensp;&ensp;{entries}</div>'


def _alt(plan: Plan) -> str:
    return (
        f"The network as a strip of blocks: {plan.frozen_layers} of {words.count(plan.spec.layers, 'layer')} stay "
        f"frozen ({millions(plan.frozen_parameters)} parameters), {millions(plan.trainable_parameters)} parameters are "
        f"trained, {millions(plan.head_parameters)} of them in the new head."
    )


def millions(parameters: int) -> str:
    """Format a number of parameters: `2,562`, `38.4 K`, `2.26 M`."""
    if parameters < 10_000:  # noqa: PLR2004 - small enough to read whole
        return f"{parameters:,}"
    return f"{parameters / 1e3:.1f} K" if parameters < 1e6 else f"{parameters / 1e6:.2f} M"  # noqa: PLR2004

"""The choice of the network (backbone): a few as cards, all of them in a table and a chart."""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from core.advice.backbones import describe, offered_backbones
from core.advice.changes import with_backbone
from core.advice.default_recipe import default_weights, is_online
from core.backbones.speed import read_speeds
from core.backbones.weights import available, weights_path
from core.backbones.zoo import BACKBONES, BackboneSpec
from pages.components import charts
from pages.shared import recipe_editor, words
from pages.shared.workspace import settings

_ALL_SIZES = "any size"
_SIZES = {_ALL_SIZES: 1e12, "up to 5 M parameters": 5e6, "up to 30 M parameters": 30e6, "up to 100 M parameters": 100e6}
_ANY = "any family"


def draw(project_id: str) -> None:
    """Draw the cards and, in an expander, all networks."""
    chosen = recipe_editor.recipe(project_id).backbone.name
    offered = offered_backbones(settings().keras_home)
    if chosen not in {spec.name for spec in offered}:
        offered = [BACKBONES[chosen], *offered]
    st.caption("Accuracy is the share of correct predictions on ImageNet (*top\u20111*), as published.")
    with st.grid(columns="auto", min_column_width=190, border=True):
        for spec in offered:
            with st.container(key=f"backbone-{spec.name}", height="stretch"):
                _draw_card(project_id, spec, chosen)
    with st.expander(f"All {len(BACKBONES)} networks: filter, sort, compare", icon=":material/table:"):
        _draw_all(project_id, chosen)


def _draw_card(project_id: str, spec: BackboneSpec, chosen: str) -> None:
    st.subheader(spec.name, anchor=False)
    st.caption(_state_of_weights(spec))
    st.markdown(describe(spec))
    st.markdown(_facts(spec))
    st.space("stretch")
    if spec.name == chosen:
        st.button(
            f":green[**{spec.name} is chosen**]",
            key=f"chosen-{spec.name}",
            disabled=True,
            icon=":material/check:",
            width="stretch",
        )
    elif st.button(f"Choose {spec.name}", key=f"choose-{spec.name}", width="stretch", help=f"Train with {spec.name}"):
        _choose(project_id, spec)


def _choose(project_id: str, spec: BackboneSpec) -> None:
    weights = default_weights(spec, settings().keras_home, is_online())
    recipe_editor.update(project_id, lambda recipe: with_backbone(recipe, spec.name, weights))


def _facts(spec: BackboneSpec) -> str:
    accuracy = "not trained on ImageNet" if spec.top1 is None else f"**{words.percent(spec.top1)}** on ImageNet"
    speed = read_speeds(settings()).get(spec.name)
    facts = [
        accuracy,
        f"**{spec.parameters / 1e6:.1f} M** parameters, {_megabytes(spec):.0f} MB",
        f"input **{spec.input_size}** pixels, {spec.layers} layers",
        *([f"**{speed:,.0f} images a second** on this machine"] if speed is not None else []),
    ]
    return "  \n".join(f":small[{fact}]" for fact in facts)


def _megabytes(spec: BackboneSpec) -> float:
    """Size of the weights file on this machine, or else of its download."""
    path = weights_path(spec, settings().keras_home)
    return path.stat().st_size / 2**20 if path.is_file() else spec.weights_megabytes


def _state_of_weights(spec: BackboneSpec) -> str:
    if available(spec, settings().keras_home):
        return ":material/check_circle: on this machine"
    return f":material/download: to download once, {spec.weights_megabytes:.0f} MB"


def _draw_all(project_id: str, chosen: str) -> None:
    found = _filter()
    if not found:
        st.info("No network matches. Widen the filter.", icon=":material/info:")
        return
    table, chart = st.tabs(["Table", "Chart"])
    with table:
        _draw_table(project_id, found, chosen)
    with chart:
        _draw_chart(project_id, found, chosen)
    sources = sorted({spec.source for spec in found if spec.source})
    # Small text instead of a caption: links in a caption have too little contrast.
    st.markdown(f":small[Accuracy on ImageNet as published: {'; '.join(sources)}.]")


def _filter() -> list[BackboneSpec]:
    family, size, accuracy = st.columns(3)
    families = [_ANY, *dict.fromkeys(spec.family for spec in BACKBONES.values())]
    wanted = family.selectbox("Family", families, key="filter-family")
    largest = _SIZES[size.selectbox("Size", list(_SIZES), key="filter-size")]
    least = accuracy.slider("ImageNet accuracy, at least", 50, 85, 50, format="%d%%", key="filter-accuracy") / 100
    return [
        spec
        for spec in BACKBONES.values()
        if wanted in (_ANY, spec.family)
        and spec.parameters <= largest
        and ((spec.top1 or 0) >= least or (spec.top1 is None and least <= 0.5))  # noqa: PLR2004 - the slider's start
    ]


def _draw_table(project_id: str, specs: Sequence[BackboneSpec], chosen: str) -> None:
    st.caption("Click the name of a column to sort by it, and the box before a row to choose that network.")
    keras_home, speeds = settings().keras_home, read_speeds(settings())
    table = pd.DataFrame(
        {
            "network": [spec.name for spec in specs],
            "here": [available(spec, keras_home) for spec in specs],
            "family": [spec.family for spec in specs],
            "description": [describe(spec) for spec in specs],
            "parameters": [spec.parameters / 1e6 for spec in specs],
            "download": [spec.weights_megabytes for spec in specs],
            "input": [spec.input_size for spec in specs],
            "layers": [spec.layers for spec in specs],
            "top-1": [None if spec.top1 is None else spec.top1 * 100 for spec in specs],
            "top-5": [None if spec.top5 is None else spec.top5 * 100 for spec in specs],
            "speed": [speeds.get(spec.name) for spec in specs],
        }
    )
    event = st.dataframe(
        table,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key=f"all-backbones-{chosen}",
        alt=f"{len(specs)} networks with their size and accuracy; {chosen} is chosen.",
        column_config={
            "parameters": st.column_config.NumberColumn("parameters (M)", format="%.1f"),
            "download": st.column_config.NumberColumn("weights (MB)", format="%.0f"),
            "input": st.column_config.NumberColumn("input (pixels)"),
            "top-1": st.column_config.NumberColumn(
                "top-1 (%)", format="%.1f", help="The most probable class is correct"
            ),
            "top-5": st.column_config.NumberColumn(
                "top-5 (%)", format="%.1f", help="One of the five most probable classes is correct"
            ),
            "here": st.column_config.CheckboxColumn("on this machine"),
            "speed": st.column_config.NumberColumn(
                "images a second here",
                format="%.0f",
                help="Measured in the last run on this machine that had new images",
            ),
        },
    )
    rows = event["selection"]["rows"]
    if rows and rows[0] < len(specs) and specs[rows[0]].name != chosen:
        _choose(project_id, specs[rows[0]])


def _draw_chart(project_id: str, specs: Sequence[BackboneSpec], chosen: str) -> None:
    known = [spec for spec in specs if spec.top1 is not None]
    points = charts.show_selectable(
        charts.scatter(
            [(spec.name, spec.parameters, spec.top1 or 0) for spec in known],
            x="parameters (logarithmic)",
            y="ImageNet accuracy (top-1)",
            chosen=chosen,
            alt=f"{len(known)} networks by parameters and ImageNet accuracy. The table has the same figures.",
        ),
        key=f"backbones-chart-{chosen}",
    )
    if points and (picked := known[points[0]["point_index"]]).name != chosen:
        _choose(project_id, picked)

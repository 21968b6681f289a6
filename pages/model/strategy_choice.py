"""How much of the network is trained: the strategy, the cut up to which layers are frozen, and a picture of both."""

import streamlit as st

from core.advice.changes import with_cut, with_frozen_layers, with_strategy
from core.advice.default_recipe import default_weights, is_online
from core.advice.strategy import warn_of_strategy
from core.backbones.zoo import BackboneSpec, find_backbone
from core.errors import RecipeError
from core.training.expectation import expect_fine_tuning
from core.training.plan import Plan, make_plan
from core.training.recipe import Recipe, Strategy
from pages.model import network_strip
from pages.shared import recipe_editor, state, words
from pages.shared.workspace import settings

_TITLES: dict[Strategy, str] = {
    "feature-extraction": "Train only a new head (*feature extraction*)",
    "partial": "Train the head and the last layers (*partial fine-tuning*)",
    "full": "Train everything, gently (*full fine-tuning*)",
    "scratch": "Train everything from random weights (*from scratch*)",
}
_CAPTIONS: dict[Strategy, str] = {
    "feature-extraction": "The pretrained network is not changed; a new head learns your classes. Fastest, and "
    "safe with few images.",
    "partial": "First the head is trained, then the layers after the cut as well, with a low learning rate. For 100 "
    "images a class and more.",
    "full": "First the head is trained, then all layers, with a low learning rate. Slowest; needs many images.",
    "scratch": "No transfer learning: all layers start with random weights. Shows what transfer learning gains.",
}


def draw(project_id: str, classes: int, images: int) -> None:
    """Draw the strategies, the cut where it can be chosen, and the resulting numbers of parameters.

    Args:
        project_id: Whose draft.
        classes: Number of classes of the new head.
        images: Number of training images.
    """
    recipe = recipe_editor.recipe(project_id)
    spec = find_backbone(recipe.backbone.name)
    strategy = st.radio(
        "How much of the network learns",
        list(_TITLES),
        index=list(_TITLES).index(recipe.strategy),
        format_func=_TITLES.__getitem__,
        captions=list(_CAPTIONS.values()),
        key=state.draft_key(f"strategy-{recipe.backbone.weights == 'none'}"),
    )
    if strategy != recipe.strategy:
        weights = default_weights(spec, settings().keras_home, is_online())
        recipe_editor.update(project_id, lambda recipe: with_strategy(recipe, strategy, weights))
    if warning := warn_of_strategy(recipe.strategy, recipe.backbone.weights, images):
        st.warning(warning, icon=":material/warning:")
    if expected := expect_fine_tuning(recipe_editor.recipe(project_id), settings().keras_home):
        st.warning(words.escape_markdown(expected.sentence), icon=":material/warning:")
    if recipe.strategy == "partial":
        _draw_cut(project_id, spec)
    try:
        _draw_strip(make_plan(recipe_editor.recipe(project_id), classes=classes))
    except RecipeError as error:
        st.error(words.escape_markdown(str(error)), icon=":material/error:")


def _draw_cut(project_id: str, spec: BackboneSpec) -> None:
    slider, exact = st.columns([4, 1], vertical_alignment="bottom")
    with slider:
        _draw_cuts(project_id, spec)
    with exact:
        _draw_exact_number(project_id, spec)


def _draw_cuts(project_id: str, spec: BackboneSpec) -> None:
    recipe = recipe_editor.recipe(project_id)
    cuts = {cut.name: cut for cut in spec.cuts if cut.layers < spec.layers}
    before = [name for name, cut in cuts.items() if cut.layers <= _frozen_layers(recipe)]
    current = before[-1] if before else next(iter(cuts))
    chosen = st.select_slider(
        "Frozen up to (*cut*)",
        list(cuts),
        value=current,
        format_func=lambda name: f"{cuts[name].label} · {words.count(cuts[name].layers, 'layer')}",
        key=state.draft_key(f"cut-{spec.name}-{recipe.frozen_layers}"),
        help="Layers up to here are not changed. Early layers detect edges and colours, which are useful for every "
        "task; late ones detect what the classes of ImageNet look like.",
    )
    if chosen != current:
        recipe_editor.save(project_id, with_cut(recipe, chosen))


def _draw_exact_number(project_id: str, spec: BackboneSpec) -> None:
    recipe = recipe_editor.recipe(project_id)
    frozen = _frozen_layers(recipe)
    typed = st.number_input(
        "Frozen layers",
        0,
        spec.layers,
        frozen,
        key=state.draft_key(f"layers-{spec.name}-{recipe.cut}"),
        help="The exact number. If it lies between two cuts, the layers after the earlier cut are frozen as well.",
    )
    if typed != frozen:
        recipe_editor.update(project_id, lambda recipe: with_frozen_layers(recipe, typed))


def _draw_strip(plan: Plan) -> None:
    network_strip.draw(plan)
    with st.grid(columns=4, min_column_width=150):
        st.metric("Frozen layers", f"{plan.frozen_layers} of {plan.spec.layers}")
        st.metric("Frozen parameters", network_strip.millions(plan.frozen_parameters))
        st.metric("Trained parameters", network_strip.millions(plan.trainable_parameters))
        st.metric("In the new head", network_strip.millions(plan.head_parameters))


def _frozen_layers(recipe: Recipe) -> int:
    return recipe.frozen_layers if recipe.frozen_layers is not None else make_plan(recipe, classes=2).frozen_layers

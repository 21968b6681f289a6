"""A gallery of images with their true and predicted classes, and the buttons that change them."""

from collections.abc import Callable, Sequence

import numpy as np
import streamlit as st

from core.catalog.items import Filter, Item, list_items
from core.catalog.labels import list_labels
from core.evaluation.inference.predictions import Predictions
from pages.components import explanation
from pages.components.change_images import show_change_buttons, show_undo_button
from pages.components.gallery import Tile, show_gallery
from pages.components.image_viewer import show_image
from pages.shared import frame, state, words
from pages.shared.steps import IMAGES
from pages.shared.workspace import database

PAGE = 24


def draw(project_id: str, run_id: str, predictions: Predictions, key: str, *, changeable: bool = True) -> None:
    """Draw a gallery of predicted images with the buttons that change them.

    Args:
        project_id: Their project.
        run_id: The run that predicted them.
        predictions: Its predictions, in the order to show.
        key: Distinguishes this gallery from others on the page.
        changeable: Whether to draw the buttons. Without them, a click opens the image.
    """
    total = len(predictions)
    if not total:
        st.info("There is no such image.", icon=":material/info:")
        return
    pages = -(-total // PAGE)
    bar, pictures = st.container(), st.container()
    page = st.pagination(pages, key=f"{key}-page-{pages}") if pages > 1 else 1
    shown = predictions.rows(np.arange((page - 1) * PAGE, min(page * PAGE, total)))
    items = _items(project_id, shown.digests)
    with pictures:
        chosen = _draw_gallery(shown, items, f"{key}-{run_id}", changeable)
    if changeable:
        with bar:
            _draw_bar(
                project_id, run_id, total, predictions=shown.rows(np.array(chosen, np.int64)), items=items, key=key
            )


def _items(project_id: str, digests: Sequence[str]) -> dict[str, Item]:
    found = list_items(database(), project_id, Filter(digests=digests))
    return {item.digest: item for item in found}


def _draw_gallery(shown: Predictions, items: dict[str, Item], key: str, changeable: bool) -> list[int]:
    """Draw the images, and return the rows of the chosen ones that are still in the project."""
    pictures = [_tile(shown, row, items.get(digest)) for row, digest in enumerate(shown.digests)]
    answer = show_gallery(f"{key}-{_round(key)}", pictures, "Images with their predicted classes", choosable=changeable)
    opened = items.get(answer.opened or "")
    if opened is not None:
        show_image(opened)
    chosen = (answer.chosen or frozenset()) & items.keys()
    return [row for row, digest in enumerate(shown.digests) if digest in chosen]


def _tile(shown: Predictions, row: int, item: Item | None) -> Tile:
    true, predicted = shown.classes[shown.true[row]], shown.classes[shown.predicted[row]]
    lines = (
        f"true: {true}{_change_since(item, true)}",
        f"predicted: {predicted} · {words.percent(shown.confidence[row], 0)}",
    )
    digest = shown.digests[row]
    away = item is None or item.excluded
    return Tile(digest, digest, shown.names[row], lines, muted=away)


def _change_since(item: Item | None, true: str) -> str:
    """What changed about an image since the run."""
    if item is None:
        return " · deleted since"
    if item.excluded:
        return " · set aside since"
    return f" · now {item.label or 'without a class'}" if item.label != true else ""


def _draw_bar(
    project_id: str, run_id: str, total: int, *, predictions: Predictions, items: dict[str, Item], key: str
) -> None:
    """Draw the buttons that change the chosen images."""
    st.markdown(f"**{words.count(total, 'image')}**, {len(predictions)} chosen. Click images to choose them.")
    ids = [items[digest].id for digest in predictions.digests]
    disputed = {items[digest].id for digest in predictions.rows(np.flatnonzero(~predictions.correct)).digests}
    labels, done = list_labels(database(), project_id), _clear_choice(f"{key}-{run_id}")
    show_change_buttons(project_id, labels, ids, done, disputed)
    with st.container(horizontal=True, vertical_alignment="center"):
        if st.button(
            "Explain",
            key=f"{key}-explain",
            icon=":material/visibility:",
            disabled=len(predictions) != 1,
            help="Choose one image to see which parts of it spoke for a class (*Grad-CAM*).",
        ):
            explanation.explain(_question(project_id, run_id, predictions))
        frame.step_link(IMAGES, "Add more like these", icon=":material/add_photo_alternate:")
        show_undo_button(project_id)


def _question(project_id: str, run_id: str, predictions: Predictions) -> explanation.Question:
    """What spoke for the predicted class of the first image, and what for its true class."""
    asked = (int(predictions.predicted[0]), int(predictions.true[0]))
    return explanation.Question(
        project_id, run_id, predictions.names[0], predictions.classes, asked, digest=predictions.digests[0]
    )


def _clear_choice(key: str) -> Callable[[], None]:
    return lambda: state.set(f"{key}-round", _round(key) + 1)


def _round(key: str) -> int:
    return state.get(f"{key}-round", 0)

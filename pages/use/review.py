"""Predictions of many files, to look through: counts, the threshold, filters, corrections, downloads."""

import secrets
from typing import Final

import streamlit as st

from core.catalog.jobs import Job
from core.errors import ImageError
from core.jobs.queue import submit
from core.jobs.specs import IngestSpec, PredictFilesSpec
from core.use.corrections import write_corrections
from core.use.prediction_store import PredictionFilter, PredictionStore, StoredPrediction, open_copies
from pages.components import gallery
from pages.components.gallery import Tile
from pages.routes import predicted_files
from pages.shared import frame, state, words
from pages.shared.workspace import database, decoders, settings
from pages.use import events, one_by_one, threshold_choice, time_chart

SIDE: Final = 640
ALL, UNSURE, CORRECTED, UNREADABLE = "All", "Needs a look", "Corrected", "Unreadable"
ANY_CLASS: Final = "Any class"


def draw(project_id: str, job: Job, store: PredictionStore) -> None:
    """Draw the predictions of a job.

    Args:
        project_id: The project, which corrected images can be added to.
        job: The job that classified the files.
        store: Its predictions.
    """
    threshold = threshold_choice.draw(job.spec_as(PredictFilesSpec).run, store, job.id)
    _draw_counts(store, threshold)
    time_chart.draw(store, job.id)
    _draw_downloads(job)
    _draw_corrected(project_id, job, store)
    kind = events.draw_choice(store, job)
    where = _draw_filter(store, threshold, job)
    if where.unreadable:
        _draw_unreadable(store, where, job)
    elif kind is not None:
        events.draw(project_id, job, store, kind, where, threshold)
    else:
        _draw_images(project_id, job, store, where, threshold)


def _draw_counts(store: PredictionStore, threshold: float) -> None:
    counts = store.count_classes()
    classes = ", ".join(f"{words.escape_markdown(name)} {number:,}" for name, number in counts.items())
    st.markdown(f"**{words.count(store.count(), 'file')}**, by class: {classes}")
    unsure = store.count(PredictionFilter(needs_look_below=threshold))
    unreadable = words.count(store.count(PredictionFilter(unreadable=True)), "file")
    st.caption(f"{words.count(unsure, 'image needs', 'images need')} a look, {unreadable} cannot be read.")


def _draw_downloads(job: Job) -> None:
    with st.container(horizontal=True):
        for name, label in predicted_files.DOWNLOADS.items():
            st.link_button(label, predicted_files.link(job.id, name), icon=":material/download:")


def _draw_corrected(project_id: str, job: Job, store: PredictionStore) -> None:
    corrected = store.count(PredictionFilter(corrected=True))
    if not corrected:
        return
    label = f"Add {words.count(corrected, 'corrected picture')} to the training images"
    if st.button(label, key=f"add-{job.id}", icon=":material/add_photo_alternate:", type="primary"):
        done = "The corrected pictures are being added, see the Images page. Train again to learn from them."
        frame.run_action(lambda: _add_to_project(project_id, job, store), done)


def _add_to_project(project_id: str, job: Job, store: PredictionStore) -> None:
    folder = settings().uploads / secrets.token_hex(8)
    write_corrections(store, open_copies(settings().predictions / job.id), folder)
    paths = (settings().relative(folder),)
    submit(database(), settings(), project_id, IngestSpec(paths=paths, remove_uploads=True))


def _draw_filter(store: PredictionStore, threshold: float, job: Job) -> PredictionFilter:
    shown_column, class_column, order_column = st.columns([4, 2, 2], vertical_alignment="bottom")
    shown = shown_column.segmented_control(
        "Show", [ALL, UNSURE, CORRECTED, UNREADABLE], default=ALL, required=True, key=f"shown-{job.id}"
    )
    classes = store.count_classes()
    names = [ANY_CLASS, *classes]
    chosen = class_column.selectbox(
        "Class", range(len(names)), format_func=lambda row: names[row], key=f"class-{job.id}-{len(names)}"
    )
    sure_last = order_column.toggle("Least sure first", key=f"order-{job.id}")
    return PredictionFilter(
        final_class=names[chosen] if chosen and shown != UNREADABLE else None,
        needs_look_below=threshold if shown == UNSURE else None,
        corrected=shown == CORRECTED,
        unreadable=shown == UNREADABLE,
        least_confident_first=sure_last,
    )


def _draw_unreadable(store: PredictionStore, where: PredictionFilter, job: Job) -> None:
    page = one_by_one.draw_pages(store.count(where), job)
    rows = [(one.file, one.error) for one in store.read(where, (page - 1) * one_by_one.PAGE, one_by_one.PAGE)]
    if not rows:
        st.info("Every file was read.", icon=":material/info:")
        return
    files, reasons = ([words.escape_markdown(text) for text in texts] for texts in zip(*rows, strict=True))
    st.table({"File": files, "Reason": reasons}, border="horizontal")


def _draw_images(project_id: str, job: Job, store: PredictionStore, where: PredictionFilter, threshold: float) -> None:
    total = store.count(where)
    if not total:
        st.info("No image is like this.", icon=":material/info:")
        return
    opened: int | None = state.get(_opened(job), None)
    if opened is not None:
        _draw_opened(project_id, job, store, where, opened)
    grid = st.container()
    page = one_by_one.draw_pages(total, job)
    rows = list(store.read(where, (page - 1) * one_by_one.PAGE, one_by_one.PAGE))
    tiles = [Tile(str(number), one.digest, one.file, _lines(one, threshold)) for number, one in enumerate(rows)]
    with grid:
        selection = gallery.show_gallery(
            f"files-{job.id}",
            tiles,
            "Predicted images",
            choosable=False,
            thumbnails_at=predicted_files.thumbnail_link(job.id),
        )
    if selection.opened is not None:
        state.set(_opened(job), (page - 1) * one_by_one.PAGE + int(selection.opened))
        st.rerun()
    if opened is None:
        st.caption("Click a picture, or press O, to check the predictions one by one with the keyboard.")
        if st.button("Check one by one", key=f"open-{job.id}", shortcut="o"):
            state.set(_opened(job), (page - 1) * one_by_one.PAGE)
            st.rerun()


def _lines(one: StoredPrediction, threshold: float) -> tuple[str, ...]:
    """What the grid says below a picture."""
    name = words.shorten(one.final_class or "", 24)
    if one.corrected_class is not None:
        return (name, "corrected")
    sure = words.percent(one.confidence or 0.0, 0)
    if one.none_of_these:
        return (name, f"{sure}, none of these?")
    return (name, f"{sure}, needs a look" if one.needs_look(threshold) else sure)


def _draw_opened(project_id: str, job: Job, store: PredictionStore, where: PredictionFilter, number: int) -> None:
    """Draw one picture large, with a button and a key for each class."""
    total = store.count(where)
    number = min(number, total - 1)
    one = next(store.read(where, number, 1))
    with st.container(border=True):
        picture, answer = st.columns([2, 3])
        with picture:
            _draw_picture(job, one)
        with answer:
            st.markdown(f"**{words.escape_markdown(words.shorten(one.file, 80))}** ({number + 1:,} of {total:,})")
            _draw_answer(one)
            classes = one_by_one.list_classes(project_id, store)
            chosen = one_by_one.draw_classes(classes, one.file, one.final_class, job)
            one_by_one.draw_steps(job, _opened(job), number, total)
    if chosen is not None:
        frame.run_action(lambda: _correct(job, store, where, number, chosen))


def _correct(job: Job, store: PredictionStore, where: PredictionFilter, number: int, label: str) -> None:
    """Give the opened picture a class and open the next one, which has its number if it drops out of the filter."""
    one = next(store.read(where, number, 1))
    store.correct([one.file], label)
    following = next(store.read(where, number, 1), None)
    stays = following is not None and following.file == one.file
    state.set(_opened(job), number + 1 if stays and number + 1 < store.count(where) else number)


def _draw_picture(job: Job, one: StoredPrediction) -> None:
    path = open_copies(settings().predictions / job.id).path(one.digest)
    try:
        found = decoders().inspect(path, "." + one.file.rpartition(".")[2].lower(), side=SIDE)
    except ImageError as error:
        st.warning(words.escape_markdown(error.sentence), icon=":material/warning:")
    else:
        st.image(found.thumbnail, width="stretch", alt=one.file)


def _draw_answer(one: StoredPrediction) -> None:
    text = ", ".join(f"{words.escape_markdown(name)} {words.percent(share)}" for name, share in one.ranked)
    st.markdown(f"Predicted: {text}")
    if one.none_of_these:
        st.caption(":material/question_mark: Unlike all training images (*out of distribution*).")
    if one.corrected_class is not None:
        st.markdown(f"Corrected: **{words.escape_markdown(one.corrected_class)}**")
    about = [f"{one.width} by {one.height} pixels", one.time and one.time.replace("T", " "), one.camera]
    if one.latitude is not None and one.longitude is not None:
        about.append(f"{one.latitude:.5f}°, {one.longitude:.5f}°")
    st.caption(" · ".join(words.escape_markdown(part) for part in about if part))


def _opened(job: Job) -> str:
    return f"opened-file-{job.id}"

"""The predictions of a model for pictures: a grid with class and confidence, and all probabilities of one picture."""

from collections import Counter
from collections.abc import Sequence

import streamlit as st

from core.catalog.runs import Run
from core.dataset.manifest import SPLIT_NAMES
from core.dataset.manifest_file import FILE_NAME, load_manifest
from core.jobs.specs import PredictResult, PredictSpec
from pages.components import charts, explanation
from pages.shared import frame, job_results, state, words
from pages.shared.run_results import has_results, read_results
from pages.shared.workspace import settings
from pages.use.prediction_inputs import InputSet, PredictionInput

PAGE = 24
RUNS_CACHED = 16
_TRAIN = SPLIT_NAMES[0]
_SPLIT_IMAGES = {"train": "training image", "validation": "validation image", "test": "test image"}
_OUT_OF_DISTRIBUTION = "Unlike all training images (*out of distribution*): perhaps none of these classes."


@frame.fragment
def draw(run: Run, input_set: InputSet, *, opened: bool) -> None:
    """Draw the predictions for a set of pictures.

    Args:
        run: The run whose model predicts.
        input_set: The pictures.
        opened: Whether the probabilities of the first picture are drawn before any is clicked.
    """
    for name, reason in input_set.rejected:
        st.warning(f"{words.escape_markdown(name)}: {words.escape_markdown(reason)}", icon=":material/warning:")
    pictures = input_set.pictures
    if not pictures:
        return
    spec = PredictSpec(run=run.id, paths=tuple(settings().relative(picture.path) for picture in pictures))
    answer = job_results.await_job(run.project_id, spec, PredictResult, "Predicting the pictures")
    if answer is None:
        st.image([one.thumbnail for one in pictures[:PAGE]], width=120, alt=[one.name for one in pictures[:PAGE]])
        return
    key = f"opened-{run.id}-{input_set.folder}"
    detail = st.container()
    if len(pictures) > 1:
        _draw_summary(run, pictures, answer)
        _draw_grid(run, pictures, answer, key)
    row = state.get(key, 0 if opened or len(pictures) == 1 else None)
    if row is not None:
        with detail:
            _draw_detail(run, pictures[row], answer, row)


def draw_error_rates(run: Run) -> None:
    """Draw how often *none of these* is wrong, as measured on the test split."""
    if not has_results(run.id):
        return
    ood = read_results(run.id).report.ood
    text = (
        "Pictures that are unlike all training images are marked as *none of these*. Measured: "
        f"{words.percent(ood.refused_test)} of the true test images are marked wrongly"
    )
    if accepted := ood.accepted_held_out.values():
        mean = words.percent(sum(accepted) / len(accepted))
        text += f", and {mean} of the images of a class that was left out are missed"
    st.caption(f"{text}.")


def _draw_summary(run: Run, pictures: Sequence[PredictionInput], answer: PredictResult) -> None:
    found = Counter(answer.classes[_ranked(answer, row)[0]] for row in range(len(pictures)))
    classes = ", ".join(f"{words.escape_markdown(name)} {count}" for name, count in found.most_common())
    st.markdown(f"**{words.count(len(pictures), 'picture')}**, by predicted class: {classes}")
    if unlike := sum(answer.out_of_distribution or ()):
        counted = words.count(unlike, "picture is", "pictures are")
        st.caption(f":material/question_mark: {counted} unlike all training images.")
    known = sum(_split_of(run, picture) == _TRAIN for picture in pictures)
    if known:
        st.warning(
            f"{words.count(known, 'picture is a training image', 'pictures are training images')} of this run: "
            "predictions for them say nothing about new pictures.",
            icon=":material/warning:",
        )


def _draw_grid(run: Run, pictures: Sequence[PredictionInput], answer: PredictResult, key: str) -> None:
    """Draw a page of thumbnails; the button of each opens it."""
    pages = -(-len(pictures) // PAGE)
    grid = st.container()
    page = st.pagination(pages, key=f"page-{key}-{pages}") if pages > 1 else 1
    with grid, st.grid(columns="auto", min_column_width=130):
        for row in range((page - 1) * PAGE, min(page * PAGE, len(pictures))):
            with st.container(key=f"tile-{key}-{row}", gap="small"):
                st.image(pictures[row].thumbnail, width="stretch", alt=pictures[row].name)
                title = _title(run, pictures[row], answer, row)
                if st.button(title, key=f"open-{key}-{row}", width="stretch", help="Show all probabilities"):
                    state.set(key, row)


def _title(run: Run, picture: PredictionInput, answer: PredictResult, row: int) -> str:
    """What the grid says of a picture: `ants 93% · new.jpg`."""
    first = _ranked(answer, row)[0]
    predicted = words.escape_markdown(words.shorten(answer.classes[first], 24))
    unlike = " :material/question_mark:" if _is_unlike(answer, row) else ""
    split = _split_of(run, picture)
    name = words.escape_markdown(words.shorten(words.file_name(picture.name), 24))
    confidence = words.percent(answer.probabilities[row][first], 0)
    return f"**{predicted}** {confidence}{unlike} · {name}{f' · {_SPLIT_IMAGES[split]}' if split else ''}"


def _is_unlike(answer: PredictResult, row: int) -> bool:
    return answer.out_of_distribution is not None and answer.out_of_distribution[row]


def _draw_detail(run: Run, picture: PredictionInput, answer: PredictResult, row: int) -> None:
    """Draw one picture beside the probabilities of its classes."""
    classes, probabilities, ranked = answer.classes, answer.probabilities[row], _ranked(answer, row)
    unlike = _is_unlike(answer, row)
    with st.container(border=True):
        left, right = st.columns([1, 3], vertical_alignment="center")
        left.image(picture.thumbnail, width="stretch", alt=picture.name)
        left.caption(words.escape_markdown(words.shorten(words.file_name(picture.name))))
        if left.button("Explain", key=f"explain-{run.id}-{picture.path}", icon=":material/visibility:"):
            path = settings().relative(picture.path)
            explanation.explain(
                explanation.Question(run.project_id, run.id, picture.name, classes, ranked[:3], path=path)
            )
        with right:
            if unlike:
                st.warning(_OUT_OF_DISTRIBUTION, icon=":material/question_mark:")
            if split := _split_of(run, picture):
                st.info(_describe_known(split), icon=":material/info:")
            text = f"**{words.escape_markdown(classes[ranked[0]])}**, {words.percent(probabilities[ranked[0]])} sure"
            st.markdown(f"If it must be one of them: {text}" if unlike else text)
            charts.show(charts.probability_bars(classes, probabilities), key=f"bars-{run.id}-{picture.path}")


def _describe_known(split: str) -> str:
    if split == _TRAIN:
        return "This is one of the training images of this run: its prediction says nothing about new pictures."
    return f"This is a {_SPLIT_IMAGES[split]} of this run; the network was not trained on it."


def _ranked(answer: PredictResult, row: int) -> list[int]:
    """Indices of the classes of a picture, the most probable first."""
    probabilities = answer.probabilities[row]
    return sorted(range(len(probabilities)), key=lambda index: -probabilities[index])


def _split_of(run: Run, picture: PredictionInput) -> str:
    """The split of the run that contains a picture; empty for a new one."""
    return _splits_by_digest(run.id).get(picture.digest, "")


@st.cache_data(max_entries=RUNS_CACHED, show_spinner=False)
def _splits_by_digest(run_id: str) -> dict[str, str]:
    folder = settings().runs / run_id
    if not (folder / FILE_NAME).is_file():
        return {}
    manifest = load_manifest(folder)
    return {
        digest: SPLIT_NAMES[split] for digest, split in zip(manifest.digests, manifest.splits.tolist(), strict=True)
    }

"""Classes guessed from file names: a person confirms or corrects them before any image is added."""

from collections.abc import Mapping, Sequence

import streamlit as st

from core.catalog.jobs import Job
from core.catalog.labels import Label
from core.errors import DatasetError
from core.jobs.specs import ClassGuess, GuessedClass, IngestResult
from pages.images import held_upload
from pages.shared import frame, words

# A longer list scrolls.
ROWS_SHOWN = 8
ROW_HEIGHT = 72


def waiting(project_id: str) -> Job | None:
    """The job whose guess waits for confirmation, if any."""
    return held_upload.find(project_id, lambda result: result.guess)


def draw(project_id: str, job: Job, labels: Sequence[Label]) -> None:
    """Draw the guess and its actions. A guessed class that differs only in case from an existing one is that one."""
    known = {label.name.casefold(): label.name for label in labels}
    guess = _guess(job)
    if guess is None:
        return
    images = sum(one.images for one in guess.classes) + guess.unnamed
    with st.container(border=True, key=f"guess-{job.id}"):
        st.subheader("Are these the classes?", anchor=False)
        st.markdown(
            f"Nothing was added yet. The upload has {words.count(images, 'image')} and no folders that tell classes "
            f"apart; by the file names there are {words.count(len(guess.classes), 'class', 'classes')}. Change a "
            "name to rename a class, and give two classes the same name to merge them."
        )
        with st.form(f"guess-form-{job.id}", border=False):
            typed = _show_classes(job.id, guess, known)
            accepted = st.form_submit_button("Add them with these classes", type="primary")
        if accepted:
            frame.run_action(lambda: _ingest(project_id, job, {name: _clean(text) for name, text in typed.items()}))
        _show_others(project_id, job, guess)


def _show_classes(job_id: str, guess: ClassGuess, known: Mapping[str, str]) -> dict[str, str]:
    """Show a row for each class and return what was typed, by guessed name."""
    typed: dict[str, str] = {}
    rows = len(guess.classes) + bool(guess.unnamed)
    with st.container(height=ROWS_SHOWN * ROW_HEIGHT if rows > ROWS_SHOWN else "content", border=False):
        for number, one in enumerate(guess.classes):
            name = one.name
            about = f"{words.count(one.images, 'image')}: {_examples(one)}"
            shown = known.get(name.casefold(), name)
            typed[name] = _show_row(
                about, shown, f"guess-{job_id}-{number}", f"Name of the class {words.escape_markdown(name)}"
            )
        if guess.unnamed:
            about = words.count(guess.unnamed, "image whose name says no class", "images whose names say no class")
            typed[""] = _show_row(about, "", f"guess-{job_id}-unnamed", "Name of the class of the other images")
    return typed


def _show_row(about: str, name: str, key: str, label: str) -> str:
    left, right = st.columns([2, 3], vertical_alignment="center")
    text = left.text_input(label, value=name, key=key, placeholder="No class", label_visibility="collapsed")
    right.markdown(about)
    return text


def _show_others(project_id: str, job: Job, guess: ClassGuess) -> None:
    """Show the other actions on the upload."""
    names = [*(one.name for one in guess.classes), ""]
    with st.container(horizontal=True, vertical_alignment="bottom"):
        label = st.text_input("No, all of them are one class", key=f"one-class-{job.id}", placeholder="Name", width=260)
        if st.button("Add them as one class"):
            frame.run_action(lambda: _ingest(project_id, job, dict.fromkeys(names, _required(label))))
        if st.button("Add them without classes", help="Sort them afterwards, in the gallery"):
            frame.run_action(lambda: _ingest(project_id, job, dict.fromkeys(names)))
        held_upload.draw_discard(job, "Discard the upload", f"guess-leave-{job.id}")


def _ingest(project_id: str, job: Job, names: Mapping[str, str | None]) -> None:
    held_upload.ingest(project_id, job, class_names=dict(names))


def _required(text: str) -> str:
    name = _clean(text)
    if name is None:
        raise DatasetError("The class has no name.", "Type one.")
    return name


def _clean(text: str) -> str | None:
    return " ".join(text.split()) or None


def _guess(job: Job) -> ClassGuess | None:
    result = job.result_as(IngestResult)
    return None if result is None else result.guess


def _examples(one: GuessedClass) -> str:
    return ", ".join(words.escape_markdown(words.shorten(name, 28)) for name in one.examples)

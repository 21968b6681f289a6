"""The results as files: a report, all figures, all predictions, and logs for TensorBoard."""

import shlex
from collections.abc import Callable

import streamlit as st

from core.catalog.projects import Project
from core.catalog.runs import Run
from core.evaluation.inference.predictions import PREDICTIONS_FILE
from core.evaluation.rendering.html_report import Subject, build_html
from core.evaluation.report.report import REPORT_FILE
from pages.shared.run_log import read_epochs
from pages.shared.run_results import Results
from pages.shared.workspace import settings, store

TENSORBOARD = "tensorboard"


def draw(project: Project, run: Run, results: Results) -> None:
    """Draw a button that opens the downloads."""
    folder = settings().runs / run.id

    def html() -> bytes:
        subject = Subject(run.name, project.name, run.recipe, read_epochs(run.id))
        return build_html(results.report, subject, store().thumbnail_path).encode()

    with st.popover("Save the results", icon=":material/download:"):
        _button("Report to mail (HTML)", html, f"{run.name}.html", "text/html")
        _button(
            "All figures (JSON)", (folder / REPORT_FILE).read_bytes, f"{run.name}.{REPORT_FILE}", "application/json"
        )
        _button("All predictions (CSV)", (folder / PREDICTIONS_FILE).read_bytes, f"{run.name}.csv", "text/csv")
        st.caption("The report is one file with everything inside; it opens without a network.")
        if (folder / TENSORBOARD).is_dir():
            st.caption("The training curves in TensorBoard, on the machine that runs Graft:")
            st.code(f"tensorboard --logdir {shlex.quote(str(folder / TENSORBOARD))}", language="bash")


def _button(title: str, make: Callable[[], bytes], file_name: str, mime: str) -> None:
    st.download_button(
        title, make, file_name=file_name, mime=mime, icon=":material/download:", width="stretch", on_click="ignore"
    )
